/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In-place conversion of guest_memfd, as posting v8 of "guest_memfd in-place conversion"
 * (2026-06-18) has it. In no released kernel; the numbers may still change, so probe: the ioctl
 * with size 0 is EINVAL where it exists and ENOTTY where it does not. The number of its
 * capability is not final and stands nowhere here.
 */
#ifndef GMEM_UAPI_IN_PLACE_H
#define GMEM_UAPI_IN_PLACE_H

#include <linux/types.h>
#include <stddef.h>

/* On the guest_memfd fd: _IOWR(KVMIO, 0xd2, struct gmem_kvm_memory_attributes2) */
#define GMEM_KVM_SET_MEMORY_ATTRIBUTES2 0xc080aed2ul

/* Whether it is on, if the kernel has it. */
#define GMEM_IN_PLACE_PARAMETER "/sys/module/kvm/parameters/gmem_in_place_conversion"

struct gmem_kvm_memory_attributes2 {
	__u64 offset; /* into the file, where address is of the VM's ioctl */
	__u64 size;
	__u64 attributes;
	__u64 flags;	    /* 0 */
	__u64 error_offset; /* out, with EAGAIN: the page that is still in use */
	__u64 reserved[11]; /* 0 */
};

_Static_assert(sizeof(struct gmem_kvm_memory_attributes2) == 128, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_memory_attributes2, error_offset) == 32, "uAPI layout");

#endif
