// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * In-place conversion: the guest_memfd itself keeps which of its pages are private, and has an
 * ioctl of its own to convert them. No released kernel has it; see kernel/uapi_in_place.h.
 */
#include <errno.h>

#include "kernel/uapi.h"
#include "kernel/uapi_in_place.h"
#include "kvm/explain/explain.h"
#include "kvm/kvm.h"
#include "kvm/state.h"

/* Retries while a transient page reference makes the kernel return EAGAIN. */
#define RETRIES 100

static int explain(struct gmem_vm *vm, uint64_t gpa, uint64_t length, int error)
{
	struct gmem_facts facts = { .ctx = vm->ctx, .vm = vm, .gpa = gpa, .size = length };

	return gmem_explain_call(&gmem_call_convert_in_place, &facts, error);
}

/* The descriptor was noted when the slot was set; since then it may have become another file's. */
static int check_slot(const struct gmem_vm *vm, const struct gmem_vm_slot *slot)
{
	struct gmem_kernel *kernel = vm->ctx->kernel;
	struct stat st;

	if (!slot || !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD))
		return -EINVAL;
	if (kernel->ops->fstat(kernel, slot->fd, &st) || !slot->inode || st.st_ino != slot->inode)
		return -EBADF;
	return 0;
}

/* The next attempt begins at the page that the kernel could not convert. */
static int convert_file(struct gmem_vm *vm, int fd, struct gmem_kvm_memory_attributes2 *attributes)
{
	unsigned int retries = 0;
	int ret;

	do {
		uint64_t start = attributes->offset, stop;

		attributes->error_offset = start;
		ret = gmem_kvm_ioctl(vm->ctx, fd, gmem_call_convert_in_place.name,
				     GMEM_KVM_SET_MEMORY_ATTRIBUTES2, (uintptr_t)attributes);
		stop = attributes->error_offset;
		if (ret != -EAGAIN)
			continue;
		if (stop > start && stop - start < attributes->size) {
			attributes->offset = stop;
			attributes->size -= stop - start;
			retries = 0;
		}
	} while (ret == -EAGAIN && retries++ < RETRIES);
	return ret < 0 ? ret : 0;
}

/* The part of a range that lies in one slot. */
static int convert_part(struct gmem_vm *vm, const struct gmem_vm_slot *slot, uint64_t gpa,
			uint64_t length, bool to_private)
{
	struct gmem_kvm_memory_attributes2 attributes = {
		.offset = slot->offset + (gpa - slot->gpa),
		.size = length,
		.attributes = to_private ? GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};
	uint64_t left;
	int ret = convert_file(vm, slot->fd, &attributes);

	left = ret ? attributes.size : 0;
	if (left < length)
		gmem_vm_note_converted(vm, gpa, length - left, to_private);
	return ret ? explain(vm, gpa + (length - left), left, ret) : 0;
}

int gmem_convert_in_place(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private)
{
	/* Checks the alignment of the whole range before a part of it is converted. */
	if (!length || (gpa | length) % gmem_page_size(vm->ctx) || gpa + length < gpa)
		return explain(vm, gpa, length, -EINVAL);
	while (length) {
		const struct gmem_vm_slot *slot = gmem_vm_slot_at(vm, gpa);
		uint64_t part = length;
		int ret = check_slot(vm, slot);

		if (ret)
			return explain(vm, gpa, length, ret);
		if (part > slot->size - (gpa - slot->gpa))
			part = slot->size - (gpa - slot->gpa);
		ret = gmem_vm_reserve_conversion(vm);
		if (!ret)
			ret = convert_part(vm, slot, gpa, part, to_private);
		if (ret)
			return ret;
		gpa += part;
		length -= part;
	}
	return 0;
}
