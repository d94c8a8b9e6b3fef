/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How calls on a VM and its memory ask the guard, see base/guard.h. */
#ifndef GMEM_KVM_GUARD_H
#define GMEM_KVM_GUARD_H

#include "base/guard.h"
#include "kvm/memory.h"
#include "kvm/vm.h"

/*
 * Ask this before call touches pages of memory in that way. Calls that the kernel refuses by their
 * arguments alone are let through. Returns 0, or -GMEM_EWOULDFAULT, explained.
 */
int gmem_guard_memory(const struct gmem_memory *memory, int vm_type, uint64_t offset,
		      uint64_t length, unsigned int touch, const char *call);

/* The same for pages at guest addresses of a VM. */
int gmem_guard_gpas(const struct gmem_vm *vm, uint64_t gpa, uint64_t length, unsigned int touch,
		    const char *call);

#endif
