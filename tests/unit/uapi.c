// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libgmem's own KVM numbers and structs, compared with the system's <linux/kvm.h> if it is new
 * enough to have them. The compiler checks all of it. A run tells how much was checked.
 */
#include "unit.h"

#include <linux/kvm.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <gmem/gmem.h>

#include "kernel/kernel.h"
#include "sim/hooks.h"
#include "kernel/uapi.h"
#include "kernel/uapi_in_place.h"
#include "kernel/uapi_sev.h"
#include "kernel/uapi_tdx.h"

#define SAME(ours, theirs) _Static_assert((ours) == (theirs), #ours)
#define SAME_SIZE(ours, theirs) _Static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_FIELD(ours, theirs, field)                                                          \
	_Static_assert(offsetof(struct ours, field) == offsetof(struct theirs, field), #ours);   \
	_Static_assert(sizeof(((struct ours *)0)->field) == sizeof(((struct theirs *)0)->field), \
		       #ours)

/* Every header since Linux 6.1 has these. */
SAME(GMEM_KVM_CAP_NR_MEMSLOTS, KVM_CAP_NR_MEMSLOTS);
SAME(GMEM_KVM_CAP_MAX_VCPUS, KVM_CAP_MAX_VCPUS);
SAME(GMEM_KVM_CAP_READONLY_MEM, KVM_CAP_READONLY_MEM);
SAME(GMEM_KVM_CAP_MULTI_ADDRESS_SPACE, KVM_CAP_MULTI_ADDRESS_SPACE);
SAME(GMEM_KVM_CAP_SPLIT_IRQCHIP, KVM_CAP_SPLIT_IRQCHIP);
SAME(GMEM_KVM_CAP_EXIT_HYPERCALL, KVM_CAP_EXIT_HYPERCALL);
SAME(GMEM_KVM_CREATE_VM, KVM_CREATE_VM);
SAME(GMEM_KVM_CHECK_EXTENSION, KVM_CHECK_EXTENSION);
SAME(GMEM_KVM_CREATE_VCPU, KVM_CREATE_VCPU);
SAME(GMEM_KVM_SET_USER_MEMORY_REGION, KVM_SET_USER_MEMORY_REGION);
SAME(GMEM_KVM_MEMORY_ENCRYPT_OP, KVM_MEMORY_ENCRYPT_OP);
SAME(GMEM_KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_LOG_DIRTY_PAGES);
SAME(GMEM_KVM_MEM_READONLY, KVM_MEM_READONLY);
SAME_SIZE(gmem_kvm_cpuid2, kvm_cpuid2);
SAME_SIZE(gmem_kvm_cpuid_entry2, kvm_cpuid_entry2);
SAME_FIELD(gmem_kvm_cpuid_entry2, kvm_cpuid_entry2, function);
SAME_FIELD(gmem_kvm_cpuid_entry2, kvm_cpuid_entry2, index);
SAME_FIELD(gmem_kvm_cpuid_entry2, kvm_cpuid_entry2, flags);
SAME_FIELD(gmem_kvm_cpuid_entry2, kvm_cpuid_entry2, eax);
SAME_FIELD(gmem_kvm_cpuid_entry2, kvm_cpuid_entry2, edx);
SAME(GMEM_KVM_CPUID_FLAG_SIGNIFICANT_INDEX, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
_Static_assert(offsetof(struct kvm_cpuid2, entries) == sizeof(struct gmem_kvm_cpuid2),
	       "entries follow");
SAME_SIZE(gmem_kvm_sev_cmd, kvm_sev_cmd);
SAME_FIELD(gmem_kvm_sev_cmd, kvm_sev_cmd, id);
SAME_FIELD(gmem_kvm_sev_cmd, kvm_sev_cmd, data);
SAME_FIELD(gmem_kvm_sev_cmd, kvm_sev_cmd, error);
SAME_FIELD(gmem_kvm_sev_cmd, kvm_sev_cmd, sev_fd);

#ifdef KVM_CAP_USER_MEMORY2 /* Linux 6.8 */
#define HAVE_GUEST_MEMFD 1
SAME(GMEM_KVM_CAP_USER_MEMORY2, KVM_CAP_USER_MEMORY2);
SAME(GMEM_KVM_CAP_MEMORY_FAULT_INFO, KVM_CAP_MEMORY_FAULT_INFO);
SAME(GMEM_KVM_CAP_MEMORY_ATTRIBUTES, KVM_CAP_MEMORY_ATTRIBUTES);
SAME(GMEM_KVM_CAP_GUEST_MEMFD, KVM_CAP_GUEST_MEMFD);
SAME(GMEM_KVM_CAP_VM_TYPES, KVM_CAP_VM_TYPES);
SAME(GMEM_KVM_SET_USER_MEMORY_REGION2, KVM_SET_USER_MEMORY_REGION2);
SAME(GMEM_KVM_SET_MEMORY_ATTRIBUTES, KVM_SET_MEMORY_ATTRIBUTES);
SAME(GMEM_KVM_CREATE_GUEST_MEMFD, KVM_CREATE_GUEST_MEMFD);
SAME(GMEM_KVM_MEM_GUEST_MEMFD, KVM_MEM_GUEST_MEMFD);
SAME(GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE, KVM_MEMORY_ATTRIBUTE_PRIVATE);
SAME_SIZE(gmem_kvm_create_guest_memfd, kvm_create_guest_memfd);
SAME_FIELD(gmem_kvm_create_guest_memfd, kvm_create_guest_memfd, flags);
SAME_SIZE(gmem_kvm_userspace_memory_region2, kvm_userspace_memory_region2);
SAME_FIELD(gmem_kvm_userspace_memory_region2, kvm_userspace_memory_region2, guest_phys_addr);
SAME_FIELD(gmem_kvm_userspace_memory_region2, kvm_userspace_memory_region2, userspace_addr);
SAME_FIELD(gmem_kvm_userspace_memory_region2, kvm_userspace_memory_region2, guest_memfd_offset);
SAME_FIELD(gmem_kvm_userspace_memory_region2, kvm_userspace_memory_region2, guest_memfd);
SAME_SIZE(gmem_kvm_memory_attributes, kvm_memory_attributes);
SAME_FIELD(gmem_kvm_memory_attributes, kvm_memory_attributes, attributes);
#else
#define HAVE_GUEST_MEMFD 0
#endif

#ifdef KVM_PRE_FAULT_MEMORY /* Linux 6.11 */
#define HAVE_PRE_FAULT 1
SAME(GMEM_KVM_CAP_PRE_FAULT_MEMORY, KVM_CAP_PRE_FAULT_MEMORY);
SAME(GMEM_KVM_PRE_FAULT_MEMORY, KVM_PRE_FAULT_MEMORY);
SAME_SIZE(gmem_kvm_pre_fault_memory, kvm_pre_fault_memory);
SAME_FIELD(gmem_kvm_pre_fault_memory, kvm_pre_fault_memory, gpa);
SAME_FIELD(gmem_kvm_pre_fault_memory, kvm_pre_fault_memory, size);
#else
#define HAVE_PRE_FAULT 0
#endif

#ifdef KVM_CAP_GUEST_MEMFD_FLAGS /* Linux 6.18 */
#define HAVE_FLAGS 1
SAME(GMEM_KVM_CAP_GUEST_MEMFD_FLAGS, KVM_CAP_GUEST_MEMFD_FLAGS);
SAME(GMEM_MEMORY_MMAP, GUEST_MEMFD_FLAG_MMAP);
SAME(GMEM_MEMORY_INIT_SHARED, GUEST_MEMFD_FLAG_INIT_SHARED);
#else
#define HAVE_FLAGS 0
#endif

#ifdef GUEST_MEMFD_FLAG_NO_DIRECT_MAP
SAME(GMEM_MEMORY_NO_DIRECT_MAP, GUEST_MEMFD_FLAG_NO_DIRECT_MAP);
#endif

#ifdef GUEST_MEMFD_MAGIC
SAME(GMEM_GUEST_MEMFD_MAGIC, GUEST_MEMFD_MAGIC);
#endif

#ifdef MADV_POPULATE_WRITE
SAME(GMEM_MADV_POPULATE_WRITE, MADV_POPULATE_WRITE);
#endif

#ifdef KVM_X86_SNP_VM /* Linux 6.11 */
#define HAVE_SNP 1
SAME(GMEM_VM_SEV, KVM_X86_SEV_VM);
SAME(GMEM_VM_SEV_ES, KVM_X86_SEV_ES_VM);
SAME(GMEM_VM_SNP, KVM_X86_SNP_VM);
SAME(GMEM_KVM_SEV_INIT2, KVM_SEV_INIT2);
SAME(GMEM_KVM_SEV_SNP_LAUNCH_START, KVM_SEV_SNP_LAUNCH_START);
SAME(GMEM_KVM_SEV_SNP_LAUNCH_UPDATE, KVM_SEV_SNP_LAUNCH_UPDATE);
SAME(GMEM_KVM_SEV_SNP_LAUNCH_FINISH, KVM_SEV_SNP_LAUNCH_FINISH);
SAME(GMEM_SNP_PAGE_NORMAL, KVM_SEV_SNP_PAGE_TYPE_NORMAL);
SAME(GMEM_SNP_PAGE_ZERO, KVM_SEV_SNP_PAGE_TYPE_ZERO);
SAME(GMEM_SNP_PAGE_UNMEASURED, KVM_SEV_SNP_PAGE_TYPE_UNMEASURED);
SAME(GMEM_SNP_PAGE_SECRETS, KVM_SEV_SNP_PAGE_TYPE_SECRETS);
SAME(GMEM_SNP_PAGE_CPUID, KVM_SEV_SNP_PAGE_TYPE_CPUID);
SAME_SIZE(gmem_kvm_sev_init, kvm_sev_init);
SAME_FIELD(gmem_kvm_sev_init, kvm_sev_init, ghcb_version);
SAME_SIZE(gmem_kvm_sev_snp_launch_start, kvm_sev_snp_launch_start);
SAME_FIELD(gmem_kvm_sev_snp_launch_start, kvm_sev_snp_launch_start, gosvw);
SAME_FIELD(gmem_kvm_sev_snp_launch_start, kvm_sev_snp_launch_start, flags);
SAME_SIZE(gmem_kvm_sev_snp_launch_update, kvm_sev_snp_launch_update);
SAME_FIELD(gmem_kvm_sev_snp_launch_update, kvm_sev_snp_launch_update, uaddr);
SAME_FIELD(gmem_kvm_sev_snp_launch_update, kvm_sev_snp_launch_update, type);
SAME_FIELD(gmem_kvm_sev_snp_launch_update, kvm_sev_snp_launch_update, flags);
SAME_SIZE(gmem_kvm_sev_snp_launch_finish, kvm_sev_snp_launch_finish);
SAME_FIELD(gmem_kvm_sev_snp_launch_finish, kvm_sev_snp_launch_finish, id_block_en);
SAME_FIELD(gmem_kvm_sev_snp_launch_finish, kvm_sev_snp_launch_finish, host_data);
SAME_FIELD(gmem_kvm_sev_snp_launch_finish, kvm_sev_snp_launch_finish, flags);
#else
#define HAVE_SNP 0
#endif

#ifdef KVM_TDX_MEASURE_MEMORY_REGION /* Linux 6.16 */
#define HAVE_TDX 1
SAME(GMEM_VM_TDX, KVM_X86_TDX_VM);
SAME(GMEM_KVM_TDX_CAPABILITIES, KVM_TDX_CAPABILITIES);
SAME(GMEM_KVM_TDX_INIT_VM, KVM_TDX_INIT_VM);
SAME(GMEM_KVM_TDX_INIT_VCPU, KVM_TDX_INIT_VCPU);
SAME(GMEM_KVM_TDX_INIT_MEM_REGION, KVM_TDX_INIT_MEM_REGION);
SAME(GMEM_KVM_TDX_FINALIZE_VM, KVM_TDX_FINALIZE_VM);
SAME(GMEM_KVM_TDX_GET_CPUID, KVM_TDX_GET_CPUID);
SAME(GMEM_KVM_TDX_MEASURE_MEMORY_REGION, KVM_TDX_MEASURE_MEMORY_REGION);
SAME(GMEM_TDX_MEASURE, KVM_TDX_MEASURE_MEMORY_REGION);
SAME(GMEM_KVM_EXIT_TDX, KVM_EXIT_TDX);
SAME_SIZE(gmem_kvm_tdx_cmd, kvm_tdx_cmd);
SAME_FIELD(gmem_kvm_tdx_cmd, kvm_tdx_cmd, flags);
SAME_FIELD(gmem_kvm_tdx_cmd, kvm_tdx_cmd, data);
SAME_FIELD(gmem_kvm_tdx_cmd, kvm_tdx_cmd, hw_error);
SAME_SIZE(gmem_kvm_tdx_capabilities, kvm_tdx_capabilities);
SAME_FIELD(gmem_kvm_tdx_capabilities, kvm_tdx_capabilities, supported_xfam);
SAME_FIELD(gmem_kvm_tdx_capabilities, kvm_tdx_capabilities, user_tdvmcallinfo_1_r11);
SAME_FIELD(gmem_kvm_tdx_capabilities, kvm_tdx_capabilities, cpuid);
SAME_SIZE(gmem_kvm_tdx_init_vm, kvm_tdx_init_vm);
SAME_FIELD(gmem_kvm_tdx_init_vm, kvm_tdx_init_vm, xfam);
SAME_FIELD(gmem_kvm_tdx_init_vm, kvm_tdx_init_vm, mrconfigid);
SAME_FIELD(gmem_kvm_tdx_init_vm, kvm_tdx_init_vm, mrowner);
SAME_FIELD(gmem_kvm_tdx_init_vm, kvm_tdx_init_vm, mrownerconfig);
SAME_FIELD(gmem_kvm_tdx_init_vm, kvm_tdx_init_vm, cpuid);
SAME_SIZE(gmem_kvm_tdx_init_mem_region, kvm_tdx_init_mem_region);
SAME_FIELD(gmem_kvm_tdx_init_mem_region, kvm_tdx_init_mem_region, gpa);
SAME_FIELD(gmem_kvm_tdx_init_mem_region, kvm_tdx_init_mem_region, nr_pages);
#else
#define HAVE_TDX 0
#endif

/* When a kernel releases this name, its number must be the one that is used here. */
#ifdef KVM_SET_MEMORY_ATTRIBUTES2
SAME(GMEM_KVM_SET_MEMORY_ATTRIBUTES2, KVM_SET_MEMORY_ATTRIBUTES2);
SAME_SIZE(gmem_kvm_memory_attributes2, kvm_memory_attributes2);
#endif

/* The public header's names for the kernel's numbers. */
SAME(GMEM_SNP_PAGE_NORMAL, GMEM_KVM_SEV_SNP_PAGE_TYPE_NORMAL);
SAME(GMEM_SNP_PAGE_ZERO, GMEM_KVM_SEV_SNP_PAGE_TYPE_ZERO);
SAME(GMEM_SNP_PAGE_UNMEASURED, GMEM_KVM_SEV_SNP_PAGE_TYPE_UNMEASURED);
SAME(GMEM_SNP_PAGE_SECRETS, GMEM_KVM_SEV_SNP_PAGE_TYPE_SECRETS);
SAME(GMEM_SNP_PAGE_CPUID, GMEM_KVM_SEV_SNP_PAGE_TYPE_CPUID);
SAME(GMEM_SNP_POLICY_ALWAYS, GMEM_SNP_POLICY_RESERVED_ONE);
SAME(GMEM_TDX_SEPT_VE_DISABLE, GMEM_TDX_ATTR_SEPT_VE_DISABLE);

/* The ioctl numbers contain the sizes, whatever header is there. */
START_TEST(numbers_and_sizes)
{
	static const struct {
		unsigned long number;
		size_t size;
	} calls[] = {
		{ GMEM_KVM_SET_USER_MEMORY_REGION2,
		  sizeof(struct gmem_kvm_userspace_memory_region2) },
		{ GMEM_KVM_SET_MEMORY_ATTRIBUTES, sizeof(struct gmem_kvm_memory_attributes) },
		{ GMEM_KVM_SET_MEMORY_ATTRIBUTES2, sizeof(struct gmem_kvm_memory_attributes2) },
		{ GMEM_KVM_CREATE_GUEST_MEMFD, sizeof(struct gmem_kvm_create_guest_memfd) },
		{ GMEM_KVM_PRE_FAULT_MEMORY, sizeof(struct gmem_kvm_pre_fault_memory) },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ck_assert_uint_eq(_IOC_SIZE(calls[i].number), calls[i].size);
		ck_assert_uint_eq(_IOC_TYPE(calls[i].number), KVMIO);
	}
}
END_TEST

START_TEST(compiled_parts_are_listed)
{
	static const struct {
		const char *what;
		int have;
	} parts[] = {
		{ "guest_memfd", HAVE_GUEST_MEMFD },
		{ "pre-fault", HAVE_PRE_FAULT },
		{ "flags", HAVE_FLAGS },
		{ "SNP", HAVE_SNP },
		{ "TDX", HAVE_TDX },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		printf("# <linux/kvm.h>: %s %s\n", parts[i].what,
		       parts[i].have ? "compared" : "not in it");
}
END_TEST

UNIT_MAIN("uapi", numbers_and_sizes, compiled_parts_are_listed)
