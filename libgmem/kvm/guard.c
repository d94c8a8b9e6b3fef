// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kvm/guard.h"

#include "kernel/uapi.h"
#include "kvm/state.h"

static bool is_possible(const struct gmem_ctx *ctx, uint64_t start, uint64_t length)
{
	return length && !((start | length) % gmem_page_size(ctx)) && start + length > start;
}

int gmem_guard_memory(const struct gmem_memory *memory, int vm_type, uint64_t offset,
		      uint64_t length, unsigned int touch, const char *call)
{
	struct gmem_touched touched = {
		.call = call,
		.touch = touch,
		.vm_type = vm_type,
		.fd = memory->fd,
		.flags = memory->flags,
		.offset = offset,
		.length = length,
	};

	if (!is_possible(memory->ctx, offset, length) || offset >= memory->size)
		return 0;
	if (length > memory->size - offset)
		touched.length = memory->size - offset;
	return gmem_guard(memory->ctx, &touched);
}

/* Address at which the next memslot that this object knows begins. */
static uint64_t next_slot(const struct gmem_vm *vm, uint64_t gpa, uint64_t end)
{
	for (size_t i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].id >> 16 == 0 && vm->slots[i].gpa > gpa && vm->slots[i].gpa < end)
			end = vm->slots[i].gpa;
	return end;
}

/* Addresses that lie in one memslot, or in none that this object knows. */
static int guard_part(const struct gmem_vm *vm, const struct gmem_vm_slot *slot,
		      struct gmem_touched *touched)
{
	if (slot && !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD))
		return 0;
	touched->fd = -1;
	if (slot) {
		touched->fd = slot->fd;
		touched->inode = slot->inode;
		touched->flags = slot->memory_flags;
		touched->offset = slot->offset + (touched->gpa - slot->gpa);
	}
	return gmem_guard(vm->ctx, touched);
}

int gmem_guard_gpas(const struct gmem_vm *vm, uint64_t gpa, uint64_t length, unsigned int touch,
		    const char *call)
{
	struct gmem_touched touched = {
		.call = call,
		.touch = touch,
		.vm_type = (int)vm->type,
		.vm_fd = vm->fd,
	};
	uint64_t end = gpa + length;
	int ret = 0;

	if (!is_possible(vm->ctx, gpa, length))
		return 0;
	for (uint64_t at = gpa; !ret && at < end; at += touched.length) {
		const struct gmem_vm_slot *slot = gmem_vm_slot_at(vm, at);

		touched.gpa = at;
		touched.length = slot ? slot->size - (at - slot->gpa) : next_slot(vm, at, end) - at;
		if (touched.length > end - at)
			touched.length = end - at;
		ret = guard_part(vm, slot, &touched);
	}
	return ret;
}
