// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which privilege a process needs to look at other processes, and whether this process has it. */
#include "procfs/capabilities.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/file.h"

#define CAPABILITY(number) (1ull << (number))

/* One of two capabilities is enough for each: the larger one includes the other. */
#define PTRACE CAPABILITY(CAP_SYS_PTRACE)
#define SEARCH (CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_DAC_OVERRIDE))
#define RESTORE (CAPABILITY(CAP_CHECKPOINT_RESTORE) | CAPABILITY(CAP_SYS_ADMIN))

static const struct {
	uint64_t any_of[3]; /* 0: nothing more */
	const char *lacks;
} guards[] = {
	[GMEM_GUARDED_FDS] = { { PTRACE, SEARCH },
			       "root, or CAP_SYS_PTRACE and, where it is another user's, "
			       "CAP_DAC_READ_SEARCH, is needed (PTRACE_MODE_READ_FSCREDS)" },
	[GMEM_GUARDED_ALL] = { { PTRACE, SEARCH, RESTORE },
			       "root, or CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH and "
			       "CAP_CHECKPOINT_RESTORE, is needed" },
};

int gmem_capabilities_effective(struct gmem_ctx *ctx, uint64_t *out)
{
	char *status, *line;
	int ret = gmem_read_file(ctx, "/proc/self/status", &status, NULL);

	if (ret)
		return ret;
	line = strstr(status, "CapEff:");
	if (!line || sscanf(line, "CapEff: %" SCNx64, out) != 1)
		ret = -ENODATA;
	free(status);
	return ret;
}

const char *gmem_guard_why(struct gmem_ctx *ctx, enum gmem_guarded what)
{
	uint64_t had = 0;

	if (gmem_capabilities_effective(ctx, &had))
		return guards[what].lacks;
	for (size_t i = 0; i < sizeof(guards[what].any_of) / sizeof(guards[what].any_of[0]); i++)
		if (guards[what].any_of[i] && !(guards[what].any_of[i] & had))
			return guards[what].lacks;
	return "a security module or a sandbox guards it, also from root";
}
