/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TDX module in software, behind the kernel's SEAMCALL entry point. It keeps what a module keeps
 * and refuses what a module refuses, so that KVM's TDX code runs without TDX hardware. It protects
 * nothing. Its state lies where a module has it: in the PAMT and in the pages that the kernel gives
 * for TDR, TDCS, TDVPS and the secure EPT. Pages of a guest are never touched.
 *
 * Names, page types, states and status codes are those of the "Intel TDX Module ABI Reference
 * Specification"; what Linux defines already comes from asm/shared/tdx_errno.h.
 */
#ifndef _TDX_SOFT_H
#define _TDX_SOFT_H

#include <linux/io.h>
#include <linux/types.h>
#include <asm/shared/tdx.h>
#include <asm/tdx.h>
#include "../tdx.h"

/* Status classes that Linux has no name for. */
#define TDX_OPERAND_ADDR_RANGE_ERROR 0xC000010100000000ULL
#define TDX_PAGE_NOT_FREE 0xC000030300000000ULL
#define TDX_TD_ASSOCIATED_PAGES_EXIST 0xC000040000000000ULL
#define TDX_SYS_INIT_NOT_PENDING 0xC000050000000000ULL
#define TDX_SYS_LP_INIT_NOT_DONE 0xC000050200000000ULL
#define TDX_SYS_LP_INIT_DONE 0xC000050300000000ULL
#define TDX_SYS_NOT_READY 0xC000050500000000ULL
#define TDX_SYS_KEY_CONFIG_NOT_PENDING 0xC000050700000000ULL
#define TDX_SYS_STATE_INCORRECT 0xC000050800000000ULL
#define TDX_TDCS_NOT_ALLOCATED 0xC000060600000000ULL
#define TDX_LIFECYCLE_STATE_INCORRECT 0xC000060700000000ULL
#define TDX_OP_STATE_INCORRECT 0xC000060800000000ULL
#define TDX_TDCX_NUM_INCORRECT 0xC000061000000000ULL
#define TDX_VCPU_STATE_INCORRECT 0xC000070000000000ULL
#define TDX_VCPU_ASSOCIATED 0x8000070100000000ULL
#define TDX_TDVPX_NUM_INCORRECT 0xC000070300000000ULL
#define TDX_MAX_VCPUS_EXCEEDED 0xC000070500000000ULL
#define TDX_WBCACHE_NOT_COMPLETE 0x8000081700000000ULL
#define TDX_HKID_NOT_FREE 0xC000082000000000ULL
#define TDX_GPA_RANGE_ALREADY_BLOCKED 0x00000B0700000000ULL
#define TDX_TLB_TRACKING_NOT_DONE 0xC0000B0800000000ULL
#define TDX_METADATA_FIELD_ID_INCORRECT 0xC0000C0000000000ULL
#define TDX_METADATA_FIELD_NOT_WRITABLE 0xC0000C0100000000ULL

/*
 * Operands: registers have their number in the x86 encoding, fields of TD_PARAMS come from 64 on.
 */
#define OPERAND_RCX 1
#define OPERAND_RDX 2
#define OPERAND_R8 8
#define OPERAND_R9 9
#define OPERAND_ATTRIBUTES 64
#define OPERAND_XFAM 65
#define OPERAND_EPTP_CONTROLS 67
#define OPERAND_MAX_VCPUS 68
#define OPERAND_CPUID_CONFIG 69
#define OPERAND_TSC_FREQUENCY 70
#define OPERAND_TDR 0x80
#define OPERAND_TDVPR 0x82
#define OPERAND_TDCS 0x90

/* Page types of the PAMT; NDA and RSVD are the kernel's. */
#define PT_REG 3 /* guest memory */
#define PT_TDR 4
#define PT_TDCX 5 /* of a TDCS or a TDVPS */
#define PT_TDVPR 6
#define PT_EPT 8

/* Pages beside TDR and TDVPR. The last of a TDCS is the root of the secure EPT. */
#define TDCS_PAGES 4
#define TDCX_PAGES 5 /* of a vCPU */

#define SOFT_MAX_TDMRS 64
#define SOFT_MAX_KEYS 64
#define SOFT_MAX_RESERVED 16

enum td_lifecycle {
	TD_HKID_ASSIGNED,
	TD_KEYS_CONFIGURED,
	TD_BLOCKED,
	TD_TEARDOWN,
};

enum td_op_state {
	OP_UNALLOCATED, /* TDCS pages are missing */
	OP_UNINITIALIZED,
	OP_INITIALIZED,
	OP_RUNNABLE,
};

/* Contents of a TDR page. */
struct soft_tdr {
	u64 tdcs[TDCS_PAGES];	/* physical addresses */
	u64 children;		/* pages of the TD, this one not counted */
	unsigned long packages; /* that have the key */
	enum td_lifecycle lifecycle;
	u32 nr_tdcs;
	u16 hkid;
};

/* Contents of the first TDCS page. */
struct soft_tdcs {
	u64 attributes;
	u64 xfam;
	u64 epoch;	 /* of TLB tracking */
	u64 measurement; /* of the calls that go into MRTD, in their order; not its value */
	u32 max_vcpus;
	u32 nr_vcpus;
	u32 nr_associated; /* vCPUs that a CPU may have state of */
	u8 sept_levels;	   /* 4 or 5 */
	enum td_op_state op_state;
};

