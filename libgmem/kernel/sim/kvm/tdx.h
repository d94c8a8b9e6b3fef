/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KVM's side of TDX: arch/x86/kvm/vmx/tdx.c. */
#ifndef SIM_KVM_TDX_H
#define SIM_KVM_TDX_H

#include "kernel/sim/kvm/tdx_module.h"
#include "kernel/uapi_tdx.h"

enum sim_td_state {
	SIM_TD_STATE_UNINITIALIZED,
	SIM_TD_STATE_INITIALIZED,
	SIM_TD_STATE_RUNNABLE,
};

struct sim_td {
	enum sim_td_state state;
	unsigned int hkid;	 /* 0: none */
	uint64_t shared_gfn;	 /* the shared bit, in GFNs; 0 before KVM_TDX_INIT_VM */
	unsigned int sept_top;	 /* highest level at which tables are added */
	struct sim_keys control; /* the kernel's pages that the module has, by address */
	struct sim_module_td module;
};

/* The GFN bit that makes a shared alias, 0 where the VM has none. */
uint64_t sim_td_shared_gfn(const struct sim_vm *vm);

/* tdx_vm.c */
int sim_td_vm_command(struct gmem_sim *sim, struct sim_vm *vm, uint64_t arg);
int sim_td_new(struct sim_vm *vm);
/* The VM's last reference is gone: the KeyID and the control pages come back. */
void sim_td_release(struct gmem_sim *sim, struct sim_vm *vm);
void sim_td_free(struct sim_vm *vm);

/* tdx_pages.c */
/* A page of the kernel's own for the module, flushed first. */
int sim_td_control_page(struct gmem_sim *sim, struct sim_td *td, uint64_t *pfn);
void sim_td_reclaim_pages(struct gmem_sim *sim, struct sim_td *td);
/* tdx_quirk_reset_paddr() */
int sim_td_quirk_reset(struct gmem_sim *sim, uint64_t pfn, const char *const *chain);
/* A SEAMCALL that no user sees busy; any failure bugs the VM: 0 or -EIO. */
int sim_td_seamcall(struct gmem_sim *sim, struct sim_vm *vm, enum sim_seamcall leaf,
		    const struct sim_seamcall_args *args);

/* tdx_memory.c */
/* Maps a private page: TDH.MEM.PAGE.ADD before the launch is final, TDH.MEM.PAGE.AUG after. */
int sim_td_map(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gfn, uint64_t pfn);
/* tdx_sept_remove_leaf_spte() */
int sim_td_remove(struct gmem_sim *sim, struct sim_vm *vm, uint64_t pfn);
int sim_td_init_mem_region(struct gmem_sim *sim, struct sim_vcpu *vcpu,
			   const struct gmem_kvm_tdx_cmd *cmd);

/* tdx_vcpu.c */
int sim_td_vcpu_command(struct gmem_sim *sim, struct sim_vcpu *vcpu, uint64_t arg);

/* tdx_cpuid.c */
#define SIM_TDX_CONFIGURABLE 6u

extern const struct gmem_kvm_cpuid_entry2 sim_tdx_configurable[SIM_TDX_CONFIGURABLE];
/* setup_tdparams_cpuids(): 0 or -EINVAL; the guest's address width in bits comes out. */
int sim_tdx_check_cpuid(const struct gmem_sim *sim, const struct gmem_kvm_cpuid_entry2 *entries,
			uint32_t count, unsigned int *width);
int sim_td_get_cpuid(const struct gmem_kvm_tdx_cmd *cmd);

/* KeyIDs that TDs hold. */
unsigned int sim_keyids_in_use(const struct gmem_sim *sim);

#endif
