// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/kvm and KVM_CHECK_EXTENSION. */
#include <linux/kvm.h>

#include "kernel/sim/kvm/kvm.h"

#define HC_MAP_GPA_RANGE (1 << 12)

const struct sim_ioctl *sim_find_ioctl(const struct sim_ioctl *table, unsigned long request)
{
	for (; table->request; table++)
		if (table->request == request)
			return table;
	return NULL;
}

static int one(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)sim;
	(void)vm;
	return 1;
}

static int nr_memslots(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)vm;
	return (int)sim_user_slots(sim);
}

static int max_vcpus(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)sim;
	return vm ? (int)vm->max_vcpus : (int)SIM_MAX_VCPUS;
}

static int readonly_mem(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)sim;
	return !vm || !vm->has_protected_state;
}

static int address_spaces(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)sim;
	return vm && vm->has_private ? 1 : 2;
}

static int exit_hypercall(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)sim;
	(void)vm;
	return HC_MAP_GPA_RANGE;
}

static int attributes(struct gmem_sim *sim, const struct sim_vm *vm)
{
	if (!sim->model->attributes || sim->model->gmem.in_place || (vm && !vm->has_private))
		return 0;
	return (int)GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE;
}

static int guest_memfd(struct gmem_sim *sim, const struct sim_vm *vm)
{
	return !sim->model->gmem.private_vms_only || !vm || vm->has_private;
}

static int vm_types(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)vm;
	return (int)sim->model->vm_types;
}

static int pre_fault(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)vm;
	return sim->model->pre_fault;
}

static int guest_memfd_flags(struct gmem_sim *sim, const struct sim_vm *vm)
{
	return sim->model->gmem.has_flags ? (int)sim_gmem_flags(sim, vm) : 0;
}

static int ipa_size(struct gmem_sim *sim, const struct sim_vm *vm)
{
	(void)vm;
	return (int)sim->model->arm64->ipa_bits;
}

/* The one that tells of the caches, of a VM only. */
static int cacheable_pfnmap(struct gmem_sim *sim, const struct sim_vm *vm)
{
	if (!vm)
		return -EINVAL;
	return sim->model->arm64->fwb && sim->model->arm64->dic;
}

struct capability {
	unsigned int number;
	int (*answer)(struct gmem_sim *sim, const struct sim_vm *vm);
};

static const struct capability of_x86[] = {
	{ KVM_CAP_USER_MEMORY, one },
	{ GMEM_KVM_CAP_NR_MEMSLOTS, nr_memslots },
	{ GMEM_KVM_CAP_MAX_VCPUS, max_vcpus },
	{ GMEM_KVM_CAP_READONLY_MEM, readonly_mem },
	{ KVM_CAP_CHECK_EXTENSION_VM, one },
	{ GMEM_KVM_CAP_MULTI_ADDRESS_SPACE, address_spaces },
	{ GMEM_KVM_CAP_SPLIT_IRQCHIP, one },
	{ GMEM_KVM_CAP_EXIT_HYPERCALL, exit_hypercall },
	{ GMEM_KVM_CAP_USER_MEMORY2, one },
	{ GMEM_KVM_CAP_MEMORY_FAULT_INFO, one },
	{ GMEM_KVM_CAP_MEMORY_ATTRIBUTES, attributes },
	{ GMEM_KVM_CAP_GUEST_MEMFD, guest_memfd },
	{ GMEM_KVM_CAP_VM_TYPES, vm_types },
	{ GMEM_KVM_CAP_PRE_FAULT_MEMORY, pre_fault },
	{ GMEM_KVM_CAP_GUEST_MEMFD_FLAGS, guest_memfd_flags },
	{ 0, NULL },
};

/* kvm_vm_ioctl_check_extension() of arm64: no types, no attributes, no pre-fault. */
static const struct capability of_arm64[] = {
	{ KVM_CAP_USER_MEMORY, one },
	{ GMEM_KVM_CAP_NR_MEMSLOTS, nr_memslots },
	{ GMEM_KVM_CAP_MAX_VCPUS, max_vcpus },
	{ GMEM_KVM_CAP_READONLY_MEM, one },
	{ KVM_CAP_CHECK_EXTENSION_VM, one },
	{ GMEM_KVM_CAP_ARM_VM_IPA_SIZE, ipa_size },
	{ GMEM_KVM_CAP_USER_MEMORY2, one },
	{ GMEM_KVM_CAP_GUEST_MEMFD, guest_memfd },
	{ GMEM_KVM_CAP_ARM_CACHEABLE_PFNMAP, cacheable_pfnmap },
	{ GMEM_KVM_CAP_GUEST_MEMFD_FLAGS, guest_memfd_flags },
	{ 0, NULL },
};

int sim_check_extension(struct gmem_sim *sim, const struct sim_vm *vm, uint64_t number)
{
	const struct capability *of = sim->model->arm64 ? of_arm64 : of_x86;

	while (of->answer && of->number != number)
		of++;
	return of->answer ? of->answer(sim, vm) : 0;
}

static int api_version(struct gmem_sim *sim, void *object, uint64_t arg)
{
	(void)sim;
	(void)object;
	return arg ? -EINVAL : KVM_API_VERSION;
}

static int create_vm(struct gmem_sim *sim, void *object, uint64_t arg)
{
	(void)object;
	return sim_vm_create(sim, arg);
}

static int check_extension(struct gmem_sim *sim, void *object, uint64_t arg)
{
	(void)object;
	return sim_check_extension(sim, NULL, arg);
}

static int vcpu_mmap_size(struct gmem_sim *sim, void *object, uint64_t arg)
{
	(void)sim;
	(void)object;
	return arg ? -EINVAL : (int)sim_run_size(sim);
}

static const struct sim_ioctl ioctls[] = {
	{ KVM_GET_API_VERSION, api_version },
	{ GMEM_KVM_CREATE_VM, create_vm },
	{ GMEM_KVM_CHECK_EXTENSION, check_extension },
	{ KVM_GET_VCPU_MMAP_SIZE, vcpu_mmap_size },
	{ 0, NULL },
};

static int kvm_ioctl(struct gmem_sim *sim, struct sim_file *file, unsigned long request,
		     uint64_t arg)
{
	const struct sim_ioctl *ioctl = sim_find_ioctl(ioctls, request);

	(void)file;
	return ioctl ? ioctl->fn(sim, NULL, arg) : -EINVAL;
}

const struct sim_file_type sim_kvm_type = { .ioctl = kvm_ioctl };
