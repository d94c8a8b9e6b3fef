// SPDX-License-Identifier: GPL-2.0-or-later
/* From create's options to its settings. */
#include "commands/create.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "args/range.h"
#include "core/size.h"

#define FIELD(member) offsetof(struct create_settings, member)

static enum status set_gpa(struct cli *cli, const struct cli_option *option, const char *arg,
			   void *field)
{
	struct create_settings *settings = field;
	const char *why;

	if (!size_parse(arg, &settings->gpa, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (settings->gpa % SMALLEST_PAGE)
		return cli_usage(cli, "--%s=%s: it is not a multiple of " SMALLEST_PAGE_IS,
				 option->name, arg);
	settings->has_gpa = true;
	return STATUS_YES;
}

static enum status set_slot_number(struct cli *cli, const struct cli_option *option,
				   const char *arg, void *field)
{
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || number < 1 || number > HELD_SLOTS_MAX)
		return cli_usage(cli, "--%s=%s: it is not a number from 1 to %d", option->name, arg,
				 HELD_SLOTS_MAX);
	*(uint64_t *)field = number;
	return STATUS_YES;
}

/* RANGE@OFFSET, RANGE of guest-physical addresses; without @ the memory's beginning. */
static enum status set_slot(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	struct slot_list *list = field;
	struct held_slot *slot = &list->slots[list->n];
	const char *at = strchr(arg, '@'), *why = NULL;
	struct range range;
	char text[128];

	if (list->n == HELD_SLOTS_MAX)
		return cli_usage(cli, "--%s: at most %d", option->name, HELD_SLOTS_MAX);
	snprintf(text, sizeof(text), "%.*s", at && at - arg < 100 ? (int)(at - arg) : 100, arg);
	if (!range_parse_bytes(text, &range, &why) ||
	    (at && !size_parse(at + 1, &slot->offset, &why)))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (slot->offset % SMALLEST_PAGE)
		return cli_usage(cli, "--%s=%s: the offset is not a multiple of " SMALLEST_PAGE_IS,
				 option->name, arg);
	slot->gpa = range.start;
	slot->size = range.length;
	list->n++;
	return STATUS_YES;
}

/* Seconds, or with one of s, m, h, d. */
static enum status set_ttl(struct cli *cli, const struct cli_option *option, const char *arg,
			   void *field)
{
	static const struct {
		const char *suffix;
		uint64_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].suffix, end) != 0)
			continue;
		if (!number || number > INT_MAX / units[i].seconds)
			break;
		*(uint64_t *)field = number * units[i].seconds;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: give seconds above 0, or 10m, 2h, 1d", option->name, arg);
}

static enum status set_user(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	struct holder_limits *limits = field;
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || !number || number > INT_MAX)
		return cli_usage(cli, "--%s=%s: it is not a process number", option->name, arg);
	if (limits->n_users == HOLDER_USERS_MAX)
		return cli_usage(cli, "--%s: at most %d", option->name, HOLDER_USERS_MAX);
	limits->users[limits->n_users++] = (pid_t)number;
	return STATUS_YES;
}

const struct cli_option create_options[] = {
	{ "vm-type", 0, "VM-TYPE", false, set_vm_type, FIELD(vm_type),
	  VM_TYPE_HELP(", protected (arm64)") },
	{ "size", 0, "SIZE", false, set_page_size, FIELD(size), "Size of the memory, default 4M" },
	{ "flags", 0, "FLAGS", false, set_flags, FIELD(flags), FLAGS_HELP },
	{ "mmap", 0, NULL, false, set_one_flag, FIELD(flags), "The same as --flags=mmap" },
	{ "init-shared", 0, NULL, false, set_one_flag, FIELD(flags),
	  "The same as --flags=init-shared" },
	{ "no-direct-map", 0, NULL, false, set_one_flag, FIELD(flags), NO_DIRECT_MAP_HELP },
	{ "gpa", 0, "ADDRESS", false, set_gpa, 0,
	  "Guest-physical address that the memory is bound to, default 4G" },
	{ "slots", 0, "NUMBER", false, set_slot_number, FIELD(n_slots),
	  "Split the memory into this many memslots of equal size, one after the other" },
	{ "slot", 0, "RANGE[@OFFSET]", false, set_slot, FIELD(slots),
	  "Bind these guest-physical addresses, " RANGE_FORM ", to the memory from OFFSET on, and "
	  "nothing else; may be repeated" },
	{ "numa", 0, "NODES", false, set_numa, FIELD(numa), NUMA_HELP },
	{ "populate", 0, NULL, false, set_flag, FIELD(populate), "Populate all of the memory" },
	{ "threads", 0, "NUMBER", false, set_threads, FIELD(how.threads), THREADS_HELP },
	{ "ttl", 0, "TIME", false, set_ttl, FIELD(limits.ttl),
	  "Release the VM after this many seconds, or 10m, 2h, 1d" },
	{ "user", 0, "PID", false, set_user, FIELD(limits),
	  "Release the VM when this process ends, such as a script's $$. If the option is repeated, "
	  "when the last of these processes has ended" },
	{ "allow-unreleased", 0, NULL, false, set_flag, FIELD(allow_unreleased),
	  "Use interfaces that are in no released kernel: in-place conversion" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};
