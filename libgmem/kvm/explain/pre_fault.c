// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_PRE_FAULT_MEMORY. */
#include <errno.h>

#include "base/log.h"
#include "kernel/uapi.h"
#include "kvm/explain/conditions.h"
#include "kvm/state.h"

static bool not_offered(const struct gmem_facts *facts)
{
	return !facts->vm_error && !facts->pre_fault;
}

static bool range_empty_or_wraps(const struct gmem_facts *facts)
{
	return facts->gpa + facts->size <= facts->gpa;
}

static const struct gmem_vm_slot *slot_at(const struct gmem_facts *facts)
{
	return gmem_vm_slot_at(facts->vm, facts->gpa);
}

static bool is_private(const struct gmem_facts *facts)
{
	return gmem_ranges_cover(&facts->vm->private_gpas, facts->gpa, facts->gpa + GMEM_PAGE_SIZE);
}

static bool private_without_slot(const struct gmem_facts *facts)
{
	return is_private(facts) && !slot_at(facts);
}

static bool private_without_memory(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = slot_at(facts);

	return is_private(facts) && slot && !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD);
}

static bool private_with_memory(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = slot_at(facts);

	return is_private(facts) && slot && slot->flags & GMEM_KVM_MEM_GUEST_MEMFD;
}

static bool shared_with_slot(const struct gmem_facts *facts)
{
	const struct gmem_vm_slot *slot = slot_at(facts);

	if (!slot || is_private(facts))
		return false;
	facts->found->shared_addr = slot->userspace_addr + (facts->gpa - slot->gpa);
	return true;
}

/*
 * kvm_vcpu_pre_fault_memory() in virt/kvm/kvm_main.c, kvm_arch_vcpu_pre_fault_memory() in
 * arch/x86/kvm/mmu/mmu.c. A vCPU ioctl that KVM does not know is EINVAL there, not ENOTTY, as
 * it is on arm64, which has no such call.
 */
static const struct gmem_condition pre_fault[] = {
	{ ENOTTY, NULL, "KVM on Linux {release} has no pre-fault", "use Linux 6.11 or newer" },
	{ EINVAL, gmem_fact_arm64, "KVM on arm64 has no pre-fault (Linux {release})",
	  "allocate the memory instead; the guest maps a page when it touches it" },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_size_unaligned, "length {size} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, range_empty_or_wraps, "guest address {gpa} plus length {size} is empty or wraps",
	  NULL },
	{ EINTR, NULL, "a signal came in", "call again" },
	{ EINVAL, gmem_fact_gpa_has_shared_bit, "guest address {gpa} carries the TD's shared bit",
	  "pass the address without it" },
	{ EINVAL, not_offered, "KVM on Linux {release} does not offer pre-fault",
	  "it needs Linux 6.11 or newer and EPT or NPT switched on" },
	{ EOPNOTSUPP, gmem_fact_tdx, "a TD is pre-faulted after KVM_TDX_FINALIZE_VM only",
	  "finalise it first; before, KVM_TDX_INIT_MEM_REGION adds pages" },
	{ EOPNOTSUPP, gmem_fact_snp, "an SNP guest is pre-faulted after SNP_LAUNCH_FINISH only",
	  "finish its launch first; before, SNP_LAUNCH_UPDATE adds pages" },
	{ EOPNOTSUPP, not_offered, "KVM uses neither EPT nor NPT here, and pre-fault needs one",
	  "allocate the memory instead" },
	{ EOPNOTSUPP, NULL,
	  "the vCPU is not on its two-dimensional page tables: it runs a nested "
	  "guest, or KVM uses shadow paging",
	  "allocate the memory instead" },
	{ ENOENT, NULL, "guest address {gpa} is shared and in no memslot", "set a memslot there" },
	{ EFAULT, private_without_slot, "guest address {gpa} is private and in no memslot",
	  "set a memslot with a guest_memfd there" },
	{ EFAULT, private_without_memory,
	  "guest address {gpa} is private, and its memslot has no guest_memfd",
	  "set the memslot with one, or convert the range to shared" },
	{ EFAULT, private_with_memory,
	  "guest address {gpa} is private, and its guest_memfd has been closed",
	  "delete the memslot and bind a new guest_memfd" },
	{ EFAULT, shared_with_slot,
	  "guest address {gpa} is shared, and userspace address {shared_addr} behind it is not "
	  "mapped, or its guest_memfd has been closed",
	  "map it, or convert the range to private" },
	{ EAGAIN, NULL, "the memslot at {gpa} is being deleted or moved", "call again" },
	{ EHWPOISON, NULL, "the page at guest address {gpa} has a memory failure",
	  "punch it out of the guest_memfd, its content is lost" },
	{ ENOMEM, NULL, "no page was free, or the memory cgroup is at its limit",
	  "free memory or raise memory.max; guest_memfd pages cannot be swapped or reclaimed" },
	{ EIO, gmem_fact_tdx, "the TDX module refused the page, and KVM stopped the VM",
	  GMEM_LOG_TDX " names the SEAMCALL and its status" },
};

const struct gmem_call gmem_call_pre_fault = {
	.name = "KVM_PRE_FAULT_MEMORY",
	GMEM_CONDITIONS(pre_fault),
	.on_vm = true,
	.unseen = "slots and conversions that did not go through this gmem_vm are not seen",
};
