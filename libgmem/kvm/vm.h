/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VM as libgmem knows it: its descriptors, and what was done to it through this object. */
#ifndef GMEM_KVM_VM_H
#define GMEM_KVM_VM_H

#include <sys/types.h>

#include "base/context.h"
#include "base/ranges.h"

/* A memslot that was set through this object. KVM has no call that lists them. */
struct gmem_vm_slot {
	uint32_t id;
	uint32_t flags; /* KVM_MEM_GUEST_MEMFD included */
	uint64_t gpa;
	uint64_t size;
	uint64_t userspace_addr;
	uint64_t inode;	       /* of the guest_memfd, with KVM_MEM_GUEST_MEMFD */
	int fd;		       /* it had then: may be closed, or another file's, since */
	uint64_t memory_flags; /* it was created with */
	uint64_t offset;
};

struct gmem_vcpu {
	int fd;
	bool owned;	  /* fd is ours to close */
	bool initialized; /* KVM_TDX_INIT_VCPU through this object */
};

/* How far the launch of a TD went through this object. */
struct gmem_td {
	bool initialized;	    /* KVM_TDX_INIT_VM */
	bool finalized;		    /* KVM_TDX_FINALIZE_VM */
	unsigned int address_width; /* bits of a guest-physical address, 0: not known */
	struct gmem_ranges added;   /* guest addresses, KVM_TDX_INIT_MEM_REGION */
};

/* The same of an SNP guest. */
struct gmem_snp {
	bool initialized; /* KVM_SEV_INIT2 */
	bool started;	  /* KVM_SEV_SNP_LAUNCH_START */
	bool finished;	  /* KVM_SEV_SNP_LAUNCH_FINISH */
	int sev_fd;	  /* /dev/sev, or a negative errno */
	struct gmem_ranges added;
};

struct gmem_vm {
	struct gmem_ctx *ctx;
	int fd;
	bool owned; /* fd is ours to close */
	enum gmem_vm_type type;
	pid_t pid; /* of the process that created it, 0: not known */
	struct gmem_vcpu *vcpus;
	size_t vcpu_count;
	struct gmem_vm_slot *slots;
	size_t slot_count;
	struct gmem_ranges private_gpas; /* converted through this object */
	int pre_fault;			 /* KVM_CAP_PRE_FAULT_MEMORY, -EINPROGRESS until asked */
	int in_place;			 /* gmem_convert_in_place() works, -EINPROGRESS likewise */
	struct gmem_td td;
	struct gmem_snp snp;
};

/* Opens /dev/kvm. Returns the descriptor, or a negative errno, explained. */
int gmem_kvm_open(struct gmem_ctx *ctx);

/*
 * Converts through the guest_memfds that are bound to a range. Errors, explained: as
 * gmem_convert() tells; ENOTTY where the kernel does not have it after all.
 */
int gmem_convert_in_place(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private);

#endif
