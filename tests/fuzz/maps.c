// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/maps and /proc/TID/status. */
#include "fuzz.h"

#include "owners/owners.h"

static int take(const struct gmem_mapping *mapping, void *arg)
{
	(void)arg;
	HOLDS(mapping->end > mapping->start);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	pid_t pid;

	if (!ctx)
		ctx = fuzz_ctx("plain");
	fuzz_file_is(ctx, "/maps", data, size);
	gmem_maps_read(ctx, 1, take, NULL, NULL);
	fuzz_file_end(ctx);
	fuzz_file_is(ctx, "/status", data, size);
	gmem_process_of(ctx, 1, &pid);
	fuzz_file_end(ctx);
	return 0;
}
