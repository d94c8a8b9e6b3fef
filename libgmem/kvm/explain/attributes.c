// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_SET_MEMORY_ATTRIBUTES. */
#include <errno.h>

#include "kernel/uapi.h"
#include "kvm/explain/conditions.h"
#include "kvm/kvm.h"

static bool attribute_not_offered(const struct gmem_facts *facts)
{
	return facts->attributes & ~facts->offered_attributes;
}

/* Then the VM has no attributes, and its guest_memfds have. */
static bool converts_in_place(const struct gmem_facts *facts)
{
	return gmem_kernel_converts_in_place(facts->ctx);
}

#define IN_PLACE(error)                                                                                        \
	{                                                                                                      \
		error, converts_in_place,                                                                      \
			"KVM on Linux {release} converts memory in place, through the guest_memfd itself: an " \
			"interface that is in no released kernel that libgmem knows of",                       \
			"let libgmem use it with {do:allow-unreleased}, or load kvm with "                     \
			"gmem_in_place_conversion=N"                                                           \
	}

/* kvm_vm_ioctl_set_mem_attributes() in virt/kvm/kvm_main.c. */
static const struct gmem_condition set_attributes[] = {
	IN_PLACE(ENOTTY),
	IN_PLACE(EINVAL),
	{ ENOTTY, NULL,
	  "KVM on Linux {release} has no memory attributes: no VM type with private "
	  "memory is built in",
	  "use a kernel with CONFIG_KVM_INTEL_TDX, CONFIG_KVM_AMD_SEV or "
	  "CONFIG_KVM_SW_PROTECTED_VM" },
	{ EINVAL, gmem_fact_arm64,
	  "KVM on arm64 has no memory attributes (Linux {release}): no VM here has private "
	  "memory that can be converted",
	  "do without: a guest_memfd with the flags mmap and init-shared is shared as it is" },
	{ EINVAL, attribute_not_offered, "a {type} VM has no private memory on Linux {release}",
	  "create the VM with a type that has: tdx, snp or sw-protected" },
	{ EINVAL, gmem_fact_size_zero, "length is 0",
	  "give a multiple of {page_size} bytes above 0" },
	{ EINVAL, gmem_fact_gpa_wraps,
	  "guest address {gpa} plus length {size} wraps (to end at 2^64 counts as that)", NULL },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_size_unaligned, "length {size} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ ENOMEM, NULL,
	  "the kernel has no memory left for the attributes (about 9 bytes a private page)",
	  "free memory, raise memory.max, or convert in smaller steps" },
};

const struct gmem_call gmem_call_set_attributes = {
	.name = "KVM_SET_MEMORY_ATTRIBUTES",
	GMEM_CONDITIONS(set_attributes),
	.on_vm = true,
	.unseen = "address, length and attribute are as the kernel wants them",
};

static bool file_of_slot_closed(const struct gmem_facts *facts)
{
	return !gmem_fact_no_slot(facts) && !gmem_fact_slot_without_memory(facts);
}

/* As of v8 of the series; what kernels will release may differ. */
static const struct gmem_condition convert_in_place[] = {
	{ ENOTTY, NULL,
	  "KVM on Linux {release} says that it converts in place, and its guest_memfds do not",
	  "its interface is not the one that libgmem knows; do without" },
	{ EINVAL, gmem_fact_size_zero, "length is 0",
	  "give a multiple of {page_size} bytes above 0" },
	{ EINVAL, gmem_fact_gpa_wraps, "guest address {gpa} plus length {size} wraps", NULL },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_size_unaligned, "length {size} is no multiple of {page_size}",
	  "take a multiple of it" },
	{ EINVAL, gmem_fact_no_slot,
	  "guest address {gpa} is in no memslot, and conversion in place is done to the file behind "
	  "an address",
	  "set a memslot with a guest_memfd there first" },
	{ EINVAL, gmem_fact_slot_without_memory,
	  "the memslot at guest address {gpa} has no guest_memfd to convert", NULL },
	{ EBADF, file_of_slot_closed,
	  "the guest_memfd behind guest address {gpa} is not open under the descriptor it was bound "
	  "with",
	  "keep it open as long as its memory is converted" },
	{ EAGAIN, NULL,
	  "the page at guest address {gpa} is held by somebody: pinned for DMA, or just being "
	  "looked at",
	  "unpin it and call again from there" },
	{ EFAULT, NULL, "the kernel cannot read the arguments: its interface may have changed",
	  "do without {do:allow-unreleased}" },
	{ ENOMEM, NULL, "the kernel has no memory left for the attributes", "free some" },
};

const struct gmem_call gmem_call_convert_in_place = {
	.name = "KVM_SET_MEMORY_ATTRIBUTES2 (not in a released kernel)",
	GMEM_CONDITIONS(convert_in_place),
	.unseen = "the interface of this kernel may not be the one that libgmem knows",
};
