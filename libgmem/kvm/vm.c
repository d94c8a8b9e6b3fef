// SPDX-License-Identifier: LGPL-2.1-or-later
/* A VM: creating it, wrapping one, its vCPUs. */
#include "kvm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/error.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/kvm.h"
#include "kvm/state.h"
#include "kvm/vm_type.h"
#include "procfs/fd.h"
#include "procfs/file.h"
#include "procfs/vm_types.h"

int gmem_kvm_open(struct gmem_ctx *ctx)
{
	struct gmem_facts facts = { .ctx = ctx };
	int fd = ctx->kernel->ops->open(ctx->kernel, "/dev/kvm", O_RDWR);

	return fd < 0 ? gmem_explain_call(&gmem_call_open_kvm, &facts, fd) : fd;
}

static struct gmem_vm *vm_alloc(struct gmem_ctx *ctx, enum gmem_vm_type type)
{
	struct gmem_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->ctx = ctx;
	vm->fd = -1;
	vm->type = type;
	vm->pre_fault = -EINPROGRESS;
	vm->in_place = -EINPROGRESS;
	vm->snp.sev_fd = -EINPROGRESS;
	return vm;
}

int gmem_vm_new(struct gmem_ctx *ctx, enum gmem_vm_type type, struct gmem_vm **out)
{
	struct gmem_facts facts = { .ctx = ctx, .type = (unsigned int)type };
	const struct gmem_kernel_ops *ops = ctx->kernel->ops;
	unsigned long number;
	struct gmem_vm *vm;
	int kvm, ret;

	gmem_begin(ctx);
	kvm = gmem_kvm_open(ctx);
	if (kvm < 0)
		return kvm;
	ret = -ENOMEM;
	vm = vm_alloc(ctx, type);
	if (!vm) {
		gmem_no_memory(ctx, "a VM");
		goto out;
	}
	ret = gmem_vm_type_number(ctx, kvm, type, &number);
	if (!ret)
		ret = gmem_kvm_ioctl(ctx, kvm, gmem_call_create_vm.name, GMEM_KVM_CREATE_VM,
				     number);
	if (ret < 0) {
		gmem_explain_call(&gmem_call_create_vm, &facts, ret);
		free(vm);
		goto out;
	}
	vm->fd = ret;
	vm->owned = true;
	vm->pid = gmem_own_pid(ctx);
	*out = vm;
	ret = 0;
out:
	ops->close(ctx->kernel, kvm);
	return ret;
}

/* Its link tells. Without /proc only KVM's answer tells. */
static int check_descriptor(struct gmem_ctx *ctx, int fd, bool (*is)(const char *link))
{
	int ret = gmem_fd_link_is(ctx, fd, is);

	if (!ret)
		return -EINVAL;
	if (ret < 0 && ret != -ENODATA)
		return ret;
	return gmem_fd_is_path(ctx, fd) ? -EBADF : 0;
}

static bool type_offered(const struct gmem_ctx *ctx, int types, enum gmem_vm_type type)
{
	unsigned int offered = (unsigned int)types;

	/* KVM on arm64 does not tell its types. On x86-64 the kernels before 6.8 had one. */
	if (gmem_machine_is_arm64(ctx))
		offered = gmem_vm_types_of_machine(ctx);
	else if (!offered)
		offered = 1u << GMEM_VM_DEFAULT;
	return gmem_vm_type_name(type) && offered & 1u << type;
}

/* All failures are explained: a VM that refuses its ioctls is of no use to the caller either. */
static int check_vm(struct gmem_vm *vm)
{
	struct gmem_facts facts = { .ctx = vm->ctx, .fd = vm->fd };
	int types, ret;

	ret = check_descriptor(vm->ctx, vm->fd, gmem_link_is_vm);
	if (ret)
		return gmem_explain_call(&gmem_call_wrap_vm, &facts, ret);
	types = gmem_check_extension(vm->ctx, vm->fd, GMEM_KVM_CAP_VM_TYPES);
	/* Other files answer so, and a vCPU (kvm_arch_vcpu_ioctl()). */
	if (types == -ENOTTY || types == -EINVAL)
		return gmem_explain_call(&gmem_call_wrap_vm, &facts, -EINVAL);
	facts.vm = vm;
	if (types < 0)
		return gmem_explain_call(&gmem_call_wrap_vm, &facts, types);
	return type_offered(vm->ctx, types, vm->type)
		       ? 0
		       : gmem_explain_call(&gmem_call_wrap_vm, &facts, -EINVAL);
}

