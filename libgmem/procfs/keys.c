// SPDX-License-Identifier: LGPL-2.1-or-later
/* Encryption keys of confidential VMs, as the misc cgroup counts them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/error.h"
#include "base/options.h"
#include "procfs/file.h"

/*
 * misc_res_name[] in kernel/cgroup/misc.c, and the parameter of KVM's module that switches on the
 * type which uses these keys.
 */
static const struct {
	const char *name;
	const char *parameter;
} keys[] = {
	{ "tdx", "/sys/module/kvm_intel/parameters/tdx" },
	{ "sev", "/sys/module/kvm_amd/parameters/sev" },
	{ "sev_es", "/sys/module/kvm_amd/parameters/sev_es" },
};

/* Where the misc controller is mounted: in cgroup2, or as a hierarchy of its own in version 1. */
static int cgroup_root(struct gmem_ctx *ctx, bool version_1, char *root, size_t size)
{
	char *mounts, *line, *rest;
	int ret = gmem_read_file(ctx, "/proc/self/mounts", &mounts, NULL);

	if (ret)
		return ret;
	ret = -ENOENT;
	for (line = strtok_r(mounts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char where[128], type[32], options[128];

		if (sscanf(line, "%*s %127s %31s %127s", where, type, options) != 3 ||
		    strcmp(type, version_1 ? "cgroup" : "cgroup2"))
			continue;
		if (version_1 && !strstr(options, ",misc"))
			continue;
		snprintf(root, size, "%s", where);
		ret = 0;
		break;
	}
	free(mounts);
	return ret;
}

/* Reads a file of the misc controller, from where this process sees its hierarchy. */
static int read_misc(struct gmem_ctx *ctx, const char *file, char **text)
{
	char root[128], path[192];
	int ret;

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", file);
	ret = gmem_read_file(ctx, path, text, NULL);
	for (int version_1 = 0; ret == -ENOENT && version_1 < 2; version_1++) {
		if (cgroup_root(ctx, version_1, root, sizeof(root)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, file);
		ret = gmem_read_file(ctx, path, text, NULL);
	}
	return ret;
}

/* Value of a line "key N", or UINT64_MAX of "key max". -ENODATA: no such line. */
static int read_key(struct gmem_ctx *ctx, const char *file, const char *key, uint64_t *value)
{
	char *text, *line, *rest;
	int ret = read_misc(ctx, file, &text);

	if (ret)
		return ret;
	ret = -ENODATA;
	for (line = strtok_r(text, "\n", &rest); ret && line; line = strtok_r(NULL, "\n", &rest)) {
		char name[32], number[24];

		if (sscanf(line, "%31s %23s", name, number) != 2 || strcmp(name, key))
			continue;
		if (!strcmp(number, "max"))
			*value = UINT64_MAX;
		else if (sscanf(number, "%" SCNu64, value) != 1)
			continue;
		ret = 0;
	}
	free(text);
	return ret;
}

const char *gmem_keys_name(size_t index)
{
	return index < sizeof(keys) / sizeof(keys[0]) ? keys[index].name : NULL;
}

/* Whether KVM's module says that it is on: then there are keys, even if nothing counts them. */
static bool is_on(struct gmem_ctx *ctx, const char *name)
{
	char value[8];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].name, name))
			return !gmem_read_line(ctx, keys[i].parameter, value, sizeof(value)) &&
			       (*value == 'Y' || *value == '1');
	return false;
}

/* capacity: the result of reading the root's file. A cgroup below the root has a limit instead. */
static int without_capacity(struct gmem_ctx *ctx, const char *name, int capacity,
			    struct gmem_keys *out)
{
	out->has_limit = !read_key(ctx, "misc.max", name, &out->limit);
	if (out->has_limit)
		return 0;
	if (!is_on(ctx, name))
		return gmem_fail(ctx, -ENODATA, "%s: no such keys are set up here",
				 capacity == -ENOENT
					 ? "there is no misc.capacity, and KVM's module "
					   "does not say that it is on"
					 : "misc.capacity has no such line");
	if (capacity == -ENOENT)
		return gmem_fail(
			ctx, -ENOENT,
			"there is no misc.capacity, which tells how many keys (%s) there "
			"are: a kernel without CONFIG_CGROUP_MISC, or no cgroup is mounted",
			name);
	return gmem_fail(ctx, -ENOENT,
			 "misc.capacity has no line %s, and KVM's module says that it is on: this "
			 "kernel does not count these keys",
			 name);
}

int gmem_keys_get(struct gmem_ctx *ctx, const char *name, struct gmem_keys *out)
{
	struct gmem_keys found = { 0 };
	int ret;

	gmem_begin(ctx);
	ret = read_key(ctx, "misc.capacity", name, &found.capacity);
	found.has_capacity = !ret;
	if (ret == -ENOENT || ret == -ENODATA)
		ret = without_capacity(ctx, name, ret, &found);
	else if (ret)
		ret = gmem_fail(ctx, ret, "misc.capacity cannot be read: %s",
				gmem_error_words(ret));
	if (ret)
		return ret;
	found.has_used = !read_key(ctx, "misc.current", name, &found.used);
	return GMEM_FILL_OUT(ctx, gmem_keys, has_limit, out, &found);
}
