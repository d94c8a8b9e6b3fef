/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What <linux/kvm.h> has of x86 only (arch/x86/include/uapi/asm/kvm.h), for builds for other
 * machines: the simulated kernels are x86, and their TDs are launched there, too.
 */
#ifndef GMEM_UAPI_X86_H
#define GMEM_UAPI_X86_H

#include <linux/kvm.h>

#if !defined(__x86_64__) && !defined(__i386__)
struct kvm_cpuid_entry2 {
	__u32 function;
	__u32 index;
	__u32 flags;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u32 padding[3];
};

struct kvm_cpuid2 {
	__u32 nent;
	__u32 padding;
	struct kvm_cpuid_entry2 entries[];
};

#define KVM_CPUID_FLAG_SIGNIFCANT_INDEX (1u << 0)
#endif

#endif
