/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KVM uAPI that may be newer than the build machine's headers (Debian 12 has Linux 6.1's): the
 * only place where libgmem and the simulator take these numbers from. tests/unit/uapi.c holds
 * them against the system's <linux/kvm.h> where that has them.
 */
#ifndef GMEM_UAPI_H
#define GMEM_UAPI_H

#include <linux/kvm.h>
#include <linux/types.h>

#include "kernel/uapi_x86.h"

/* include/uapi/linux/kvm.h, Linux 7.3 */
#define GMEM_KVM_CAP_NR_MEMSLOTS 10
#define GMEM_KVM_CAP_MAX_VCPUS 66
#define GMEM_KVM_CAP_READONLY_MEM 81
#define GMEM_KVM_CAP_MULTI_ADDRESS_SPACE 118
#define GMEM_KVM_CAP_SPLIT_IRQCHIP 121
#define GMEM_KVM_CAP_EXIT_HYPERCALL 201
#define GMEM_KVM_CAP_USER_MEMORY2 231
#define GMEM_KVM_CAP_MEMORY_FAULT_INFO 232
#define GMEM_KVM_CAP_MEMORY_ATTRIBUTES 233
#define GMEM_KVM_CAP_GUEST_MEMFD 234
#define GMEM_KVM_CAP_VM_TYPES 235
#define GMEM_KVM_CAP_PRE_FAULT_MEMORY 236
#define GMEM_KVM_CAP_ARM_VM_IPA_SIZE 165
#define GMEM_KVM_CAP_ARM_CACHEABLE_PFNMAP 243 /* of a VM, since Linux 6.17 */
#define GMEM_KVM_CAP_GUEST_MEMFD_FLAGS 244

/* What KVM_CREATE_VM takes on arm64: bits of a guest address, and whether the VM is protected. */
#define GMEM_KVM_VM_TYPE_ARM_IPA_SIZE_MASK 0xfful
#define GMEM_KVM_VM_TYPE_ARM_PROTECTED (1ul << 31)

#define GMEM_KVM_CREATE_VM 0xae01ul
#define GMEM_KVM_CHECK_EXTENSION 0xae03ul
#define GMEM_KVM_CREATE_VCPU 0xae41ul
#define GMEM_KVM_SET_USER_MEMORY_REGION 0x4020ae46ul
#define GMEM_KVM_SET_USER_MEMORY_REGION2 0x40a0ae49ul
#define GMEM_KVM_MEMORY_ENCRYPT_OP 0xc008aebaul
#define GMEM_KVM_SET_MEMORY_ATTRIBUTES 0x4020aed2ul
#define GMEM_KVM_CREATE_GUEST_MEMFD 0xc040aed4ul
#define GMEM_KVM_PRE_FAULT_MEMORY 0xc040aed5ul

#define GMEM_KVM_MEM_LOG_DIRTY_PAGES (1u << 0)
#define GMEM_KVM_MEM_READONLY (1u << 1)
#define GMEM_KVM_MEM_GUEST_MEMFD (1u << 2)

#define GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE (1ull << 3)

struct gmem_kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

struct gmem_kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};

struct gmem_kvm_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};

struct gmem_kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};

_Static_assert(sizeof(struct gmem_kvm_create_guest_memfd) == 64, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_userspace_memory_region2) == 160, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_memory_attributes) == 32, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_pre_fault_memory) == 64, "uAPI layout");

/* include/uapi/linux/magic.h, Linux 7.3: the file system of guest_memfd inodes. */
#define GMEM_GUEST_MEMFD_MAGIC 0x474d454du

/* include/uapi/asm-generic/mman-common.h, Linux 5.14 */
#define GMEM_MADV_POPULATE_WRITE 23

/* include/uapi/linux/mempolicy.h, Linux 6.9: MPOL_WEIGHTED_INTERLEAVE */
#define GMEM_MPOL_WEIGHTED_INTERLEAVE 6

#endif
