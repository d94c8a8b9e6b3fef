// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM_RUN, as far as memory goes: the guest makes the one access that a test asked for with
 * gmem_sim_guest_touch(), then halts.
 */
#include <linux/kvm.h>
#include <string.h>

#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/kvm/tdx.h"

#define EXIT_MEMORY_FAULT 39u
#define MEMORY_FAULT_PRIVATE (1ull << 3)
#define MMIO_LENGTH 8u

/* struct kvm_run's memory_fault member, newer than some headers. */
struct memory_fault {
	uint64_t flags;
	uint64_t gpa;
	uint64_t size;
};

static int exit_memory_fault(const struct gmem_sim *sim, struct sim_vcpu *vcpu, uint64_t gpa,
			     bool is_private, int err)
{
	struct memory_fault fault = {
		.flags = is_private ? MEMORY_FAULT_PRIVATE : 0,
		.gpa = gpa & ~sim->page_mask,
		.size = sim->page_size,
	};
	struct kvm_run *run = vcpu->run;

	run->exit_reason = EXIT_MEMORY_FAULT;
	memcpy(&run->mmio, &fault, sizeof(fault));
	return err;
}

static int exit_mmio(struct sim_vcpu *vcpu, uint64_t gpa)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_MMIO;
	memset(&run->mmio, 0, sizeof(run->mmio));
	run->mmio.phys_addr = gpa;
	run->mmio.len = MMIO_LENGTH;
	return 0;
}

/* kvm_mmu_faultin_pfn(): the kind of access against the attribute, then the page. */
static int guest_access(struct gmem_sim *sim, struct sim_vcpu *vcpu)
{
	struct sim_guest_access access = vcpu->access;
	struct sim_vm *vm = vcpu->vm;
	uint64_t gfn = access.gpa >> sim->page_shift;
	bool attribute = vm->has_private && sim_gfn_is_private(vm, gfn);
	bool is_private =
		vm->has_protected_state && vm->has_private ? access.is_private : attribute;
	int err;

	vcpu->access.pending = false;
	if (is_private != attribute)
		return exit_memory_fault(sim, vcpu, access.gpa, is_private, -EFAULT);
	err = sim_map_gfn(sim, vm, gfn, is_private, access.executes);
	if (err == -ENOENT)
		return exit_mmio(vcpu, access.gpa);
	/* pkvm_mem_abort() prepares no exit. */
	if ((err == -EFAULT && !vm->is_protected) || err == -EHWPOISON)
		return exit_memory_fault(sim, vcpu, access.gpa, is_private, err);
	return err;
}

int sim_vcpu_run(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vcpu *vcpu = object;
	struct kvm_run *run = vcpu->run;
	bool can_fetch = vcpu->vm->slot_pages || vcpu->vm->type;

	if (arg)
		return -EINVAL;
	/* tdx_vcpu_pre_run(); an AP that was never initialized would block instead. */
	if (vcpu->vm->td && (vcpu->vm->td->state != SIM_TD_STATE_RUNNABLE || !vcpu->initialized))
		return -EINVAL;
	/* kvm_arch_vcpu_ioctl_run() */
	if (sim->model->arm64 && !vcpu->initialized)
		return -ENOEXEC;
	if (sim->signal_pending) {
		run->exit_reason = KVM_EXIT_INTR;
		return -EINTR;
	}
	if (vcpu->access.pending) {
		int err = guest_access(sim, vcpu);

		if (err || run->exit_reason == KVM_EXIT_MMIO)
			return err;
	}
	/* Without a memslot the guest cannot even fetch an instruction. */
	run->exit_reason = can_fetch ? KVM_EXIT_HLT : KVM_EXIT_INTERNAL_ERROR;
	return 0;
}
