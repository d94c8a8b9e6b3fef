/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The direct map of many page frames at once, as it was when it was read: only the tables of page
 * frames that were marked before.
 */
#ifndef GMEM_PAGES_MAP_CACHE_H
#define GMEM_PAGES_MAP_CACHE_H

#include "kmem/pagetable.h"

#define GMEM_MAP_BLOCK_SHIFT 9 /* page frames that are marked together, as a power of two */
#define GMEM_MAP_MARKS                                                                          \
	65536		    /* of them; page frames further apart share marks, which only costs \
			     */
#define GMEM_MAP_MIXED 255u /* for a block that has several kinds */

struct gmem_map_cache {
	bool states; /* only properties of parts count: runs that differ in others are joined */
	/*
	 * Runs, ascending; where one ends and the next one begins nothing was marked between. What
	 * they say of page frames that were not marked means nothing.
	 */
	struct gmem_directmap_run *runs;
	uint64_t *ends; /* of each, the page frame past it: what is searched */
	uint8_t *kinds; /* of each: runs of one kind differ only in where they are */
	const struct gmem_directmap_run *of_kind[GMEM_MAP_MIXED]; /* the first run of each kind */
	size_t count;
	size_t room;
	uint64_t first, end; /* page frames that they cover */
	/*
	 * For blocks of this many page frames, as a power of two: the run that has the first page
	 * frame of the block or comes next, and the kind that all of the block has.
	 */
	uint32_t *blocks;
	uint8_t *block_kinds;
	unsigned int block_shift;
	uint8_t *marks; /* a byte each: bits would have to be read before they are set */
};

/* Forgets the marks, all of which are in [first, end). Errors: ENOMEM, not explained. */
int gmem_map_cache_begin(struct gmem_map_cache *cache, uint64_t first, uint64_t end);
void gmem_map_cache_free(struct gmem_map_cache *cache);

static inline void gmem_map_cache_mark(struct gmem_map_cache *cache, uint64_t pfn)
{
	cache->marks[(pfn >> GMEM_MAP_BLOCK_SHIFT) % GMEM_MAP_MARKS] = 1;
}

/*
 * Reads the direct map of the marked page frames in [pfn, end), the first of which is marked; as
 * far as there is room for its runs: up to cache->end. Errors: ENOMEM, not explained; as
 * gmem_pagetable_walk().
 */
int gmem_map_cache_fill(struct gmem_map_cache *cache, struct gmem_ctx *ctx,
			const struct gmem_image *image, uint64_t pfn, uint64_t end);

/*
 * The page frame with which the first block begins. Blocks of this alignment have one table, or one
 * leaf, of the direct map each, and so mostly one kind.
 */
static inline uint64_t gmem_map_cache_base(const struct gmem_map_cache *cache)
{
	return cache->first & ~((1ull << GMEM_MAP_BLOCK_SHIFT) - 1);
}

/* The run of a marked page frame that the cache covers. */
static inline size_t gmem_map_cache_index(const struct gmem_map_cache *cache, uint64_t pfn)
{
	size_t run = cache->blocks[(pfn - gmem_map_cache_base(cache)) >> cache->block_shift];

	while (cache->ends[run] <= pfn)
		run++;
	return run;
}

static inline const struct gmem_directmap_run *
gmem_map_cache_find(const struct gmem_map_cache *cache, uint64_t pfn)
{
	return &cache->runs[gmem_map_cache_index(cache, pfn)];
}

/* Its kind; GMEM_MAP_MIXED where it has one that is not told from others. */
static inline uint8_t gmem_map_cache_kind(const struct gmem_map_cache *cache, uint64_t pfn)
{
	uint8_t kind = cache->block_kinds[(pfn - gmem_map_cache_base(cache)) >> cache->block_shift];

	return kind == GMEM_MAP_MIXED ? cache->kinds[gmem_map_cache_index(cache, pfn)] : kind;
}

#endif
