// SPDX-License-Identifier: LGPL-2.1-or-later
/* CPUID of TDs: what the module lets a VMM configure, and what KVM checks of it. */
#include "kernel/sim/kvm/tdx.h"

#define LEAF_ADDRESS_WIDTH 0x80000008u
#define LEAF_7_EBX_TSX (1u << 4 | 1u << 11)
#define LEAF_7_ECX_WAITPKG (1u << 5)

/* Bits that may be configured; flags are 0 for every entry, as KVM gives them. */
const struct gmem_kvm_cpuid_entry2 sim_tdx_configurable[SIM_TDX_CONFIGURABLE] = {
	{ .function = 0x1, .eax = 0x0fff3fff, .ebx = 0x00ff0000, .ecx = 0x00000080 },
	{ .function = 0x4, .index = 0, .eax = 0xffffc000, .ebx = 0xffffffff, .ecx = 0xffffffff },
	{ .function = 0x4, .index = 1, .eax = 0xffffc000, .ebx = 0xffffffff, .ecx = 0xffffffff },
	{ .function = 0x7, .ebx = 0xd02f0208, .ecx = 0x1b415f4e, .edx = 0x00814410 },
	{ .function = 0x14, .eax = 0x00000001 },
	{ .function = LEAF_ADDRESS_WIDTH, .eax = 0x00ff00ff, .ebx = 0x00000200 },
};

/* What a TD's vCPU would see. */
static const struct gmem_kvm_cpuid_entry2 guest_cpuid[] = {
	{ .function = 0x0, .eax = 0x21, .ebx = 0x756e6547, .ecx = 0x6c65746e, .edx = 0x49656e69 },
	{ .function = 0x1, .eax = 0x000806f8, .ecx = 0x77fefbff, .edx = 0xbfebfbff },
	{ .function = 0x4, .index = 0, .flags = 1, .eax = 0x7c004121, .ebx = 0x01c0003f },
	{ .function = 0x7, .flags = 1, .ebx = 0xf1bf07ab, .ecx = 0x1b415f4e, .edx = 0xbfc14410 },
	{ .function = 0x21, .flags = 1, .ebx = 0x65746e49, .ecx = 0x20202020, .edx = 0x5844546c },
	{ .function = 0x80000000, .eax = 0x80000008 },
	{ .function = LEAF_ADDRESS_WIDTH, .eax = 0x00003034 },
};

#define GUEST_CPUID (sizeof(guest_cpuid) / sizeof(*guest_cpuid))

/*
 * cpuid_entry2_find(): the first of that leaf with the same index, or for which the index does not
 * matter.
 */
static const struct gmem_kvm_cpuid_entry2 *find(const struct gmem_kvm_cpuid_entry2 *entries,
						uint32_t count, uint32_t function, uint32_t index)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct gmem_kvm_cpuid_entry2 *entry = &entries[i];

		if (entry->function == function &&
		    (!(entry->flags & GMEM_KVM_CPUID_FLAG_SIGNIFICANT_INDEX) ||
		     entry->index == index))
			return entry;
	}
	return NULL;
}

static int check_width(const struct gmem_sim *sim, const struct gmem_kvm_cpuid_entry2 *entries,
		       uint32_t count, unsigned int *width)
{
	const struct gmem_kvm_cpuid_entry2 *entry = find(entries, count, LEAF_ADDRESS_WIDTH, 0);

	if (!entry)
		return -EINVAL;
	*width = entry->eax >> 16 & 0xff;
	if (*width == 52)
		return sim->model->cpu->five_level ? 0 : -EINVAL;
	return *width == 48 ? 0 : -EINVAL;
}

static bool is_forbidden(const struct gmem_kvm_cpuid_entry2 *entry)
{
	return entry->function == 7 &&
	       (entry->ebx & LEAF_7_EBX_TSX || entry->ecx & LEAF_7_ECX_WAITPKG);
}

int sim_tdx_check_cpuid(const struct gmem_sim *sim, const struct gmem_kvm_cpuid_entry2 *entries,
			uint32_t count, unsigned int *width)
{
	uint32_t matched = 0;
	int err = check_width(sim, entries, count, width);

	if (err)
		return err;
	for (unsigned int i = 0; i < SIM_TDX_CONFIGURABLE; i++) {
		const struct gmem_kvm_cpuid_entry2 *entry =
			find(entries, count, sim_tdx_configurable[i].function,
			     sim_tdx_configurable[i].index);

		if (!entry)
			continue;
		if (is_forbidden(entry))
			return -EINVAL;
		matched++;
	}
	/* Only the number is compared: a leaf found twice hides one that is unknown. */
	return matched == count ? 0 : -EINVAL;
}

/* tdx_vcpu_get_cpuid(): too small a list learns the size it needs. */
int sim_td_get_cpuid(const struct gmem_kvm_tdx_cmd *cmd)
{
	struct gmem_kvm_cpuid2 head;
	uint32_t room;

	if (sim_copy_from_user(&head, cmd->data, sizeof(head)))
		return -EFAULT;
	room = head.nent;
	head.nent = GUEST_CPUID;
	head.padding = 0;
	if (sim_copy_to_user(cmd->data, &head, sizeof(head)))
		return -EFAULT;
	if (room < GUEST_CPUID)
		return -E2BIG;
	return sim_copy_to_user(cmd->data + sizeof(head), guest_cpuid, sizeof(guest_cpuid));
}
