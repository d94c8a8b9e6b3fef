/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VM as libgmem knows it: its descriptors, and what was done to it through this object. */
#ifndef GMEM_VM_INTERNAL_H
#define GMEM_VM_INTERNAL_H

#include <sys/types.h>

#include "context.h"
#include "ranges.h"

/* A memslot that was set through this object. KVM has no call that lists them. */
struct gmem_vm_slot {
	uint32_t id;
	uint32_t flags; /* KVM_MEM_GUEST_MEMFD included */
	uint64_t gpa;
	uint64_t size;
	uint64_t userspace_addr;
	uint64_t inode; /* of the guest_memfd, with KVM_MEM_GUEST_MEMFD */
	uint64_t offset;
};

struct gmem_vm {
	struct gmem_ctx *ctx;
	int fd;
	bool owned; /* fd is ours to close */
	enum gmem_vm_type type;
	pid_t pid; /* of the process that created it, 0: not known */
	int *vcpus;
	size_t vcpu_count;
	struct gmem_vm_slot *slots;
	size_t slot_count;
	struct gmem_ranges private_gpas; /* converted through this object */
	int pre_fault;			 /* KVM_CAP_PRE_FAULT_MEMORY, -EINPROGRESS until asked */
};

/* Opens /dev/kvm. Returns the descriptor, or a negative errno, explained. */
int gmem_kvm_open(struct gmem_ctx *ctx);

/* KVM_CHECK_EXTENSION on /dev/kvm or a VM; no explanation is set. */
int gmem_check_extension(struct gmem_ctx *ctx, int fd, unsigned int number);

/* Process id of the caller as the kernel of ctx has it, or 0. */
pid_t gmem_own_pid(struct gmem_ctx *ctx);

/* Whether [gpa, gpa + length) was bound to that offset of memory through this object. */
bool gmem_vm_binds(const struct gmem_vm *vm, const struct gmem_memory *memory, uint64_t offset,
		   uint64_t gpa, uint64_t length);

/* Forgets all slots. */
void gmem_vm_free_slots(struct gmem_vm *vm);

#endif
