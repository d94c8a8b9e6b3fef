// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys as the misc cgroup counts them: misc.capacity and misc.current, where cgroup2 usually is. If
 * it is elsewhere, /proc/self/mounts comes first. The first byte tells which.
 */
#include "files.h"

static bool elsewhere;

static bool is_of_cgroup(const char *path)
{
	return strstr(path, "mounts") || strstr(path, "misc.");
}

/* Whatever the mounts contain, a path must not be longer than the library makes one. */
static int open_file(struct gmem_kernel *kernel, const char *path, int flags)
{
	HOLDS(strlen(path) < 192);
	if (elsewhere && !strncmp(path, "/sys/fs/cgroup/misc.", 20))
		return -ENOENT;
	return fuzz_files_open(kernel, path, flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	const char *name;

	if (!ctx)
		ctx = fuzz_ctx("plain");
	if (!size)
		return 0;
	elsewhere = *data & 1;
	for (size_t i = 0; (name = gmem_keys_name(i)); i++) {
		struct gmem_keys keys = { .size = sizeof(keys) };
		int ret;

		fuzz_files_are(ctx, is_of_cgroup, data + 1, size - 1);
		fuzz_file.ops.open = open_file;
		ret = gmem_keys_get(ctx, name, &keys);
		HOLDS(ret <= 0);
		HOLDS(ret || keys.has_used || !keys.used);
		fuzz_file_end(ctx);
	}
	return 0;
}
