// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walker of the direct map on corrupted page tables. It ends with an error, or with runs that
 * have no gaps and are in the requested range.
 */
#include "fuzz.h"

static int take(const struct gmem_directmap_run *run, void *arg)
{
	uint64_t *next = arg;

	HOLDS(run->pfn == *next && run->pages > 0);
	HOLDS((run->direct_map == GMEM_DIRECT_MAP_UNKNOWN) == (run->reason != NULL));
	HOLDS((run->direct_map == GMEM_DIRECT_MAP_MAPPED) == (run->level != GMEM_LEVEL_NONE));
	*next += run->pages;
	return 0;
}

/* Two bytes choose the range. The rest overwrites memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctxs[2];
	struct gmem_ctx **ctx = &ctxs[size ? data[0] & 1 : 0];
	uint64_t first, pages, next;

	if (size < 2)
		return 0;
	if (!*ctx) {
		*ctx = fuzz_ctx(data[0] & 1 ? "tdx" : "plain");
		if (gmem_reader_open(*ctx, GMEM_EVIDENCE_NONE))
			abort();
	}
	first = (uint64_t)(data[0] >> 1) << 9;
	pages = ((uint64_t)data[1] + 1) << 7;
	fuzz_kmem_is(*ctx, data + 2, size - 2);
	next = first;
	if (!gmem_directmap_walk(*ctx, first, pages, take, &next))
		HOLDS(next == first + pages);
	fuzz_kmem_end(*ctx);
	return 0;
}
