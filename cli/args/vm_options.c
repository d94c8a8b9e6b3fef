// SPDX-License-Identifier: GPL-2.0-or-later
/* From options to the VM type and the creation flags that a command goes with. */
#include "args/vm_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output/cell.h"

struct choice {
	struct cli *cli;
	const struct gmem_caps *caps;
	const struct flags_asked *flags;
};

enum status set_vm_type(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field)
{
	struct vm_type_asked *asked = field;

	asked->given = strcmp(arg, "best") != 0;
	if (!asked->given || !gmem_vm_type_from_name(arg, &asked->type))
		return STATUS_YES;
	return cli_usage(cli,
			 "--%s=%s: it is not one of best, default, sw-protected, sev, sev-es, "
			 "snp, tdx, protected",
			 option->name, arg);
}

static enum status add_flag(struct cli *cli, const char *name, struct flags_asked *flags)
{
	uint64_t flag;

	if (gmem_memory_flag_from_name(name, &flag))
		return cli_usage(cli, "flag '%s' is not one of mmap, init-shared, no-direct-map",
				 name);
	flags->flags |= flag;
	/* Removal from the direct map is added to the flags that are used anyway. */
	flags->given = flags->given || flag != GMEM_MEMORY_NO_DIRECT_MAP;
	return STATUS_YES;
}

enum status set_one_flag(struct cli *cli, const struct cli_option *option, const char *arg,
			 void *field)
{
	(void)arg;
	return add_flag(cli, option->name, field);
}

/* An empty list asks for memory without flags. */
enum status set_flags(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field)
{
	struct flags_asked *flags = field;
	char name[CELL_TEXT_MAX];
	enum status status = STATUS_YES;

	(void)option;
	flags->given = true;
	while (*arg && !status) {
		size_t length = strcspn(arg, ",");

		snprintf(name, sizeof(name), "%.*s", length < 40 ? (int)length : 40, arg);
		status = add_flag(cli, name, flags);
		arg += length + (arg[length] == ',');
	}
	return status;
}

int vm_capability(const struct gmem_caps *caps, enum gmem_vm_type type, const char *name)
{
	const struct gmem_capability *cap;

	for (size_t i = 0; (cap = gmem_capability_at(i)); i++)
		if (!strcmp(cap->name, name))
			return gmem_caps_vm(caps, type, cap->number);
	return -ENOENT;
}

/* From the most to the least interesting; the last is always there. */
static const enum gmem_vm_type preference[] = {
	GMEM_VM_TDX,
	GMEM_VM_SNP,
	GMEM_VM_SW_PROTECTED,
	GMEM_VM_DEFAULT,
};

#define SHAREABLE (GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED)

/*
 * Of a protected VM nothing is asked beforehand: making one taints the kernel. KVM on arm64 takes
 * the same flags for all its VMs, because it has no kvm_arch_supports_gmem_init_shared() of its
 * own.
 */
static uint64_t offered_flags(const struct choice *choice, enum gmem_vm_type type)
{
	return gmem_caps_memory_flags(choice->caps,
				      type == GMEM_VM_ARM_PROTECTED ? GMEM_VM_DEFAULT : type);
}

/*
 * Private memory needs no flags. For other VM types, memory that the host cannot touch would show
 * little.
 */
static uint64_t flags_for(const struct choice *choice, enum gmem_vm_type type)
{
	const struct flags_asked *asked = choice->flags;

	if (asked->given || gmem_caps_has_private(choice->caps, type))
		return asked->flags;
	return asked->flags | (offered_flags(choice, type) & SHAREABLE);
}

static bool takes_flags(const struct choice *choice, enum gmem_vm_type type)
{
	return !(flags_for(choice, type) & ~gmem_caps_memory_flags(choice->caps, type));
}

/* The first type that takes the flags; where none does, the first: the kernel says why not. */
static enum gmem_vm_type best_type(const struct choice *choice)
{
	const enum gmem_vm_type *first = NULL;

	for (size_t i = 0; i < sizeof(preference) / sizeof(preference[0]); i++) {
		if (!gmem_caps_has_vm_type(choice->caps, preference[i]))
			continue;
		if (takes_flags(choice, preference[i]))
			return preference[i];
		if (!first)
			first = &preference[i];
	}
	return first ? *first : GMEM_VM_DEFAULT;
}

/* What KVM is asked about a VM type before that type is chosen. */
static const char *const asked[] = {
	"KVM_CAP_GUEST_MEMFD",
	"KVM_CAP_GUEST_MEMFD_FLAGS",
	"KVM_CAP_MEMORY_ATTRIBUTES",
	"KVM_CAP_PRE_FAULT_MEMORY",
};

static const char types_capability[] = "KVM_CAP_VM_TYPES";

static int system_capability(const struct gmem_caps *caps, const char *name)
{
	const struct gmem_capability *cap;

	for (size_t i = 0; (cap = gmem_capability_at(i)); i++)
		if (!strcmp(cap->name, name))
			return gmem_caps_system(caps, cap->number);
	return -ENOENT;
}

const char *vm_unanswered(const struct gmem_caps *caps, enum gmem_vm_type type, int *error)
{
	*error = system_capability(caps, types_capability);
	if (*error < 0)
		return types_capability;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		*error = vm_capability(caps, type, asked[i]);
		if (*error < 0)
			return asked[i];
	}
	*error = 0;
	return NULL;
}

enum status vm_say_unanswered(struct cli *cli, enum status status, enum gmem_vm_type type,
			      const char *capability, int error)
{
	bool of_vm = capability != types_capability;

	return cli_fail_as(cli, status, cause_of_error(error),
			   "KVM_CHECK_EXTENSION(%s)%s%s%s: %s%s; 'gmemctl doctor' tells more",
			   capability, of_vm ? " on a " : "", of_vm ? gmem_vm_type_name(type) : "",
			   of_vm ? " VM" : "", strerror(-error),
			   error == -ENOTTY ? ": what /dev/kvm leads to is not KVM" : "");
}

/* No answer of KVM is not a no: otherwise a wrong type would be chosen. */
static enum status check_answers(const struct choice *choice, enum gmem_vm_type type)
{
	int error;
	const char *capability = vm_unanswered(choice->caps, type, &error);

	return capability ? vm_say_unanswered(choice->cli, STATUS_FAILED, type, capability, error)
			  : STATUS_YES;
}

enum status vm_choose(struct cli *cli, const struct gmem_caps *caps,
		      const struct vm_type_asked *type_asked, const struct flags_asked *flags_asked,
		      enum gmem_vm_type *type, uint64_t *flags)
{
	const struct choice choice = { .cli = cli, .caps = caps, .flags = flags_asked };
	enum status status = STATUS_YES;

	for (size_t i = 0; !status && i < sizeof(preference) / sizeof(preference[0]); i++) {
		bool wanted = !type_asked->given || type_asked->type == preference[i];

		if (wanted && gmem_caps_has_vm_type(caps, preference[i]))
			status = check_answers(&choice, preference[i]);
	}
	*type = type_asked->given ? type_asked->type : best_type(&choice);
	*flags = flags_for(&choice, *type);
	return status;
}
