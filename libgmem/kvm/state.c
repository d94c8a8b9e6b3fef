// SPDX-License-Identifier: LGPL-2.1-or-later
/* The history of a VM through its object: its slots and its conversions. */
#include "kvm/state.h"

#include <stdlib.h>

#include "base/error.h"
#include "kernel/uapi.h"

const struct gmem_vm_slot *gmem_vm_slot_at(const struct gmem_vm *vm, uint64_t gpa)
{
	for (size_t i = 0; i < vm->slot_count; i++) {
		const struct gmem_vm_slot *slot = &vm->slots[i];

		if (slot->id >> 16 == 0 && gpa >= slot->gpa && gpa - slot->gpa < slot->size)
			return slot;
	}
	return NULL;
}

uint64_t gmem_vm_gpa_of(const struct gmem_vm *vm, const struct gmem_memory *memory, uint64_t offset)
{
	for (size_t i = 0; i < vm->slot_count; i++) {
		const struct gmem_vm_slot *slot = &vm->slots[i];

		if (slot->id >> 16 == 0 && slot->flags & GMEM_KVM_MEM_GUEST_MEMFD &&
		    memory->inode && slot->inode == memory->inode && offset >= slot->offset &&
		    offset - slot->offset < slot->size)
			return slot->gpa + (offset - slot->offset);
	}
	return GMEM_GPA_NONE;
}

bool gmem_vm_binds(const struct gmem_vm *vm, const struct gmem_memory *memory, uint64_t offset,
		   uint64_t gpa, uint64_t length)
{
	while (length) {
		const struct gmem_vm_slot *slot = gmem_vm_slot_at(vm, gpa);
		uint64_t into;

		if (!slot || !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD) || !memory->inode ||
		    slot->inode != memory->inode)
			return false;
		into = gpa - slot->gpa;
		if (slot->offset + into != offset)
			return false;
		if (length <= slot->size - into)
			return true;
		length -= slot->size - into;
		gpa += slot->size - into;
		offset += slot->size - into;
	}
	return true;
}

void gmem_vm_free_slots(struct gmem_vm *vm)
{
	free(vm->slots);
	vm->slots = NULL;
	vm->slot_count = 0;
}

/* Done before the system call, which cannot be taken back and must be noted. */
int gmem_vm_reserve_conversion(struct gmem_vm *vm)
{
	if (gmem_ranges_reserve(&vm->private_gpas) || gmem_ranges_reserve(&vm->td.added))
		return gmem_no_memory(vm->ctx, "a conversion");
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