struct soft_cpuid {
	u32 leaf;
	u32 subleaf; /* ~0: none */
	u32 eax, ebx, ecx, edx;
};

/* Contents of the second TDCS page. */
struct soft_td_cpuid {
	u32 count;
	struct soft_cpuid entries[100];
};

#define SOFT_FIELDS 128

enum vcpu_state {
	VCPU_UNINITIALIZED,
	VCPU_READY,
};

/* Contents of a TDVPR page. */
struct soft_tdvps {
	u64 tdr;
	u64 tdcx[TDCX_PAGES];
	u64 rcx; /* of the guest: see vp_enter() */
	u32 nr_tdcx;
	s32 cpu; /* that it is associated with, or -1 */
	enum vcpu_state state;
	u32 nr_fields;
	struct {
		u64 id;
		u64 value;
	} fields[SOFT_FIELDS];
};

/* An entry of the PAMT, 16 bytes. */
struct soft_pamt {
	u64 owner_and_type; /* physical address of the TDR | page type */
	u64 epoch;	    /* of the TD when the page was blocked */
};

/* Where a TD's parts are, after the checks that most calls begin with. */
struct soft_td {
	u64 pa;
	struct soft_tdr *tdr;
	struct soft_tdcs *tdcs;
	struct soft_td_cpuid *cpuid;
};

typedef u64 (*soft_seamcall_fn)(struct tdx_module_args *args);

/* pamt.c: whose a page is. */
struct soft_pamt *soft_pamt(u64 pa);
u8 soft_page_type(const struct soft_pamt *pamt);
u64 soft_page_owner(const struct soft_pamt *pamt);
/* The page must be free; takes it for a TD. Statuses are about @operand. */
u64 soft_page_take(u64 pa, u8 type, u64 owner, u32 operand);
u64 soft_page_check(u64 pa, u8 type, u32 operand);
void soft_page_free(u64 pa);
void soft_pamt_configure(const u64 *tdmrs, u64 count);
u64 soft_tdmr_init(struct tdx_module_args *args);
u64 soft_phymem_page_rdmd(struct tdx_module_args *args);
u64 soft_phymem_page_reclaim(struct tdx_module_args *args);
u64 soft_phymem_page_wbinvd(struct tdx_module_args *args);

/* keys.c: who has which KeyID. */
bool soft_key_is_private(u64 hkid);
u64 soft_key_assign(u64 hkid);
void soft_key_block(u16 hkid);
bool soft_key_free(u16 hkid);
u64 soft_phymem_cache_wb(struct tdx_module_args *args);

/* sys.c: the module's own life, and what it says of itself. */
extern const u64 soft_attributes_fixed0;
extern const u64 soft_attributes_fixed1;
extern const u64 soft_xfam_fixed0;
extern const u64 soft_xfam_fixed1;
extern const struct soft_cpuid soft_cpuid_config[];
extern const unsigned int soft_nr_cpuid_config;
bool soft_sys_ready(void);
u64 soft_sys_init(struct tdx_module_args *args);
u64 soft_sys_lp_init(struct tdx_module_args *args);
u64 soft_sys_rd(struct tdx_module_args *args);
u64 soft_sys_config(struct tdx_module_args *args);
u64 soft_sys_key_config(struct tdx_module_args *args);
u64 soft_sys_tdmr_init(struct tdx_module_args *args);
u64 soft_sys_disable(struct tdx_module_args *args);

/* td.c */
u64 soft_td_find(u64 tdr_pa, u32 operand, struct soft_td *td);
/* The same, and the TD has its keys and all of its TDCS. */
u64 soft_td_find_ready(u64 tdr_pa, u32 operand, struct soft_td *td);
void soft_measure(struct soft_tdcs *tdcs, u64 leaf, u64 gpa);
u64 soft_mng_create(struct tdx_module_args *args);
u64 soft_mng_key_config(struct tdx_module_args *args);
u64 soft_mng_addcx(struct tdx_module_args *args);
u64 soft_mng_init(struct tdx_module_args *args);
u64 soft_mng_rd(struct tdx_module_args *args);
u64 soft_mng_vpflushdone(struct tdx_module_args *args);
u64 soft_mng_key_freeid(struct tdx_module_args *args);
u64 soft_mr_finalize(struct tdx_module_args *args);

/* vcpu.c */
u64 soft_vp_create(struct tdx_module_args *args);
u64 soft_vp_addcx(struct tdx_module_args *args);
u64 soft_vp_init(struct tdx_module_args *args);
u64 soft_vp_rd(struct tdx_module_args *args);
u64 soft_vp_wr(struct tdx_module_args *args);
u64 soft_vp_flush(struct tdx_module_args *args);
u64 soft_vp_enter(struct tdx_module_args *args);

/* sept.c */
u64 soft_mem_sept_add(struct tdx_module_args *args);
u64 soft_mem_page_add(struct tdx_module_args *args);
u64 soft_mem_page_aug(struct tdx_module_args *args);
u64 soft_mem_range_block(struct tdx_module_args *args);
u64 soft_mem_track(struct tdx_module_args *args);
u64 soft_mem_page_remove(struct tdx_module_args *args);
u64 soft_mr_extend(struct tdx_module_args *args);
/* The guest touches a GPA: true if it is there, after accepting it where that is pending. */
bool soft_guest_touch(struct soft_td *td, u64 gpa);

#endif
