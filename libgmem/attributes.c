// SPDX-License-Identifier: LGPL-2.1-or-later
/* Making guest memory private or shared, the way that this kernel has. */
#include <errno.h>

#include "explain/explain.h"
#include "kernel/uapi.h"

/* Before the system call: it cannot be taken back, and must not be forgotten. */
int gmem_vm_reserve_conversion(struct gmem_vm *vm)
{
	if (gmem_ranges_reserve(&vm->private_gpas) || gmem_ranges_reserve(&vm->td.added))
		return gmem_explain_no_memory(vm->ctx, "a conversion");
	return 0;
}

/*
 * A page that was shared has left the TD, and must be added again. To an SNP guest it still belongs
 * in the RMP, until it leaves the file.
 */
void gmem_vm_note_converted(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private)
{
	uint64_t end = gpa + length;

	if (to_private) {
		gmem_ranges_add(&vm->private_gpas, gpa, end);
	} else {
		gmem_ranges_remove(&vm->private_gpas, gpa, end);
		gmem_ranges_remove(&vm->td.added, gpa, end);
	}
}

static int convert_per_vm(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private)
{
	struct gmem_kvm_memory_attributes attributes = {
		.address = gpa,
		.size = length,
		.attributes = to_private ? GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};
	struct gmem_facts facts = {
		.ctx = vm->ctx,
		.vm = vm,
		.gpa = gpa,
		.size = length,
		.attributes = attributes.attributes,
	};
	struct gmem_kernel *kernel = vm->ctx->kernel;
	int ret = gmem_vm_reserve_conversion(vm);

	if (ret)
		return ret;
	ret = kernel->ops->ioctl(kernel, vm->fd, GMEM_KVM_SET_MEMORY_ATTRIBUTES,
				 (uintptr_t)&attributes);
	if (ret < 0)
		return gmem_explain_call(&gmem_call_set_attributes, &facts, ret);
	gmem_vm_note_converted(vm, gpa, length, to_private);
	return 0;
}

static bool converts_in_place(struct gmem_vm *vm)
{
	if (!vm->ctx->allow_unreleased)
		return false;
	if (vm->in_place == -EINPROGRESS)
		vm->in_place = gmem_kernel_converts_in_place(vm->ctx);
	return vm->in_place > 0;
}

int gmem_convert(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private)
{
	int ret;

	if (!converts_in_place(vm))
		return convert_per_vm(vm, gpa, length, to_private);
	ret = gmem_convert_in_place(vm, gpa, length, to_private);
	if (ret != -ENOTTY)
		return ret;
	/* The parameter has that name and means something else. */
	vm->in_place = 0;
	return convert_per_vm(vm, gpa, length, to_private);
}
