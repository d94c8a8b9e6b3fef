// SPDX-License-Identifier: LGPL-2.1-or-later
/* vCPUs: their life, and the ioctls on a vCPU descriptor. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/kvm/tdx.h"
#include "kernel/uapi_x86.h"

#define CPUID_MAX_ENTRIES 256u
#define CPUID_1_ECX_X2APIC (1u << 21)
#define CPUID_ENTRIES_OFFSET 8u

/* kvm_vcpu_ioctl_set_cpuid2(): only the x2APIC bit matters here. */
static int set_cpuid2(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vcpu *vcpu = object;
	struct kvm_cpuid2 head;

	(void)sim;
	if (sim_copy_from_user(&head, arg, CPUID_ENTRIES_OFFSET))
		return -EFAULT;
	if (head.nent > CPUID_MAX_ENTRIES)
		return -E2BIG;
	vcpu->has_x2apic = false;
	for (uint32_t i = 0; i < head.nent; i++) {
		struct kvm_cpuid_entry2 entry;

		if (sim_copy_from_user(&entry, arg + CPUID_ENTRIES_OFFSET + i * sizeof(entry),
				       sizeof(entry)))
			return -EFAULT;
		if (entry.function == 1)
			vcpu->has_x2apic = entry.ecx & CPUID_1_ECX_X2APIC;
	}
	return 0;
}

/* Of a TD only; other VMs have no such command on a vCPU. */
static int memory_encrypt_op(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vcpu *vcpu = object;

	if (vcpu->vm->td)
		return sim_td_vcpu_command(sim, vcpu, arg);
	return sim->model->tdx_built ? -EINVAL : -ENOTTY;
}

static const struct sim_ioctl ioctls[] = {
	{ GMEM_KVM_MEMORY_ENCRYPT_OP, memory_encrypt_op },
	{ KVM_RUN, sim_vcpu_run },
	{ GMEM_KVM_PRE_FAULT_MEMORY, sim_vcpu_pre_fault },
	{ KVM_SET_CPUID2, set_cpuid2 },
	{ 0, NULL },
};

static int vcpu_ioctl(struct gmem_sim *sim, struct sim_file *file, unsigned long request,
		      uint64_t arg)
{
	const struct sim_ioctl *ioctl =
		sim_find_ioctl(sim->model->arm64 ? sim_arm64_vcpu_ioctls : ioctls, request);
	struct sim_vcpu *vcpu = file->owner;
	int err = sim_vm_check(vcpu->vm);

	if (err)
		return err;
	if (!ioctl)
		return -EINVAL;
	return sim_vm_result(vcpu->vm, ioctl->fn(sim, vcpu, arg));
}

/* struct kvm_run and what follows it. */
static int vcpu_mmap(struct gmem_sim *sim, struct sim_file *file, uint64_t offset, size_t length,
		     int prot, int flags)
{
	(void)file;
	(void)prot;
	(void)flags;
	return offset + length > sim_run_size(sim) ? -EINVAL : 0;
}

static int release(struct gmem_sim *sim, struct sim_file *file)
{
	struct sim_vcpu *vcpu = file->owner;

	if (vcpu->vm->stuck)
		return -GMEM_KERNEL_OOPS;
	/* The vCPU lives as long as its VM. */
	sim_vm_put(sim, vcpu->vm);
	return 0;
}

static const struct sim_file_type vcpu_type = {
	.ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.release = release,
};

void sim_vcpus_exit(struct gmem_sim *sim, struct sim_vm *vm)
{
	while (vm->vcpus) {
		struct sim_vcpu *vcpu = vm->vcpus;

		vm->vcpus = vcpu->next;
		if (vcpu->run)
			munmap(vcpu->run, sim_run_size(sim));
		free(vcpu);
	}
}

/* kvm_vm_ioctl_create_vcpu(), then the arch's vcpu_create(). */
static int check_create(const struct sim_vm *vm, uint64_t id)
{
	if (id >= SIM_MAX_VCPU_IDS || vm->vcpu_count >= vm->max_vcpus)
		return -EINVAL;
	for (const struct sim_vcpu *vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
		if (vcpu->id == id)
			return -EEXIST;
	/* tdx_vcpu_create() */
	if (vm->td && vm->td->state != SIM_TD_STATE_INITIALIZED)
		return -EIO;
	return vm->td && !vm->split_irqchip ? -EINVAL : 0;
}

/* A file of its own, so that the pages of struct kvm_run can be mapped. */
static int vcpu_file(struct gmem_sim *sim, struct sim_vcpu *vcpu, struct sim_file **out)
{
	struct sim_inode *inode;
	char link[64];
	int err, fd;

	err = sim_inode_new(sim, SIM_FS_ANON, 0600, sim_run_size(sim), &inode);
	if (err)
		return err;
	snprintf(link, sizeof(link), "anon_inode:kvm-vcpu:%u", vcpu->id);
	err = sim_file_new(sim, &vcpu_type, inode, link, out);
	if (err)
		goto put_inode;
	fd = sim_inode_host_fd(inode);
	vcpu->run =
		fd < 0 ? MAP_FAILED
		       : mmap(NULL, sim_run_size(sim), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (vcpu->run != MAP_FAILED)
		return 0;
	vcpu->run = NULL;
	(*out)->path_only = true; /* nothing to release */
	sim_file_put(sim, *out);
	return -ENOMEM;
put_inode:
	sim_inode_put(sim, inode);
	return err;
}

int sim_vm_create_vcpu(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vm *vm = object;
	struct sim_vcpu *vcpu;
	struct sim_file *file;
	int err = check_create(vm, arg);

	if (err)
		return err;
	vcpu = calloc(1, sizeof(*vcpu));
	if (!vcpu)
		return -ENOMEM;
	vcpu->vm = vm;
	vcpu->id = (unsigned int)arg;
	err = vcpu_file(sim, vcpu, &file);
	if (err) {
		free(vcpu);
		return err;
	}
	file->owner = vcpu;
	vcpu->next = vm->vcpus;
	vm->vcpus = vcpu;
	vm->vcpu_count++;
	vm->refs++;
	return sim_fd_install(sim, file, true);
}
