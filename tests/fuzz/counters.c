// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's counters for its direct map: /proc/vmstat and the lines of /proc/meminfo. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	struct gmem_directmap_counters counters = { .size = sizeof(counters) };
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };

	if (!ctx) {
		ctx = fuzz_ctx("plain");
		if (gmem_reader_open(ctx, GMEM_EVIDENCE_NONE))
			abort();
	}
	fuzz_file_is(ctx, "vmstat", data, size);
	if (!gmem_directmap_get_counters(ctx, &counters))
		HOLDS(!counters.splits[GMEM_LEVEL_NONE] && !counters.splits[GMEM_LEVEL_PTE]);
	fuzz_file_end(ctx);
	fuzz_file_is(ctx, "meminfo", data, size);
	HOLDS(!gmem_directmap_summarize(ctx, NULL, NULL, &summary));
	for (int level = 0; level < GMEM_LEVEL_ROOM; level++)
		HOLDS(summary.has_meminfo || !summary.meminfo[level]);
	fuzz_file_end(ctx);
	return 0;
}
