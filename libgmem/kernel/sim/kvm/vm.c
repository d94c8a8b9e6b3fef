// SPDX-License-Identifier: LGPL-2.1-or-later
/* VMs: their life, and the ioctls on a VM descriptor. */
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/kvm/snp.h"
#include "kernel/sim/kvm/tdx.h"

#define SEV_TYPE 2u
#define SNP_TYPE 4u
#define TDX_TYPE 5u
#define MAX_IRQ_ROUTES 4096u

/* What the type of a VM says of it: kvm_arch_init_vm(). */
static const struct {
	bool has_private;
	bool has_protected_state;
	bool pre_fault_allowed; /* from the start */
} types[] = {
	{ false, false, true }, { true, false, true }, { false, false, true },
	{ false, true, true },	{ true, true, false }, { true, true, false },
};

void sim_vm_bug(struct gmem_sim *sim, struct sim_vm *vm)
{
	vm->dead = true;
	sim_set(sim, vm->address, SIM_KVM_BUGGED, 1);
	sim_set(sim, vm->address, SIM_KVM_DEAD, 1);
}

int sim_vm_check(const struct sim_vm *vm)
{
	if (vm->owner != getpid() || vm->dead)
		return -EIO;
	return vm->stuck ? -GMEM_KERNEL_OOPS : 0;
}

int sim_vm_result(struct sim_vm *vm, int err)
{
	if (err == -GMEM_KERNEL_OOPS)
		vm->stuck = true;
	return err;
}

static int vm_layout(struct gmem_sim *sim, struct sim_vm *vm)
{
	vm->address = sim_object(sim, SIM_KVM);
	if (!vm->address)
		return -ENOMEM;
	sim_set(sim, vm->address, SIM_KVM_MM, sim->boot.mm);
	sim_set(sim, vm->address, SIM_KVM_PID, (uint64_t)vm->owner);
	if (sim->model->arm64)
		sim_set(sim, vm->address, SIM_KVM_PROTECTED, vm->is_protected);
	else
		sim_set(sim, vm->address, SIM_KVM_VM_TYPE, vm->type);
	return 0;
}

static void vm_free(struct gmem_sim *sim, struct sim_vm *vm)
{
	struct sim_vm **link = &sim->vms;

	while (*link != vm)
		link = &(*link)->next;
	*link = vm->next;
	sim_slots_exit(sim, vm);
	sim_vcpus_exit(sim, vm);
	sim_td_free(vm);
	free(vm->snp);
	sim_attributes_exit(sim, vm);
	sim_object_free(sim, SIM_KVM, vm->address);
	free(vm);
}

void sim_vm_put(struct gmem_sim *sim, struct sim_vm *vm)
{
	if (--vm->refs)
		return;
	sim_td_release(sim, vm);
	sim_snp_release(sim, vm);
	vm_free(sim, vm);
}

void sim_vms_exit(struct gmem_sim *sim)
{
	while (sim->vms)
		vm_free(sim, sim->vms);
}

static int check_extension(struct gmem_sim *sim, void *object, uint64_t arg)
{
	return sim_check_extension(sim, object, arg);
}

/* kvm_vm_ioctl_enable_cap(): what a TD's launch needs. */
static int enable_cap(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vm *vm = object;
	struct kvm_enable_cap cap;

	(void)sim;
	if (sim_copy_from_user(&cap, arg, sizeof(cap)))
		return -EFAULT;
	if (cap.flags)
		return -EINVAL;
	switch (cap.cap) {
	case GMEM_KVM_CAP_SPLIT_IRQCHIP:
		if (cap.args[0] > MAX_IRQ_ROUTES)
			return -EINVAL;
		if (vm->split_irqchip || vm->irqchip || vm->vcpu_count)
			return -EEXIST;
		vm->split_irqchip = true;
		return 0;
	case GMEM_KVM_CAP_EXIT_HYPERCALL:
		return cap.args[0] & ~(1ull << 12) ? -EINVAL : 0;
	case GMEM_KVM_CAP_MAX_VCPUS:
		if (!cap.args[0] || cap.args[0] > SIM_MAX_VCPUS || vm->vcpu_count)
			return -EINVAL;
		vm->max_vcpus = (unsigned int)cap.args[0];
		return 0;
	default:
		return -EINVAL;
	}
}

static int create_irqchip(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vm *vm = object;

	(void)sim;
	(void)arg;
	if (vm->irqchip || vm->split_irqchip)
		return -EEXIST;
	/* A TD protects its EOI bitmap. */
	if (vm->type == TDX_TYPE)
		return -ENOTTY;
	if (vm->vcpu_count)
		return -EINVAL;
	vm->irqchip = true;
	return 0;
}

/* vt_mem_enc_ioctl() and sev_mem_enc_ioctl() */
static int memory_encrypt_op(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vm *vm = object;

	return vm->td ? sim_td_vm_command(sim, vm, arg) : sim_snp_command(sim, vm, arg);
}

