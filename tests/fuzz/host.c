// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that doctor's checks read: a release of the kernel, then the files of /proc, /sys
 * and the kernel's configuration, in the order in which the checks open them. Each check has
 * its result and a reason.
 */
#include "procfs/file.h"
#include "files.h"

static bool is_looked_at(const char *path)
{
	return !strncmp(path, "/sys/", 5) || strstr(path, "config") ||
	       (!strncmp(path, "/proc/", 6) && !strstr(path, "/fd") && !strstr(path, "kpage"));
}

static void check(const struct gmem_host *host)
{
	const struct gmem_check *row;
	size_t n = 0;

	while ((row = gmem_host_check(host, n))) {
		HOLDS((unsigned int)row->result <= GMEM_CHECK_CANNOT_TELL);
		HOLDS(row->detail && *row->detail);
		n++;
	}
	HOLDS(n > 30);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctxs[3];
	static const char *const models[] = { "plain", "tdx", "snp" };
	struct gmem_ctx **ctx = &ctxs[size ? *data % 3 : 0];
	struct gmem_host *host;

	if (!*ctx)
		*ctx = fuzz_ctx(models[ctx - ctxs]);
	if (!size)
		return 0;
	(*ctx)->cpu_types = 0; /* the CPU is another one */
	fuzz_files_are(*ctx, is_looked_at, data + 1, size - 1);
	if (gmem_read_line(*ctx, "/proc/sys/kernel/osrelease", (*ctx)->release,
			   sizeof((*ctx)->release)))
		abort();
	if (gmem_host_new(*ctx, &host))
		abort();
	check(host);
	gmem_host_free(host);
	fuzz_file_end(*ctx);
	return 0;
}
