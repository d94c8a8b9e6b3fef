// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memslots. What was set is remembered, because KVM has no call that lists slots and because an
 * EINVAL or EEXIST can only be explained by the slot that is in the way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/guard.h"
#include "kvm/kvm.h"

static struct gmem_vm_slot *find_slot(const struct gmem_vm *vm, uint32_t id)
{
	for (size_t i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].id == id)
			return &vm->slots[i];
	return NULL;
}

/* Makes room for one more before the ioctl, so that what the kernel did can always be noted. */
static int reserve_slot(struct gmem_vm *vm)
{
	struct gmem_vm_slot *slots;

	slots = realloc(vm->slots, (vm->slot_count + 1) * sizeof(*slots));
	if (!slots)
		return gmem_no_memory(vm->ctx, "a memslot");
	vm->slots = slots;
	return 0;
}

static void remember_slot(struct gmem_vm *vm, const struct gmem_vm_slot *slot)
{
	struct gmem_vm_slot *old = find_slot(vm, slot->id);

	if (slot->size) {
		if (!old)
			old = &vm->slots[vm->slot_count++];
		*old = *slot;
	} else if (old) {
		*old = vm->slots[--vm->slot_count];
	}
}

static int set_region(struct gmem_vm *vm, const struct gmem_slot_options *options, uint32_t flags)
{
	const struct gmem_memory *memory = options->memory;
	struct gmem_kvm_userspace_memory_region2 region = {
		.slot = options->slot,
		.flags = flags,
		.guest_phys_addr = options->gpa,
		.memory_size = options->memory_size,
		.userspace_addr = options->userspace_addr,
		.guest_memfd_offset = options->memory_offset,
		.guest_memfd = memory ? (uint32_t)memory->fd : UINT32_MAX,
	};
	struct gmem_facts facts = {
		.ctx = vm->ctx,
		.vm = vm,
		.memory = memory,
		.slot = options->slot,
		.flags = flags,
		.gpa = options->gpa,
		.size = options->memory_size,
		.userspace_addr = options->userspace_addr,
		.offset = options->memory_offset,
	};
	int ret;

	ret = gmem_kvm_ioctl(vm->ctx, vm->fd, gmem_call_set_region.name,
			     GMEM_KVM_SET_USER_MEMORY_REGION2, (uintptr_t)&region);
	return ret < 0 ? gmem_explain_call(&gmem_call_set_region, &facts, ret) : 0;
}

int gmem_slot_set(struct gmem_vm *vm, const struct gmem_slot_options *given)
{
	struct gmem_slot_options options;
	struct gmem_vm_slot slot;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_options_copy(vm->ctx, "gmem_slot_options", &options, sizeof(options), given);
	if (ret)
		return ret;
	slot = (struct gmem_vm_slot){
		.id = options.slot,
		.flags = options.flags | (options.memory ? GMEM_KVM_MEM_GUEST_MEMFD : 0),
		.gpa = options.gpa,
		.size = options.memory_size,
		.userspace_addr = options.userspace_addr,
		.inode = options.memory ? options.memory->inode : 0,
		.fd = options.memory ? options.memory->fd : -1,
		.memory_flags = options.memory ? options.memory->flags : 0,
		.offset = options.memory_offset,
	};
	ret = reserve_slot(vm);
	if (ret)
		return ret;
	ret = set_region(vm, &options, slot.flags);
	if (!ret)
		remember_slot(vm, &slot);
	return ret;
}

int gmem_slot_delete(struct gmem_vm *vm, uint32_t id)
{
	const struct gmem_slot_options options = { .size = sizeof(options), .slot = id };
	const struct gmem_vm_slot *old = find_slot(vm, id);
	const struct gmem_vm_slot gone = { .id = id };
	int ret;

	gmem_begin(vm->ctx);
	if (gmem_ranges_reserve(&vm->td.added))
		return gmem_no_memory(vm->ctx, "a memslot");
	ret = old ? gmem_guard_gpas(vm, old->gpa, old->size, GMEM_TOUCH_UNMAP,
				    gmem_call_set_region.name)
		  : 0;
	if (ret)
		return ret;
	ret = set_region(vm, &options, 0);
	if (ret)
		return ret;
	/* Its pages have left the TD, and can be added again. */
	if (old)
		gmem_ranges_remove(&vm->td.added, old->gpa, old->gpa + old->size);
	remember_slot(vm, &gone);
	return 0;
}