int gmem_vm_from_fd(struct gmem_ctx *ctx, int fd, enum gmem_vm_type type, struct gmem_vm **out)
{
	struct gmem_vm *vm;
	int ret;

	gmem_begin(ctx);
	vm = vm_alloc(ctx, type);
	if (!vm)
		return gmem_no_memory(ctx, "a VM");
	vm->fd = fd;
	ret = check_vm(vm);
	if (ret) {
		free(vm);
		return ret;
	}
	*out = vm;
	return 0;
}

void gmem_vm_free(struct gmem_vm *vm)
{
	const struct gmem_kernel_ops *ops;

	if (!vm)
		return;
	ops = vm->ctx->kernel->ops;
	for (size_t i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].owned)
			ops->close(vm->ctx->kernel, vm->vcpus[i].fd);
	if (vm->owned)
		ops->close(vm->ctx->kernel, vm->fd);
	if (vm->snp.sev_fd >= 0)
		ops->close(vm->ctx->kernel, vm->snp.sev_fd);
	gmem_vm_free_slots(vm);
	gmem_ranges_free(&vm->private_gpas);
	gmem_ranges_free(&vm->td.added);
	gmem_ranges_free(&vm->snp.added);
	free(vm->vcpus);
	free(vm);
}

int gmem_vm_fd(const struct gmem_vm *vm)
{
	return vm->fd;
}

enum gmem_vm_type gmem_vm_type_of(const struct gmem_vm *vm)
{
	return vm->type;
}

/* Makes room for one more before the ioctl, so that what the kernel made can always be noted. */
static int reserve_vcpu(struct gmem_vm *vm)
{
	struct gmem_vcpu *vcpus;

	vcpus = realloc(vm->vcpus, (vm->vcpu_count + 1) * sizeof(*vcpus));
	if (!vcpus)
		return gmem_no_memory(vm->ctx, "a vCPU");
	vm->vcpus = vcpus;
	return 0;
}

int gmem_vm_add_vcpu(struct gmem_vm *vm, unsigned int id)
{
	struct gmem_facts facts = { .ctx = vm->ctx, .vm = vm, .vcpu = id };
	int ret;

	gmem_begin(vm->ctx);
	ret = reserve_vcpu(vm);
	if (ret)
		return ret;
	ret = gmem_kvm_ioctl(vm->ctx, vm->fd, gmem_call_create_vcpu.name, GMEM_KVM_CREATE_VCPU, id);
	if (ret < 0)
		return gmem_explain_call(&gmem_call_create_vcpu, &facts, ret);
	vm->vcpus[vm->vcpu_count++] = (struct gmem_vcpu){ .fd = ret, .owned = true };
	return 0;
}

int gmem_vm_add_vcpu_fd(struct gmem_vm *vm, int fd)
{
	struct gmem_facts facts = { .ctx = vm->ctx, .vm = vm, .fd = fd };
	int ret;

	gmem_begin(vm->ctx);
	ret = check_descriptor(vm->ctx, fd, gmem_link_is_vcpu);
	if (ret)
		return gmem_explain_call(&gmem_call_wrap_vcpu, &facts, ret);
	ret = reserve_vcpu(vm);
	if (!ret)
		vm->vcpus[vm->vcpu_count++] = (struct gmem_vcpu){ .fd = fd };
	return ret;
}

int gmem_vm_vcpu_fd(const struct gmem_vm *vm, unsigned int index)
{
	return index < vm->vcpu_count ? vm->vcpus[index].fd : -ENOENT;
}

uint64_t gmem_vm_private_bytes(const struct gmem_vm *vm, uint64_t gpa, uint64_t length)
{
	return gmem_ranges_overlap(&vm->private_gpas, gpa, gpa + length);
}
