// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM's TDX commands on a vCPU fd: arch/x86/kvm/vmx/tdx.c. KVM never copies their struct back, so
 * no SEAMCALL status is ever reported.
 */
#include <errno.h>

#include "base/log.h"
#include "kvm/explain/conditions.h"

#define SEAMCALL_FAILED                                                                          \
	{ EIO, gmem_fact_other_process,                                                          \
	  "the VM belongs to process {vm_pid}, this is process {own_pid}, and KVM takes ioctls " \
	  "from the process that created the VM only",                                           \
	  "make the call there" },                                                               \
	{                                                                                        \
		EIO, gmem_fact_vm_refuses,                                                       \
			"the VM is dead: a SEAMCALL of this command or of an earlier one "       \
			"failed, and KVM stopped it; for commands on a vCPU it reports no "      \
			"status",                                                                \
			GMEM_LOG_TDX " names the SEAMCALL and its status; create a new VM"       \
	}

#define FINALIZED                                                                          \
	{                                                                                  \
		EINVAL, gmem_fact_td_finalized,                                            \
			"the TD is finalised, and its vCPUs take no TDX command any more", \
			"do it before {do:td-finalize}"                                    \
	}

static bool vcpu_initialized(const struct gmem_facts *facts)
{
	return facts->vm->vcpus[facts->vcpu].initialized;
}

/* A vCPU that the caller brought may have been initialised by others. */
static bool vcpu_not_initialized(const struct gmem_facts *facts)
{
	const struct gmem_vcpu *vcpu = &facts->vm->vcpus[facts->vcpu];

	return vcpu->owned && !vcpu->initialized;
}

/* tdx_vcpu_get_cpuid() */
static const struct gmem_condition get_cpuid[] = {
	{ EINTR, NULL, "a signal came in while a vCPU was running", "call again" },
	FINALIZED,
	{ EINVAL, NULL, "the TD is not initialised, or finalised already", NULL },
	{ E2BIG, NULL, "the TD has more CPUID leaves than KVM_SET_CPUID2 takes (256)", NULL },
	{ ENOMEM, NULL, "there is no memory left for the list", "free some" },
	SEAMCALL_FAILED,
	{ EIO, NULL, "the TDX module does not let KVM read CPUID leaf 0 or 0x80000000",
	  GMEM_LOG_TDX " may say more" },
	GMEM_CONDITION_OOPS,
};

const struct gmem_call gmem_call_tdx_get_cpuid = {
	.name = "KVM_TDX_GET_CPUID",
	GMEM_CONDITIONS(get_cpuid),
	.unseen = GMEM_LOG_TDX " may say more",
};

/* kvm_vcpu_ioctl_set_cpuid2() in arch/x86/kvm/cpuid.c */
static const struct gmem_condition set_cpuid[] = {
	{ E2BIG, NULL, "the list has more entries than KVM takes (256)", "leave some out" },
	{ EINVAL, NULL,
	  "KVM does not take the list: an address width that it cannot have, or the vCPU has run",
	  "pass what KVM_TDX_GET_CPUID gave" },
	{ ENOMEM, NULL, "there is no memory left for the list", "free some" },
	{ EINTR, NULL, "a signal came in", "call again" },
};

const struct gmem_call gmem_call_set_cpuid = {
	.name = "KVM_SET_CPUID2",
	GMEM_CONDITIONS(set_cpuid),
	.on_vm = true,
	.unseen = "the list may be longer than it says",
};

/* tdx_vcpu_init(), tdx_td_vcpu_init() */
static const struct gmem_condition init_vcpu[] = {
	{ EINTR, NULL, "a signal came in while a vCPU was running", "call again" },
	FINALIZED,
	{ EINVAL, vcpu_initialized, "the vCPU is initialised already", NULL },
	{ EINVAL, NULL,
	  "the vCPU is initialised already, the TD is finalised, or the vCPU's CPUID lost x2APIC",
	  NULL },
	{ ENOMEM, NULL, "the kernel has no memory left for the vCPU's control pages",
	  "free some; they count in the memory cgroup" },
	SEAMCALL_FAILED,
	GMEM_CONDITION_OOPS,
};

