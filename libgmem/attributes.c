// SPDX-License-Identifier: LGPL-2.1-or-later
/* Private and shared. KVM has no call that reads attributes back, so they are remembered. */
#include <errno.h>

#include "explain/explain.h"
#include "kernel/uapi.h"

int gmem_convert(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private)
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
	int ret;

	if (gmem_ranges_reserve(&vm->private_gpas))
		return gmem_explain_no_memory(vm->ctx, "a conversion");
	ret = kernel->ops->ioctl(kernel, vm->fd, GMEM_KVM_SET_MEMORY_ATTRIBUTES,
				 (uintptr_t)&attributes);
	if (ret < 0)
		return gmem_explain_call(&gmem_call_set_attributes, &facts, ret);
	if (to_private)
		gmem_ranges_add(&vm->private_gpas, gpa, gpa + length);
	else
		gmem_ranges_remove(&vm->private_gpas, gpa, gpa + length);
	return 0;
}
