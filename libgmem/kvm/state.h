/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_KVM_STATE_H
#define GMEM_KVM_STATE_H

#include "kvm/memory.h"
#include "kvm/vm.h"

/* The slot that was set at gpa through this object, or NULL. */
const struct gmem_vm_slot *gmem_vm_slot_at(const struct gmem_vm *vm, uint64_t gpa);

/* Guest address that an offset of memory was bound to through this object, or GMEM_GPA_NONE. */
uint64_t gmem_vm_gpa_of(const struct gmem_vm *vm, const struct gmem_memory *memory,
			uint64_t offset);

/* Whether [gpa, gpa + length) was bound to that offset of memory through this object. */
bool gmem_vm_binds(const struct gmem_vm *vm, const struct gmem_memory *memory, uint64_t offset,
		   uint64_t gpa, uint64_t length);

/* Forgets all slots. */
void gmem_vm_free_slots(struct gmem_vm *vm);

/* Makes room to note a conversion. Errors: ENOMEM, explained. */
int gmem_vm_reserve_conversion(struct gmem_vm *vm);

/* Notes a conversion, once for each time that room was made. */
void gmem_vm_note_converted(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private);

#endif
