// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pages/map_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUNS 65536
#define BLOCKS 16384 /* into which they are sorted */

int gmem_map_cache_begin(struct gmem_map_cache *cache, uint64_t first, uint64_t end)
{
	uint64_t block = first >> GMEM_MAP_BLOCK_SHIFT;
	uint64_t past = (end + (1ull << GMEM_MAP_BLOCK_SHIFT) - 1) >> GMEM_MAP_BLOCK_SHIFT;

	if (!cache->marks)
		cache->marks = calloc(GMEM_MAP_MARKS, 1);
	if (!cache->marks)
		return -ENOMEM;
	if (first < end && past <= GMEM_MAP_MARKS)
		memset(cache->marks + block, 0, past - block);
	else if (first < end)
		memset(cache->marks, 0, GMEM_MAP_MARKS);
	return 0;
}

void gmem_map_cache_free(struct gmem_map_cache *cache)
{
	free(cache->runs);
	free(cache->ends);
	free(cache->kinds);
	free(cache->blocks);
	free(cache->block_kinds);
	free(cache->marks);
}

static bool is_same(const struct gmem_map_cache *cache, const struct gmem_directmap_run *a,
		    const struct gmem_directmap_run *b)
{
	return a->direct_map == b->direct_map && a->reason == b->reason &&
	       (cache->states || (a->level == b->level && a->writable == b->writable));
}

static int keep_run(const struct gmem_directmap_run *run, void *arg)
{
	struct gmem_map_cache *cache = arg;
	struct gmem_directmap_run *last = cache->count ? &cache->runs[cache->count - 1] : NULL;

	if (last && is_same(cache, last, run)) {
		cache->end = run->pfn + run->pages;
		last->pages = cache->end - last->pfn;
		cache->ends[cache->count - 1] = cache->end;
		return 0;
	}
	if (cache->count == cache->room)
		return 1;
	cache->end = run->pfn + run->pages;
	cache->runs[cache->count] = *run;
	cache->ends[cache->count++] = cache->end;
	return 0;
}

/* Whether a page frame of a range is marked. */
static bool is_marked(uint64_t pfn, uint64_t pages, void *arg)
{
	const struct gmem_map_cache *cache = arg;
	uint64_t block = pfn >> GMEM_MAP_BLOCK_SHIFT;
	uint64_t last = (pfn + pages - 1) >> GMEM_MAP_BLOCK_SHIFT;

	if (last - block >= GMEM_MAP_MARKS)
		return true;
	while (block < last && !cache->marks[block % GMEM_MAP_MARKS])
		block++;
	return cache->marks[block % GMEM_MAP_MARKS];
}

/* Room for the runs of so many pages, or for as many as are kept at a time. */
static int reserve(struct gmem_map_cache *cache, uint64_t pages)
{
	size_t room = pages < RUNS ? (size_t)pages : RUNS;

	if (!cache->blocks)
		cache->blocks = malloc(BLOCKS * sizeof(*cache->blocks));
	if (!cache->block_kinds)
		cache->block_kinds = malloc(BLOCKS);
	if (!cache->blocks || !cache->block_kinds)
		return -ENOMEM;
	if (cache->room >= room)
		return 0;
	free(cache->runs);
	free(cache->ends);
	free(cache->kinds);
	cache->runs = malloc(room * sizeof(*cache->runs));
	cache->ends = malloc(room * sizeof(*cache->ends));
	cache->kinds = malloc(room);
	cache->room = cache->runs && cache->ends && cache->kinds ? room : 0;
	return cache->room ? 0 : -ENOMEM;
}

/* Gives each run its kind. There are few: a state, a level, rights, a reason. */
static void sort_kinds(struct gmem_map_cache *cache)
{
	unsigned int n = 0;

	for (size_t i = 0; i < cache->count; i++) {
		unsigned int kind = 0;

		while (kind < n && !is_same(cache, cache->of_kind[kind], &cache->runs[i]))
			kind++;
		if (kind == n && n < GMEM_MAP_MIXED)
			cache->of_kind[n++] = &cache->runs[i];
		cache->kinds[i] = (uint8_t)kind;
	}
}

static void sort_blocks(struct gmem_map_cache *cache)
{
	uint64_t base = gmem_map_cache_base(cache), pages = cache->end - base;
	size_t run = 0;

	cache->block_shift = GMEM_MAP_BLOCK_SHIFT;
	while (((pages - 1) >> cache->block_shift) >= BLOCKS)
		cache->block_shift++;
	for (uint64_t block = 0; block <= (pages - 1) >> cache->block_shift; block++) {
		uint64_t pfn = base + (block << cache->block_shift);
		uint64_t end = pfn + (1ull << cache->block_shift);

		while (cache->ends[run] <= pfn)
			run++;
		cache->blocks[block] = (uint32_t)run;
		cache->block_kinds[block] = cache->ends[run] >= end || run == cache->count - 1
						    ? cache->kinds[run]
						    : (uint8_t)GMEM_MAP_MIXED;
	}
}

int gmem_map_cache_fill(struct gmem_map_cache *cache, struct gmem_ctx *ctx,
			const struct gmem_image *image, uint64_t pfn, uint64_t end)
{
	int ret = reserve(cache, end - pfn);

	cache->count = 0;
	cache->first = cache->end = pfn;
	if (ret)
		return ret;
	ret = gmem_pagetable_states(ctx, image, pfn, end - pfn, is_marked, keep_run, cache);
	if (ret < 0)
		return ret;
	if (pfn >= cache->end)
		return -EILSEQ; /* a walk covers what it was asked for */
	sort_kinds(cache);
	sort_blocks(cache);
	return 0;
}
