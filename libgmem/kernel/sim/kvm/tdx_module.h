/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TDX module behind KVM: SEAMCALLs, their status, and what the module keeps of a TD. */
#ifndef SIM_KVM_TDX_MODULE_H
#define SIM_KVM_TDX_MODULE_H

#include "kernel/sim/kvm/keys.h"
#include "kernel/sim/kvm/kvm.h"

/* Leaf numbers. */
enum sim_seamcall {
	TDH_MNG_ADDCX = 1,
	TDH_MEM_PAGE_ADD = 2,
	TDH_MEM_SEPT_ADD = 3,
	TDH_VP_ADDCX = 4,
	TDH_MEM_PAGE_AUG = 6,
	TDH_MEM_RANGE_BLOCK = 7,
	TDH_MNG_KEY_CONFIG = 8,
	TDH_MNG_CREATE = 9,
	TDH_VP_CREATE = 10,
	TDH_MR_EXTEND = 16,
	TDH_MR_FINALIZE = 17,
	TDH_VP_FLUSH = 18,
	TDH_MNG_VPFLUSHDONE = 19,
	TDH_MNG_KEY_FREEID = 20,
	TDH_MNG_INIT = 21,
	TDH_VP_INIT = 22,
	TDH_PHYMEM_PAGE_RECLAIM = 28,
	TDH_MEM_PAGE_REMOVE = 29,
	TDH_MEM_TRACK = 38,
	TDH_PHYMEM_CACHE_WB = 40,
	TDH_PHYMEM_PAGE_WBINVD = 41,
};

/* Status classes. */
#define SIM_TDX_SUCCESS 0ull
#define SIM_TDX_OPERAND_INVALID 0xc000010000000000ull
#define SIM_TDX_OPERAND_BUSY 0x8000020000000000ull
#define SIM_TDX_RND_NO_ENTROPY 0x8000020300000000ull
#define SIM_TDX_PAGE_METADATA_INCORRECT 0xc000030000000000ull
#define SIM_TDX_LIFECYCLE_STATE_INCORRECT 0xc000060700000000ull
#define SIM_TDX_TDCS_NOT_ALLOCATED 0xc000060600000000ull
#define SIM_TDX_FLUSHVP_NOT_DONE 0x8000082400000000ull
#define SIM_TDX_EPT_WALK_FAILED 0xc0000b0000000000ull
#define SIM_TDX_EPT_ENTRY_STATE_INCORRECT 0xc0000b0d00000000ull
#define SIM_TDX_CLASS 0xffffffff00000000ull

#define SIM_TDX_OPERAND_RCX 0x01ull

/* 4K pages that the module wants beside TDR and TDVPR. */
#define SIM_TDCS_PAGES 7u
#define SIM_TDCX_PAGES 5u

enum sim_td_lifecycle {
	SIM_TD_NONE,
	SIM_TD_HKID_ASSIGNED,
	SIM_TD_KEYS_CONFIGURED,
	SIM_TD_INITIALIZED,
	SIM_TD_FINALIZED,
	SIM_TD_BLOCKED, /* its vCPUs are flushed for good */
	SIM_TD_TEARDOWN,
};

/* What the module keeps of a TD. */
struct sim_module_td {
	enum sim_td_lifecycle lifecycle;
	unsigned int control_pages;
	unsigned int vcpus;
	unsigned int vcpus_flushed;
	struct sim_keys sept; /* pages of the secure EPT: level and index */
	uint64_t measurement; /* of what went into MRTD, in order; not its value */
};

struct sim_seamcall_args {
	uint64_t gpa;
	uint64_t pfn;
	unsigned int level;
};

uint64_t sim_seamcall(struct gmem_sim *sim, struct sim_module_td *td, enum sim_seamcall leaf,
		      const struct sim_seamcall_args *args);
/* Whether the secure EPT has the table of that level for a GPA. */
bool sim_module_has_sept(const struct sim_module_td *td, uint64_t gpa, unsigned int level);

#endif
