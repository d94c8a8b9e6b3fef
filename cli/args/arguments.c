// SPDX-License-Identifier: GPL-2.0-or-later
#include "args/arguments.h"

#include <string.h>

#include "args/range.h"

static const struct argument arguments[] = {
	{ "NAME", "the name under which gmemctl create keeps the VM" },
	{ "TARGET",
	  "which guest_memfds. PID: all that this process has open or mapped. PID:FD: "
	  "the one behind this descriptor of the process. PID:mmap: those that it has "
	  "mapped with mmap(2) and has no descriptor of. NAME: the memory of a VM that "
	  "gmemctl create keeps. ino:INODE: with --core, the one with that inode number" },
	{ "RANGE", "part of the memory: " RANGE_FORM ". Both numbers are bytes, or have a unit "
		   "(64K, 2M, 1G), and are multiples of the kernel's page size (4096 on x86-64): "
		   "64K+64K is the same as 64K-128K. "
		   "They count from the start of the memory; with --by-gpa they are "
		   "guest-physical addresses. The word all is the whole memory" },
	{ "FRAME", "a page frame number, decimal or 0x hexadecimal; or as a log has it: pfn:HEX, "
		   "phys:ADDRESS (physical), va:ADDRESS (in the direct map of the running boot)" },
};

/* Whether name is a word of a usage line; brackets and dots are no part of it. */
static bool has_word(const char *usage, const char *name)
{
	static const char between[] = " []|.";

	for (usage += strspn(usage, between); *usage; usage += strspn(usage, between)) {
		size_t length = strcspn(usage, between);

		if (length == strlen(name) && !strncmp(usage, name, length))
			return true;
		usage += length;
	}
	return false;
}

const struct argument *argument_of(const char *usage, size_t index)
{
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		if (has_word(usage, arguments[i].name) && !index--)
			return &arguments[i];
	return NULL;
}
