/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asked before a call lets the kernel touch pages through its direct map: would it take a page
 * fault? An oops is never the way to find out.
 */
#ifndef CLI_INSPECT_PREFLIGHT_H
#define CLI_INSPECT_PREFLIGHT_H

#include "core/command.h"
#include "inspect/look.h"

/* There are two options. On a real kernel both must be given. */
struct force {
	bool force;
	bool will_oops;
};

/* --force and the other word, which alone would do nothing; what the help says of them. */
enum status set_spelled_out(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field);
enum status force_check(struct cli *cli, const struct force *force);
/* Whether the options that were given are enough on this kernel. */
bool force_is_enough(const struct cli *cli, const struct force *force);
#define FORCE_HELP "Go on where a simulated kernel would fault; never abbreviated"
#define WILL_OOPS_HELP                                                                     \
	"With --force, go on where the running kernel would fault: this process hangs or " \
	"dies with the VM's locks held, or the machine goes down; for test kernels"

/* Both, for a command that has a struct force at that offset of its settings. */
#define FORCE_OPTIONS(offset)                                                                   \
	{ "force",   0, NULL, false, set_spelled_out, (offset) + offsetof(struct force, force), \
	  FORCE_HELP },                                                                         \
	{                                                                                       \
		"i-know-this-kernel-will-oops", 0, NULL, false, set_spelled_out,                \
			(offset) + offsetof(struct force, will_oops), WILL_OOPS_HELP            \
	}

enum preflight_result { PREFLIGHT_CLEAR, PREFLIGHT_FORCED, PREFLIGHT_REFUSED, PREFLIGHT_FAILED };

struct preflight {
	struct cli *cli;
	const struct force *force;
	enum gmem_vm_type type;
	const struct gmem_memory *memory;
	uint64_t offset;
	uint64_t length; /* bytes; 0 means to the end */
	struct look *look;
	char *words; /* what came of it, size bytes */
	size_t size;
	int error; /* with PREFLIGHT_FAILED */
};

/*
 * Asks the library and reports its answer. Without a reader there is an answer only if
 * gmem_flush_known_by_flags().
 */
enum preflight_result preflight(struct preflight *preflight);

#endif
