// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_SET_MEMORY_ATTRIBUTES. */
#include <errno.h>

#include "explain/conditions.h"
#include "kernel/uapi.h"

static bool attribute_not_offered(struct gmem_facts *facts)
{
	return facts->attributes & ~facts->offered_attributes;
}

/* kvm_vm_ioctl_set_mem_attributes() in virt/kvm/kvm_main.c. */
static const struct gmem_condition set_attributes[] = {
	{ ENOTTY, NULL,
	  "KVM on Linux {release} has no memory attributes: no VM type with private "
	  "memory is built in",
	  "use a kernel with CONFIG_KVM_INTEL_TDX, CONFIG_KVM_AMD_SEV or "
	  "CONFIG_KVM_SW_PROTECTED_VM" },
	{ EINVAL, attribute_not_offered, "a {type} VM has no private memory on Linux {release}",
	  "create the VM with a type that has: tdx, snp or sw-protected" },
	{ EINVAL, gmem_fact_size_zero, "length is 0", "give a multiple of 4096 bytes above 0" },
	{ EINVAL, gmem_fact_gpa_wraps,
	  "guest address {gpa} plus length {size} wraps (to end at 2^64 counts as that)", NULL },
	{ EINVAL, gmem_fact_gpa_unaligned, "guest address {gpa} is no multiple of 4096", NULL },
	{ EINVAL, gmem_fact_size_unaligned, "length {size} is no multiple of 4096", NULL },
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
