/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TDX part of KVM's uAPI, newer than the build machine's headers: arch/x86/include/uapi/asm/
 * kvm.h, Linux 7.3. All of it goes through KVM_MEMORY_ENCRYPT_OP with struct gmem_kvm_tdx_cmd.
 */
#ifndef GMEM_UAPI_TDX_H
#define GMEM_UAPI_TDX_H

#include <linux/types.h>
#include <stddef.h>

/* id of struct gmem_kvm_tdx_cmd */
#define GMEM_KVM_TDX_CAPABILITIES 0u	/* VM fd */
#define GMEM_KVM_TDX_INIT_VM 1u		/* VM fd */
#define GMEM_KVM_TDX_INIT_VCPU 2u	/* vCPU fd */
#define GMEM_KVM_TDX_INIT_MEM_REGION 3u /* vCPU fd */
#define GMEM_KVM_TDX_FINALIZE_VM 4u	/* VM fd */
#define GMEM_KVM_TDX_GET_CPUID 5u	/* vCPU fd */

/* flags of GMEM_KVM_TDX_INIT_MEM_REGION */
#define GMEM_KVM_TDX_MEASURE_MEMORY_REGION (1u << 0)

/* Attributes of a TD that KVM can offer. */
#define GMEM_TDX_ATTR_SEPT_VE_DISABLE (1ull << 28)

#define GMEM_KVM_EXIT_TDX 40u

struct gmem_kvm_tdx_cmd {
	__u32 id;
	__u32 flags;
	__u64 data;	/* pointer or value */
	__u64 hw_error; /* in: 0; out: SEAMCALL status, where the command reports one */
};

struct gmem_kvm_cpuid_entry2 {
	__u32 function;
	__u32 index;
	__u32 flags;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u32 padding[3];
};

/* flags of an entry: index tells sub-leaves apart */
#define GMEM_KVM_CPUID_FLAG_SIGNIFICANT_INDEX (1u << 0)

/* nent entries follow. */
struct gmem_kvm_cpuid2 {
	__u32 nent;
	__u32 padding;
};

struct gmem_kvm_tdx_capabilities {
	__u64 supported_attrs;
	__u64 supported_xfam;
	__u64 kernel_tdvmcallinfo_1_r11;
	__u64 user_tdvmcallinfo_1_r11;
	__u64 kernel_tdvmcallinfo_1_r12;
	__u64 user_tdvmcallinfo_1_r12;
	__u64 reserved[250];
	struct gmem_kvm_cpuid2 cpuid; /* last: its entries follow */
};

struct gmem_kvm_tdx_init_vm {
	__u64 attributes;
	__u64 xfam;
	__u64 mrconfigid[6];
	__u64 mrowner[6];
	__u64 mrownerconfig[6];
	__u64 reserved[12];	      /* 0 */
	struct gmem_kvm_cpuid2 cpuid; /* last: its entries follow */
};

struct gmem_kvm_tdx_init_mem_region {
	__u64 source_addr;
	__u64 gpa;
	__u64 nr_pages; /* in and out: what is left */
};

_Static_assert(sizeof(struct gmem_kvm_tdx_cmd) == 24, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_cmd, hw_error) == 16, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_cpuid_entry2) == 40, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_cpuid2) == 8, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_tdx_capabilities) == 2056, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_capabilities, reserved) == 48, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_capabilities, cpuid) == 2048, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_tdx_init_vm) == 264, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_init_vm, mrconfigid) == 16, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_init_vm, mrowner) == 64, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_init_vm, mrownerconfig) == 112, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_init_vm, reserved) == 160, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_tdx_init_vm, cpuid) == 256, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_tdx_init_mem_region) == 24, "uAPI layout");

#endif
