// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VM type and which creation flags a walk goes with. */
#include "walk.h"

#include <errno.h>
#include <string.h>

/* From the most to the least interesting; the last is always there. */
static const enum gmem_vm_type preference[] = {
	GMEM_VM_TDX,
	GMEM_VM_SNP,
	GMEM_VM_SW_PROTECTED,
	GMEM_VM_DEFAULT,
};

#define SHAREABLE (GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED)

/* Private memory needs no flags; elsewhere memory that the host cannot touch shows little. */
static uint64_t flags_for(const struct walk *walk, enum gmem_vm_type type)
{
	const struct walk_flags *asked = &walk->settings->flags;

	if (asked->given || gmem_caps_has_private(walk->caps, type))
		return asked->flags;
	return asked->flags | (gmem_caps_memory_flags(walk->caps, type) & SHAREABLE);
}

static bool takes_flags(const struct walk *walk, enum gmem_vm_type type)
{
	return !(flags_for(walk, type) & ~gmem_caps_memory_flags(walk->caps, type));
}

/* The first type that takes the flags; where none does, the first: the kernel says why not. */
static enum gmem_vm_type best_type(const struct walk *walk)
{
	const enum gmem_vm_type *first = NULL;

	for (size_t i = 0; i < sizeof(preference) / sizeof(preference[0]); i++) {
		if (!gmem_caps_has_vm_type(walk->caps, preference[i]))
			continue;
		if (takes_flags(walk, preference[i]))
			return preference[i];
		if (!first)
			first = &preference[i];
	}
	return first ? *first : GMEM_VM_DEFAULT;
}

/* What a walk asks of a VM type before it goes with it. */
static const char *const asked[] = {
	"KVM_CAP_GUEST_MEMFD",
	"KVM_CAP_GUEST_MEMFD_FLAGS",
	"KVM_CAP_MEMORY_ATTRIBUTES",
	"KVM_CAP_PRE_FAULT_MEMORY",
};

/* A question that KVM did not answer is not a no: the walk would go with the wrong type. */
static enum status check_answers(const struct walk *walk, enum gmem_vm_type type)
{
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		int answer = walk_capability(walk, type, asked[i]);

		/* ENOTTY: it is no KVM that was asked. The first stage has the words for it. */
		if (answer < 0 && answer != -ENOTTY)
			return cli_fail(walk->cli, STATUS_FAILED,
					"KVM_CHECK_EXTENSION(%s) on a %s VM: %s", asked[i],
					gmem_vm_type_name(type), strerror(-answer));
	}
	return STATUS_YES;
}

enum status walk_choose(struct walk *walk)
{
	enum status status = STATUS_YES;

	for (size_t i = 0; !status && i < sizeof(preference) / sizeof(preference[0]); i++) {
		bool wanted =
			!walk->settings->has_vm_type || walk->settings->vm_type == preference[i];

		if (wanted && gmem_caps_has_vm_type(walk->caps, preference[i]))
			status = check_answers(walk, preference[i]);
	}
	walk->type = walk->settings->has_vm_type ? walk->settings->vm_type : best_type(walk);
	walk->flags = flags_for(walk, walk->type);
	return status;
}
