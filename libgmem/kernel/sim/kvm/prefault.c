// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_PRE_FAULT_MEMORY: kvm_vcpu_pre_fault_memory() and kvm_arch_vcpu_pre_fault_memory(). */
#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/kvm/tdx.h"

/* One page. */
static int pre_fault(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gpa)
{
	uint64_t gfn = gpa >> sim->page_shift;

	if (sim->signal_pending)
		return -EINTR;
	if (!vm->pre_fault_allowed)
		return -EOPNOTSUPP;
	if (gfn & sim_td_shared_gfn(vm))
		return -EINVAL;
	/* Shadow paging. */
	if (!sim->model->pre_fault)
		return -EOPNOTSUPP;
	return sim_map_gfn(sim, vm, gfn, vm->has_private && sim_gfn_is_private(vm, gfn), false);
}

int sim_vcpu_pre_fault(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct gmem_kvm_pre_fault_memory range;
	struct sim_vcpu *vcpu = object;
	uint64_t done = 0;
	int err = 0;

	if (sim_copy_from_user(&range, arg, sizeof(range)))
		return -EFAULT;
	if (range.flags || (range.gpa | range.size) & sim->page_mask ||
	    range.gpa + range.size <= range.gpa)
		err = -EINVAL;
	while (!err && range.size) {
		err = pre_fault(sim, vcpu->vm, range.gpa);
		if (err)
			break;
		range.gpa += sim->page_size;
		range.size -= sim->page_size;
		done += sim->page_size;
	}
	/* The task is dead: nobody copies anything back. */
	if (err == -GMEM_KERNEL_OOPS)
		return err;
	/* Copied back always; progress hides the error. */
	if (sim_copy_to_user(arg, &range, sizeof(range)))
		return -EFAULT;
	return done ? 0 : err;
}
