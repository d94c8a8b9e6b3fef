// SPDX-License-Identifier: LGPL-2.1-or-later
/* Encryption keys of confidential VMs, as the misc cgroup counts them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/error.h"
#include "procfs/file.h"

/* misc_res_name[] in kernel/cgroup/misc.c. */
static const char *const names[] = { "tdx", "sev", "sev_es" };

/* Where cgroup2 is mounted; distributions with both versions have it beside the old one. */
static int cgroup_root(struct gmem_ctx *ctx, char *root, size_t size)
{
	char *mounts, *line, *rest;
	int ret = gmem_read_file(ctx, "/proc/self/mounts", &mounts, NULL);

	if (ret)
		return ret;
	ret = -ENOENT;
	for (line = strtok_r(mounts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char where[128], type[32];

		if (sscanf(line, "%*s %127s %31s", where, type) != 2 || strcmp(type, "cgroup2"))
			continue;
		snprintf(root, size, "%s", where);
		ret = 0;
		break;
	}
	free(mounts);
	return ret;
}

/* Reads "key N" of a file in the root of the cgroup hierarchy. -ENODATA: no such key. */
static int read_key(struct gmem_ctx *ctx, const char *file, const char *key, uint64_t *value)
{
	char root[128], path[192], *text, *line, *rest;
	int ret;

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", file);
	ret = gmem_read_file(ctx, path, &text, NULL);
	if (ret == -ENOENT && !cgroup_root(ctx, root, sizeof(root))) {
		snprintf(path, sizeof(path), "%s/%s", root, file);
		ret = gmem_read_file(ctx, path, &text, NULL);
	}
	if (ret)
		return ret;
	ret = -ENODATA;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char name[32];
		uint64_t number;

		if (sscanf(line, "%31s %" SCNu64, name, &number) != 2 || strcmp(name, key))
			continue;
		*value = number;
		ret = 0;
		break;
	}
	free(text);
	return ret;
}

const char *gmem_keys_name(size_t index)
{
	return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

int gmem_keys_get(struct gmem_ctx *ctx, const char *name, struct gmem_keys *out)
{
	int ret;

	gmem_begin(ctx);
	*out = (struct gmem_keys){ 0 };
	ret = read_key(ctx, "misc.capacity", name, &out->capacity);
	if (ret == -ENOENT || ret == -ENODATA)
		return gmem_fail(ctx, -ENODATA,
				 "no line %s in the root cgroup's misc.capacity: a kernel without "
				 "CONFIG_CGROUP_MISC, no cgroup v2, or no such keys here",
				 name);
	if (ret)
		return gmem_fail(ctx, ret, "misc.capacity cannot be read: %s",
				 gmem_error_words(ret));
	out->has_used = !read_key(ctx, "misc.current", name, &out->used);
	return 0;
}
