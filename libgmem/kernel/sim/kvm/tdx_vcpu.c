// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_MEMORY_ENCRYPT_OP on the vCPU of a TD: cmd is never copied back. */
#include "kernel/sim/kvm/tdx.h"

/* tdx_td_vcpu_init(): TDVPR and TDCX pages. */
static int create_vp(struct gmem_sim *sim, struct sim_vm *vm)
{
	struct sim_seamcall_args args = { 0 };
	int err = sim_td_control_page(sim, vm->td, &args.pfn);

	if (!err)
		err = sim_td_seamcall(sim, vm, TDH_VP_CREATE, &args);
	for (unsigned int i = 0; !err && i < SIM_TDCX_PAGES; i++) {
		err = sim_td_control_page(sim, vm->td, &args.pfn);
		if (!err)
			err = sim_td_seamcall(sim, vm, TDH_VP_ADDCX, &args);
	}
	return err ? err : sim_td_seamcall(sim, vm, TDH_VP_INIT, &args);
}

/* tdx_vcpu_init(): the APIC base goes to x2APIC mode, which needs the guest's CPUID. */
static int init_vcpu(struct gmem_sim *sim, struct sim_vcpu *vcpu,
		     const struct gmem_kvm_tdx_cmd *cmd)
{
	int err;

	if (cmd->flags || vcpu->initialized || !vcpu->has_x2apic)
		return -EINVAL;
	err = create_vp(sim, vcpu->vm);
	if (!err)
		vcpu->initialized = true;
	return err;
}

int sim_td_vcpu_command(struct gmem_sim *sim, struct sim_vcpu *vcpu, uint64_t arg)
{
	const struct sim_td *td = vcpu->vm->td;
	struct gmem_kvm_tdx_cmd cmd;

	if (sim_copy_from_user(&cmd, arg, sizeof(cmd)))
		return -EFAULT;
	if (cmd.hw_error)
		return -EINVAL;
	if (!td->hkid || td->state == SIM_TD_STATE_RUNNABLE)
		return -EINVAL;
	switch (cmd.id) {
	case GMEM_KVM_TDX_INIT_VCPU:
		return init_vcpu(sim, vcpu, &cmd);
	case GMEM_KVM_TDX_INIT_MEM_REGION:
		return sim_td_init_mem_region(sim, vcpu, &cmd);
	case GMEM_KVM_TDX_GET_CPUID:
		return sim_td_get_cpuid(&cmd);
	default:
		return -EINVAL;
	}
}
