// SPDX-License-Identifier: LGPL-2.1-or-later
/* CPUID lists: what a TD is configured with. */
#include <stdlib.h>

#include "kernel/uapi_x86.h"
#include "kvm/tdx/td.h"

#define LEAF_ADDRESS_WIDTH 0x80000008u
#define GUEST_WIDTH_SHIFT 16
#define GUEST_WIDTH_MASK (0xffu << GUEST_WIDTH_SHIFT)

/* Leaves with sub-leaves: cpuid_function_is_indexed() in arch/x86/kvm/cpuid.h. */
static const uint32_t indexed_leaves[] = {
	0x4, 0x7, 0xb, 0xd, 0xf, 0x10, 0x12, 0x14, 0x17, 0x18, 0x1d, 0x1e, 0x1f, 0x24, 0x8000001d,
};

static bool is_indexed(uint32_t function)
{
	for (size_t i = 0; i < sizeof(indexed_leaves) / sizeof(indexed_leaves[0]); i++)
		if (indexed_leaves[i] == function)
			return true;
	return false;
}

struct kvm_cpuid2 *gmem_cpuid_alloc(uint32_t entries)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + entries * sizeof(struct kvm_cpuid_entry2));

	if (cpuid)
		cpuid->nent = entries;
	return cpuid;
}

struct kvm_cpuid_entry2 *gmem_cpuid_find(struct kvm_cpuid2 *cpuid, uint32_t function,
					 uint32_t index)
{
	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function && cpuid->entries[i].index == index)
			return &cpuid->entries[i];
	return NULL;
}

/* Index 0 of what has no sub-leaves may stand with any index. */
static const struct kvm_cpuid_entry2 *find_wanted(const struct kvm_cpuid2 *wanted,
						  const struct kvm_cpuid_entry2 *mask)
{
	for (uint32_t i = 0; wanted && i < wanted->nent; i++) {
		const struct kvm_cpuid_entry2 *entry = &wanted->entries[i];

		if (entry->function == mask->function &&
		    (entry->index == mask->index || !is_indexed(mask->function)))
			return entry;
	}
	return NULL;
}

/*
 * KVM takes the first entry of a leaf that does not say its index counts for every sub-leaf of
 * it, without an error (setup_tdparams_cpuids()), and gives the list of what is configurable
 * without that flag.
 */
static struct kvm_cpuid_entry2 configure(const struct kvm_cpuid_entry2 *mask,
					 const struct kvm_cpuid_entry2 *wanted)
{
	struct kvm_cpuid_entry2 entry = { .function = mask->function, .index = mask->index };

	if (is_indexed(mask->function) || mask->index)
		entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
	entry.eax = wanted->eax & mask->eax;
	entry.ebx = wanted->ebx & mask->ebx;
	entry.ecx = wanted->ecx & mask->ecx;
	entry.edx = wanted->edx & mask->edx;
	return entry;
}

/* KVM reads the width from this leaf, and refuses a TD without (setup_tdparams_eptp_controls()). */
static void set_address_width(struct kvm_cpuid_entry2 *entry, unsigned int address_width)
{
	entry->eax &= ~GUEST_WIDTH_MASK;
	entry->eax |= address_width << GUEST_WIDTH_SHIFT & GUEST_WIDTH_MASK;
}

struct kvm_cpuid2 *gmem_td_init_cpuid(const struct kvm_cpuid2 *configurable,
				      const struct kvm_cpuid2 *wanted, unsigned int address_width)
{
	static const struct kvm_cpuid_entry2 nothing;
	struct kvm_cpuid2 *cpuid = gmem_cpuid_alloc(configurable->nent);

	if (!cpuid)
		return NULL;
	cpuid->nent = 0;
	for (uint32_t i = 0; i < configurable->nent; i++) {
		const struct kvm_cpuid_entry2 *mask = &configurable->entries[i];
		const struct kvm_cpuid_entry2 *entry = find_wanted(wanted, mask);
		bool has_width = mask->function == LEAF_ADDRESS_WIDTH && !mask->index;

		/* What is not in the list is not configured: the module decides. */
		if (!entry && !has_width)
			continue;
		cpuid->entries[cpuid->nent] = configure(mask, entry ? entry : &nothing);
		if (has_width)
			set_address_width(&cpuid->entries[cpuid->nent], address_width);
		cpuid->nent++;
	}
	return cpuid;
}