/* TSS, identity map, TSC: nothing that memory depends on. */
static int accept_quietly(struct gmem_sim *sim, void *object, uint64_t arg)
{
	(void)sim;
	(void)object;
	(void)arg;
	return 0;
}

static const struct sim_ioctl ioctls[] = {
	{ GMEM_KVM_CHECK_EXTENSION, check_extension },
	{ GMEM_KVM_CREATE_VCPU, sim_vm_create_vcpu },
	{ GMEM_KVM_SET_USER_MEMORY_REGION, sim_vm_set_region },
	{ GMEM_KVM_SET_USER_MEMORY_REGION2, sim_vm_set_region2 },
	{ GMEM_KVM_SET_MEMORY_ATTRIBUTES, sim_vm_set_attributes },
	{ GMEM_KVM_CREATE_GUEST_MEMFD, sim_vm_create_gmem },
	{ GMEM_KVM_MEMORY_ENCRYPT_OP, memory_encrypt_op },
	{ KVM_ENABLE_CAP, enable_cap },
	{ KVM_CREATE_IRQCHIP, create_irqchip },
	{ KVM_SET_TSS_ADDR, accept_quietly },
	{ KVM_SET_IDENTITY_MAP_ADDR, accept_quietly },
	{ KVM_SET_TSC_KHZ, accept_quietly },
	{ 0, NULL },
};

/* The default of kvm_arch_vm_ioctl(). */
static int no_such_ioctl(const struct gmem_sim *sim)
{
	return sim->model->arm64 ? -EINVAL : -ENOTTY;
}

static int vm_ioctl(struct gmem_sim *sim, struct sim_file *file, unsigned long request,
		    uint64_t arg)
{
	const struct sim_ioctl *ioctl =
		sim_find_ioctl(sim->model->arm64 ? sim_arm64_vm_ioctls : ioctls, request);
	int err = sim_vm_check(file->owner);

	if (err)
		return err;
	if (!ioctl)
		return no_such_ioctl(sim);
	return sim_vm_result(file->owner, ioctl->fn(sim, file->owner, arg));
}

static int release(struct gmem_sim *sim, struct sim_file *file)
{
	struct sim_vm *vm = file->owner;

	if (vm->stuck)
		return -GMEM_KERNEL_OOPS;
	sim_vm_put(sim, vm);
	return 0;
}

static const struct sim_file_type vm_type = { .ioctl = vm_ioctl, .release = release };

/* What an encrypted VM has beside the rest. */
static int vm_init_type(struct gmem_sim *sim, struct sim_vm *vm)
{
	if (sim->model->arm64)
		return 0;
	if (vm->type == TDX_TYPE) {
		if (vm->max_vcpus > sim->model->cpu->count)
			vm->max_vcpus = sim->model->cpu->count;
		return sim_td_new(vm);
	}
	if (vm->type >= SEV_TYPE && vm->type <= SNP_TYPE)
		return sim_snp_new(vm);
	return 0;
}

/* kvm_arch_init_vm(): what the number says. */
static int read_type(const struct gmem_sim *sim, struct sim_vm *vm, uint64_t type)
{
	if (sim->model->arm64)
		return sim_arm64_init_vm(sim, vm, type);
	if (type >= sizeof(types) / sizeof(*types) || !(sim->model->vm_types >> type & 1))
		return -EINVAL;
	vm->type = (unsigned int)type;
	vm->has_private = types[type].has_private;
	vm->has_protected_state = types[type].has_protected_state;
	vm->pre_fault_allowed = types[type].pre_fault_allowed;
	return 0;
}

static struct sim_vm *vm_new(struct gmem_sim *sim)
{
	struct sim_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->refs = 1;
	vm->owner = getpid();
	vm->max_vcpus = SIM_MAX_VCPUS;
	vm->in_place = sim->model->gmem.in_place;
	vm->next = sim->vms;
	sim->vms = vm;
	return vm;
}

int sim_vm_create(struct gmem_sim *sim, uint64_t type)
{
	struct sim_inode *inode;
	struct sim_file *file;
	struct sim_vm *vm;
	int err;

	vm = vm_new(sim);
	if (!vm)
		return -ENOMEM;
	err = read_type(sim, vm, type);
	if (!err)
		err = vm_layout(sim, vm);
	if (!err)
		err = vm_init_type(sim, vm);
	if (err)
		goto put_vm;
	err = -ENOMEM;
	inode = sim_inode_shared(sim, SIM_FS_ANON);
	if (!inode)
		goto put_vm;
	err = sim_file_new(sim, &vm_type, inode, "anon_inode:kvm-vm", &file);
	if (err) {
		sim_inode_put(sim, inode);
		goto put_vm;
	}
	file->owner = vm;
	sim_set(sim, file->address, SIM_FILE_PRIVATE, vm->address);
	/* anon_inode_getfile() and get_unused_fd_flags(O_CLOEXEC) */
	return sim_fd_install(sim, file, true);
put_vm:
	sim_vm_put(sim, vm);
	return err;
}