const struct gmem_call gmem_call_tdx_init_vcpu = {
	.name = "KVM_TDX_INIT_VCPU",
	GMEM_CONDITIONS(init_vcpu),
	.unseen = GMEM_LOG_TDX " may say more",
};

static bool flag_unknown(const struct gmem_facts *facts)
{
	return facts->flags & ~GMEM_TDX_MEASURE;
}

static bool no_source(const struct gmem_facts *facts)
{
	return !facts->userspace_addr;
}

static bool added_before(const struct gmem_facts *facts)
{
	return gmem_ranges_cover(&facts->vm->td.added, facts->gpa, facts->gpa + GMEM_PAGE_SIZE);
}

/* tdx_vcpu_init_mem_region(), kvm_gmem_populate(), tdx_gmem_post_populate(), page by page. */
static const struct gmem_condition init_mem_region[] = {
	FINALIZED,
	{ EINVAL, vcpu_not_initialized, "the vCPU that should carry the command is not initialised",
	  "call {do:td-init-vcpu} first" },
	{ EINVAL, flag_unknown, "a flag is unknown", "pass GMEM_TDX_MEASURE or 0" },
	{ EOPNOTSUPP, no_source,
	  "there is no source, and this kernel does not convert memory in place",
	  "pass the content, or a page of zeroes" },
	{ EINVAL, no_source, "there is no source: pages come into a TD as a copy",
	  "pass the content, or a page of zeroes" },
	{ EINVAL, gmem_fact_source_unaligned,
	  "source address {userspace_addr} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_size_zero, "the region has 0 pages", NULL },
	{ EINVAL, gmem_fact_gpa_wraps, "guest address {gpa} plus {size} bytes wraps", NULL },
	{ EINVAL, gmem_fact_gpa_has_shared_bit,
	  "guest address {gpa} plus {size} bytes carries the TD's shared bit",
	  "pass the address without it" },
	{ EINTR, NULL, "signals came in, again and again", "call again with what is left" },
	{ EINVAL, gmem_fact_no_slot, "guest address {gpa} is in no memslot",
	  "set one with a guest_memfd there" },
	{ EINVAL, gmem_fact_slot_without_memory,
	  "the memslot at guest address {gpa} has no guest_memfd",
	  "delete it and set one that has" },
	{ EFAULT, NULL,
	  "source address {userspace_addr} cannot be read, or the guest_memfd behind guest address "
	  "{gpa} has been closed",
	  NULL },
	{ EINVAL, gmem_fact_not_private, "guest address {gpa} is shared",
	  "call {do:convert} first" },
	{ ENOMEM, NULL, "no page was free, or the memory cgroup is at its limit",
	  "free memory or raise memory.max; guest_memfd pages cannot be swapped or reclaimed" },
	{ EHWPOISON, NULL, "the page at guest address {gpa} has a memory failure",
	  "punch it out of the guest_memfd" },
	{ EPERM, NULL, "writes to guest address {gpa} are tracked by a device driver",
	  "detach the mediated GPU from the VM" },
	SEAMCALL_FAILED,
	{ EIO, added_before,
	  "the page at guest address {gpa} was added before, and a page is added once",
	  "leave it out; its content counts as it was" },
	{ EIO, NULL, "the page at guest address {gpa} is in the TD already",
	  "leave it out; a page is added once" },
	{ EAGAIN, NULL, "the TDX module stayed busy, or nothing was done",
	  "call again with what is left" },
	GMEM_CONDITION_OOPS,
};

const struct gmem_call gmem_call_tdx_init_mem_region = {
	.name = "KVM_TDX_INIT_MEM_REGION",
	GMEM_CONDITIONS(init_mem_region),
	.unseen = "vCPUs, slots and conversions that did not go through this gmem_vm are not seen",
};
