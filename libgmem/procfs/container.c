// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/container.h"

#include "procfs/file.h"

/* The root cgroup has neither of the first two; the others are made by container runtimes. */
bool gmem_is_container(struct gmem_ctx *ctx)
{
	static const char *const signs[] = { "/sys/fs/cgroup/cgroup.type",
					     "/sys/fs/cgroup/misc.max", "/run/.containerenv",
					     "/.dockerenv" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (gmem_path_exists(ctx, signs[i]) > 0)
			return true;
	return false;
}
