// SPDX-License-Identifier: LGPL-2.1-or-later
/* Making guest memory private or shared, the way that this kernel has. */
#include <errno.h>

#include "base/error.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/guard.h"
#include "kvm/kvm.h"
#include "kvm/state.h"

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
	int ret = gmem_vm_reserve_conversion(vm);

	if (ret)
		return ret;
	ret = gmem_kvm_ioctl(vm->ctx, vm->fd, gmem_call_set_attributes.name,
			     GMEM_KVM_SET_MEMORY_ATTRIBUTES, (uintptr_t)&attributes);
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
	int ret = 0;

	gmem_begin(vm->ctx);
	if (!to_private)
		ret = gmem_guard_gpas(vm, gpa, length, GMEM_TOUCH_UNMAP,
				      gmem_call_set_attributes.name);
	if (ret)
		return ret;
	if (!converts_in_place(vm))
		return convert_per_vm(vm, gpa, length, to_private);
	ret = gmem_convert_in_place(vm, gpa, length, to_private);
	if (ret != -ENOTTY)
		return ret;
	/* A parameter of that name exists, but means something else. */
	vm->in_place = 0;
	return convert_per_vm(vm, gpa, length, to_private);
}
