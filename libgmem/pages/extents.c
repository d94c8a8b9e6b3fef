// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Extents of a guest_memfd: the page cache's runs, cut where the memslot, the NUMA node, the
 * direct map or the page flags change, joined where they do not.
 *
 * Runs are processed in batches, so that memory does not grow with the file, however sparse or
 * large it is. For each batch the direct map is walked after its pages were found, never before: so
 * the state of a page is no older than the page.
 *
 * There may be as many runs as pages. So they stay as the page cache has them until everything that
 * cuts them is known. Then extents are made of them in place, one at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "kmem/pair.h"
#include "kmem/reader.h"
#include "pages/extents.h"
#include "pages/map_cache.h"
#include "procfs/ram.h"

/*
 * Pages of a batch, 256 MiB of 4K pages, if the walk pauses after it; and if it does not: at most
 * 12 MiB of runs. A batch of memory in pieces needs most tables of the direct map, however small
 * the batch is.
 */
#define PAUSE_PAGES (1u << 16)
#define BATCH_PAGES (1u << 18)
#define FLAGS_BATCH 512

/* Where the runs of a batch lie in memory: what is sorted, instead of the runs. */
struct place {
	uint64_t pfn;
	uint32_t run; /* its index in walk->runs */
};

/* Pieces that a run was cut into: they follow each other. */
struct span {
	uint32_t first;
	uint32_t count;
};

struct gmem_extent_walk {
	struct gmem_target *target;
	const volatile int *cancel;
	uint64_t at;		 /* offset of what was not looked at yet, */
	uint64_t end;		 /* up to here */
	bool pauses;		 /* after each batch */
	unsigned int page_shift; /* of the kernel's pages */
	const struct gmem_ram *ram;
	const struct gmem_image *image;
	unsigned int want;
	int flags_fd;			 /* /proc/kpageflags, or -1 */
	struct gmem_pagecache_run *runs; /* of the batch */
	size_t run_count, run_room;
	uint64_t *pfns; /* of its leaves */
	size_t pfn_count;
	uint64_t batch_pages; /* in runs */
	uint64_t batch_most;  /* how many of them there may be */
	struct gmem_map_cache cache;
	uint64_t lowest, highest; /* page frames of the batch, and past them */
	/* Where the cache does not hold all of the batch: */
	struct place *places; /* of the runs with known page frames, by page frame */
	size_t place_count, place_room;
	struct gmem_directmap_run *pieces; /* of these, in that order */
	size_t piece_count, piece_room;
	struct span *spans; /* of each run, in pieces */
	size_t span_room;
	uint64_t node_first; /* page frames of one NUMA node, from here to */
	uint64_t node_end;   /* here, as they were asked for last */
	int node;
	uint64_t slot_first; /* offsets of one memslot, or of none, likewise */
	uint64_t slot_end;
	uint64_t slot_gpa;	   /* of slot_first */
	struct gmem_extent *last;  /* not handed out yet: the next one may continue it */
	struct gmem_extent two[2]; /* the last one, and room for the next: copies cost */
	gmem_extent_fn fn;
	gmem_extent_part_fn part_fn; /* instead of fn: no extents are made */
	struct gmem_extent_part part;
	bool is_plain; /* an extent a run is all that is asked for */
	/* That all pages of the batch have in the direct map; NULL: it is looked up for each. */
	const struct gmem_directmap_run *only_state;
	void *arg;
	struct gmem_extent_share *shares; /* of a walk over several files, or NULL */
	unsigned int share;		  /* the one that adds runs to the batch, */
	const struct gmem_target *told;	  /* and the file of the last ones that left it */
	bool batch_failed;		  /* the batch is there, but could not be worked off */
};

/*
 * Flags that the kernel does not change by itself at any moment (as it does with referenced, idle,
 * active, lru). Only these flags separate runs.
 */
#define STEADY_FLAGS                                                                           \
	((1ull << 3) |				      /* uptodate */                           \
	 (1ull << 15) | (1ull << 16) | (1ull << 17) | /* compound-head, compound-tail, huge */ \
	 (1ull << 18) | (1ull << 19) |		      /* unevictable, hwpoison */              \
	 (1ull << 22) | (1ull << 23) |		      /* thp, offline */                       \
	 (1ull << 32) | (1ull << 33))		      /* reserved, mlocked */

/* The reason that is given if the direct map of pages was not looked at. */
static const struct gmem_directmap_run not_asked = {
	.direct_map = GMEM_DIRECT_MAP_UNKNOWN,
	.reason = "the direct map was not looked at",
};

static int no_memory(const struct gmem_extent_walk *walk)
{
	return gmem_no_memory(walk->target->ctx, "extents of the page cache");
}

static uint64_t bytes_of(const struct gmem_extent_walk *walk, uint64_t pages)
{
	return pages << walk->page_shift;
}

/* Pages that there may be in this batch. */
static uint64_t batch_room(const struct gmem_extent_walk *walk)
{
	return walk->pauses && walk->batch_most > PAUSE_PAGES ? PAUSE_PAGES : walk->batch_most;
}

/* Room for one more in an array of which count are used. */
static int reserve(const struct gmem_extent_walk *walk, void *array, size_t count, size_t *room,
		   size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*(void **)array, more, size);
	if (!grown)
		return no_memory(walk);
	*(void **)array = grown;
	*room = more;
	return 0;
}

/* Cuts pages off the front of an extent into *front. */
static void cut_front(const struct gmem_extent_walk *walk, struct gmem_extent *extent,
		      uint64_t pages, struct gmem_extent *front)
{
	*front = *extent;
	front->pages = pages;
	extent->pages -= pages;
	extent->offset += bytes_of(walk, pages);
	if (extent->has_pfn)
		extent->pfn += pages;
	if (extent->gpa != GMEM_GPA_NONE)
		extent->gpa += bytes_of(walk, pages);
}

/*
 * Room for an extent, until the next one is emitted. emit() uses an extent in this room without a
 * copy.
 */
static struct gmem_extent *spare(struct gmem_extent_walk *walk)
{
	return &walk->two[walk->last == &walk->two[0]];
}

/*
 * Learns the node of a page frame, and how many page frames from there on have the same node. Nodes
 * are large.
 */
static void find_node(struct gmem_extent_walk *walk, uint64_t pfn)
{
	uint64_t pages;

	walk->node = gmem_ram_node(walk->ram, pfn, &pages);
	walk->node_first = pfn;
	walk->node_end = pfn + pages;
}

static bool is_on_node(const struct gmem_extent_walk *walk, uint64_t pfn)
{
	return pfn >= walk->node_first && pfn < walk->node_end;
}

/*
 * Learns the GPA of an offset, and how many bytes from there on have the GPAs that follow. Memslots
 * are large, too.
 */
static void find_slot(struct gmem_extent_walk *walk, uint64_t offset)
{
	uint64_t length;

	walk->slot_gpa = gmem_target_gpa(walk->target, offset, &length);
	walk->slot_first = offset;
	walk->slot_end = offset + length;
}

static bool is_in_slot(const struct gmem_extent_walk *walk, uint64_t offset)
{
	return offset >= walk->slot_first && offset < walk->slot_end;
}

/* The GPA of an offset in the slot that was learnt. */
static uint64_t gpa_of(const struct gmem_extent_walk *walk, uint64_t offset)
{
	return walk->slot_gpa == GMEM_GPA_NONE ? GMEM_GPA_NONE
					       : walk->slot_gpa + (offset - walk->slot_first);
}

static bool continues(const struct gmem_extent_walk *walk, const struct gmem_extent *a,
		      const struct gmem_extent *b)
{
	uint64_t size = bytes_of(walk, a->pages);

	return a->offset + size == b->offset && a->has_pfn == b->has_pfn &&
	       (!a->has_pfn || a->pfn + a->pages == b->pfn) && a->order == b->order &&
	       a->node == b->node && a->direct_map == b->direct_map && a->level == b->level &&
	       a->writable == b->writable && a->reason == b->reason &&
	       a->has_page_flags == b->has_page_flags && a->page_flags == b->page_flags &&
	       (a->gpa == GMEM_GPA_NONE ? b->gpa == GMEM_GPA_NONE : a->gpa + size == b->gpa);
}

static int hand_out(struct gmem_extent_walk *walk)
{
	int ret = walk->last ? walk->fn(walk->last, walk->arg) : 0;

	walk->last = NULL;
	return ret;
}

static int emit(struct gmem_extent_walk *walk, const struct gmem_extent *extent)
{
	struct gmem_extent *next = spare(walk);
	int ret;

	walk->at = extent->offset + bytes_of(walk, extent->pages);
	if (walk->last && continues(walk, walk->last, extent)) {
		walk->last->pages += extent->pages;
		return 0;
	}
	ret = hand_out(walk);
	if (extent != next)
		*next = *extent;
	walk->last = next;
	return ret;
}

static int emit_pages(struct gmem_extent_walk *walk, struct gmem_extent page)
{
	uint64_t pages = page.pages;
	int ret = hand_out(walk); /* unknown page frames before them wait for more of the same */

	page.pages = 1;
	while (!ret && pages--) {
		walk->at = page.offset + bytes_of(walk, 1);
		ret = walk->fn(&page, walk->arg);
		page.offset += bytes_of(walk, 1);
		page.pfn++;
		if (page.gpa != GMEM_GPA_NONE)
			page.gpa += bytes_of(walk, 1);
	}
	return ret;
}

static int emit_piece(struct gmem_extent_walk *walk, const struct gmem_extent *extent)
{
	if ((walk->want & GMEM_EXTENT_ONE_BY_ONE) && extent->has_pfn)
		return emit_pages(walk, *extent);
	return emit(walk, extent);
}

/* Adds page flags: cut wherever they change. */
static int emit_with_flags(struct gmem_extent_walk *walk, struct gmem_extent extent)
{
	uint64_t mask = walk->want & GMEM_EXTENT_ONE_BY_ONE ? UINT64_MAX : STEADY_FLAGS;
	struct gmem_kernel *kernel = walk->target->ctx->kernel;
	uint64_t flags[FLAGS_BATCH];
	struct gmem_extent piece;
	int ret = 0;

	while (!ret && extent.pages) {
		size_t n = extent.pages < FLAGS_BATCH ? (size_t)extent.pages : FLAGS_BATCH;
		ssize_t got = kernel->ops->pread(kernel, walk->flags_fd, flags, n * sizeof(*flags),
						 extent.pfn * sizeof(*flags));

		if (got != (ssize_t)(n * sizeof(*flags)))
			return emit_piece(walk, &extent); /* without: has_page_flags stays false */
		for (size_t i = 0, same; !ret && i < n; i += same) {
			for (same = 1; i + same < n && !((flags[i + same] ^ flags[i]) & mask);)
				same++;
			cut_front(walk, &extent, same, &piece);
			piece.page_flags = flags[i] & mask;
			piece.has_page_flags = true;
			ret = emit_piece(walk, &piece);
		}
	}
	return ret;
}

static int emit_extent(struct gmem_extent_walk *walk, const struct gmem_extent *extent)
{
	if (walk->flags_fd >= 0 && extent->has_pfn)
		return emit_with_flags(walk, *extent);
	return emit_piece(walk, extent);
}

/*
 * Makes an extent of at most this many pages of a run, from its page skip on, which have this state
 * in the direct map. Memslot and node were learnt before. Members are set one by one: clearing or
 * copying the whole struct would take longer than everything else for a run of one page.
 */
static void make_extent(const struct gmem_extent_walk *walk, const struct gmem_pagecache_run *run,
			uint64_t skip, uint64_t pages, const struct gmem_directmap_run *state,
			struct gmem_extent *extent)
{
	bool has_pfn = !run->reason;

	extent->size = sizeof(*extent);
	extent->offset = bytes_of(walk, run->index + skip);
	extent->gpa = gpa_of(walk, extent->offset);
	extent->pfn = has_pfn ? run->pfn + skip : 0;
	extent->pages = pages;
	extent->order = run->order;
	extent->node = has_pfn ? walk->node : -1;
	extent->direct_map = state->direct_map;
	extent->level = state->level;
	extent->writable = state->writable;
	extent->reason = has_pfn ? state->reason : run->reason;
	extent->page_flags = 0;
	extent->has_page_flags = false;
	extent->has_pfn = has_pfn;
}

/* The same as a part. */
static int emit_part(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *run,
		     uint64_t skip, uint64_t pages, const struct gmem_directmap_run *state)
{
	struct gmem_extent_part *part = &walk->part;

	part->offset = bytes_of(walk, run->index + skip);
	part->pages = pages;
	part->node = run->reason ? -1 : walk->node;
	part->direct_map = state->direct_map;
	part->reason = run->reason;
	walk->at = part->offset + bytes_of(walk, pages);
	return walk->part_fn(part, walk->arg);
}

/* Learns memslot and node of a run's page. Returns how many pages from there on are alike. */
static uint64_t learn(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *run,
		      uint64_t skip)
{
	uint64_t offset = bytes_of(walk, run->index + skip), pfn = run->pfn + skip;
	uint64_t pages = UINT64_MAX;

	if (!walk->part_fn && !is_in_slot(walk, offset))
		find_slot(walk, offset);
	if (!walk->part_fn)
		pages = (walk->slot_end - offset) >> walk->page_shift;
	if (run->reason)
		return pages;
	if (!is_on_node(walk, pfn))
		find_node(walk, pfn);
	return walk->node_end - pfn < pages ? walk->node_end - pfn : pages;
}

/*
 * Hands out this many pages of a run, which have this state in the direct map; cut where memslots
 * or nodes change. (This is a function of its own, because otherwise the short way would save all
 * registers that this one needs.)
 */
static __attribute__((noinline)) int emit_cut(struct gmem_extent_walk *walk,
					      const struct gmem_pagecache_run *run, uint64_t skip,
					      uint64_t pages,
					      const struct gmem_directmap_run *state)
{
	int ret = 0;

	while (!ret && pages) {
		struct gmem_extent *extent = spare(walk);
		uint64_t n = learn(walk, run, skip);

		if (n > pages)
			n = pages;
		if (walk->part_fn) {
			ret = emit_part(walk, run, skip, n, state);
		} else {
			make_extent(walk, run, skip, n, state, extent);
			ret = emit_extent(walk, extent);
		}
		skip += n;
		pages -= n;
	}
	return ret;
}

/*
 * The same, with a short way for memory in pieces: one extent that does not continue the last one.
 */
static int emit_run(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *run,
		    uint64_t skip, uint64_t pages, const struct gmem_directmap_run *state)
{
	uint64_t offset = bytes_of(walk, run->index + skip), pfn = run->pfn + skip;
	struct gmem_extent *last = walk->last, *next;
	int ret;

	if (walk->part_fn && !run->reason && is_on_node(walk, pfn) && walk->node_end - pfn >= pages)
		return emit_part(walk, run, skip, pages, state);
	if (!walk->is_plain || run->reason || !last || !last->has_pfn ||
	    last->pfn + last->pages == pfn || !is_in_slot(walk, offset) ||
	    walk->slot_end - offset < bytes_of(walk, pages) || !is_on_node(walk, pfn) ||
	    walk->node_end - pfn < pages)
		return emit_cut(walk, run, skip, pages, state);
	next = spare(walk);
	make_extent(walk, run, skip, pages, state, next);
	walk->at = offset + bytes_of(walk, pages);
	ret = walk->fn(last, walk->arg);
	walk->last = next;
	return ret;
}

/* Reads the direct map from a page frame on, as far as the batch or the cache reaches. */
static int fill_cache(struct gmem_extent_walk *walk, uint64_t pfn)
{
	int ret = gmem_map_cache_fill(&walk->cache, walk->target->ctx, walk->image, pfn,
				      walk->highest);

	return ret == -ENOMEM ? no_memory(walk) : ret;
}

/* Pages of a run, from page skip of it on, up to where that run of the direct map ends. */
static uint64_t pages_of(const struct gmem_pagecache_run *run, uint64_t skip,
			 const struct gmem_directmap_run *state)
{
	uint64_t pages = state->pfn + state->pages - (run->pfn + skip);

	return pages < run->pages - skip ? pages : run->pages - skip;
}

static const struct gmem_directmap_run *state_of(const struct gmem_extent_walk *walk, uint64_t pfn)
{
	return walk->only_state ? walk->only_state : gmem_map_cache_find(&walk->cache, pfn);
}

static bool all_within(const uint64_t *pfns, uint64_t first, uint64_t end)
{
	return gmem_words_within(pfns, GMEM_LEAF_SLOTS, first, end);
}

/* Whether one memslot and one node have all of a leaf. */
static bool is_alike(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf)
{
	return learn(walk, leaf, 0) > 0 &&
	       all_within(leaf->pfns, walk->node_first, walk->node_end) &&
	       (walk->part_fn ||
		walk->slot_end - bytes_of(walk, leaf->index) >= bytes_of(walk, leaf->pages));
}

/* A page of a leaf, as a run. */
static int emit_page(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf,
		     unsigned int i, const struct gmem_directmap_run *state)
{
	const struct gmem_pagecache_run page = {
		.index = leaf->index + i,
		.pages = 1,
		.pfn = leaf->pfns[i],
	};

	return emit_run(walk, &page, 0, 1, state);
}

/* The kinds that pages of a leaf have in the direct map. Returns whether all can be told apart. */
static bool find_kinds(const struct gmem_extent_walk *walk, const uint64_t *pfns, uint8_t *kinds)
{
	bool known = true;

	if (walk->only_state) {
		memset(kinds, 0, GMEM_LEAF_SLOTS);
		return true;
	}
	for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i++) {
		kinds[i] = gmem_map_cache_kind(&walk->cache, pfns[i]);
		known = known && kinds[i] != GMEM_MAP_MIXED;
	}
	return known;
}

/* What the pages of each kind have in the direct map. */
static const struct gmem_directmap_run *const *states_of(const struct gmem_extent_walk *walk)
{
	return walk->only_state ? &walk->only_state : walk->cache.of_kind;
}

static void set_state(struct gmem_extent *extent, const struct gmem_directmap_run *state)
{
	extent->direct_map = state->direct_map;
	extent->level = state->level;
	extent->writable = state->writable;
	extent->reason = state->reason;
}

/*
 * Hands out the pages of a leaf behind its first one. They differ from the last extent only in
 * where they are and in their kind, so only that is written into it. Without kinds, all of them
 * have the state of the last extent. (Inline: the compiler makes a loop of its own for each of the
 * two, and the one without kinds does not ask for them.)
 */
static inline int go_on(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf,
			const uint8_t *kinds)
{
	uint64_t step = bytes_of(walk, 1), offset = bytes_of(walk, leaf->index + 1);
	uint64_t gpa = gpa_of(walk, offset), gpa_step = gpa == GMEM_GPA_NONE ? 0 : step;
	const struct gmem_directmap_run *const *states = states_of(walk);
	struct gmem_extent *last = walk->last;
	uint64_t next = last->pfn + last->pages;
	int ret = 0;

	for (unsigned int i = 1; !ret && i < GMEM_LEAF_SLOTS; i++) {
		if (leaf->pfns[i] != next || (kinds && kinds[i] != kinds[i - 1])) {
			last->pages = next - last->pfn;
			ret = walk->fn(last, walk->arg);
			last->offset = offset;
			last->gpa = gpa;
			next = last->pfn = leaf->pfns[i];
			if (kinds)
				set_state(last, states[kinds[i]]);
		}
		next++;
		offset += step;
		gpa += gpa_step;
	}
	last->pages = next - last->pfn;
	walk->at = offset;
	return ret;
}

/* Hands out a leaf that is alike as extents. */
static int emit_extents(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf,
			const uint8_t *kinds)
{
	int ret = emit_page(walk, leaf, 0, states_of(walk)[kinds[0]]);

	if (ret)
		return ret;
	return walk->only_state ? go_on(walk, leaf, NULL) : go_on(walk, leaf, kinds);
}

/* Hands out a leaf that is alike as parts, wherever its page frames are. */
static int emit_parts(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf,
		      const uint8_t *kinds)
{
	const struct gmem_directmap_run *const *states = states_of(walk);
	int ret = 0;

	for (unsigned int begin = 0, end; !ret && begin < GMEM_LEAF_SLOTS; begin = end) {
		for (end = begin + 1; end < GMEM_LEAF_SLOTS && kinds[end] == kinds[begin];)
			end++;
		ret = emit_part(walk, leaf, begin, end - begin, states[kinds[begin]]);
	}
	return ret;
}

static int emit_leaf(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf)
{
	uint8_t kinds[GMEM_LEAF_SLOTS];
	int ret = 0;

	if ((walk->part_fn || walk->is_plain) && is_alike(walk, leaf) &&
	    find_kinds(walk, leaf->pfns, kinds))
		return walk->part_fn ? emit_parts(walk, leaf, kinds)
				     : emit_extents(walk, leaf, kinds);
	for (unsigned int i = 0; !ret && i < GMEM_LEAF_SLOTS; i++)
		ret = emit_page(walk, leaf, i, state_of(walk, leaf->pfns[i]));
	return ret;
}

/* The next run may be of another file than the last one. */
static void turn_to(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *run)
{
	if (!walk->shares)
		return;
	walk->told = walk->shares[run->share].target;
	walk->arg = walk->shares[run->share].arg;
}

/* Hands out the batch, of which the cache holds all of the direct map. */
static int emit_from_cache(struct gmem_extent_walk *walk)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < walk->run_count; i++) {
		const struct gmem_pagecache_run *run = &walk->runs[i];

		turn_to(walk, run);
		if (run->pfns) {
			ret = emit_leaf(walk, run);
			continue;
		}
		if (run->reason)
			ret = emit_run(walk, run, 0, run->pages, &not_asked);
		for (uint64_t skip = 0, n; !ret && !run->reason && skip < run->pages; skip += n) {
			const struct gmem_directmap_run *state =
				gmem_map_cache_find(&walk->cache, run->pfn + skip);

			n = pages_of(run, skip, state);
			ret = emit_run(walk, run, skip, n, state);
		}
	}
	return ret;
}

static int by_pfn(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* Lists where the runs lie, by page frame. */
static int sort_places(struct gmem_extent_walk *walk)
{
	walk->place_count = 0;
	for (size_t i = 0; i < walk->run_count; i++) {
		int ret = reserve(walk, &walk->places, walk->place_count, &walk->place_room,
				  sizeof(*walk->places));

		if (!ret)
			ret = reserve(walk, &walk->spans, i, &walk->span_room,
				      sizeof(*walk->spans));
		if (ret)
			return ret;
		if (!walk->runs[i].reason)
			walk->places[walk->place_count++] = (struct place){
				.pfn = walk->runs[i].pfn,
				.run = (uint32_t)i,
			};
	}
	qsort(walk->places, walk->place_count, sizeof(*walk->places), by_pfn);
	return 0;
}

/* Notes the pieces of a run; the cache moves to where it lies. */
static int note_pieces(struct gmem_extent_walk *walk, uint32_t index)
{
	const struct gmem_pagecache_run *run = &walk->runs[index];
	struct span *span = &walk->spans[index];

	*span = (struct span){ .first = (uint32_t)walk->piece_count };
	for (uint64_t skip = 0; skip < run->pages; span->count++) {
		uint64_t pfn = run->pfn + skip;
		struct gmem_directmap_run *piece;
		int ret = 0;

		if (pfn < walk->cache.first || pfn >= walk->cache.end)
			ret = fill_cache(walk, pfn);
		if (!ret)
			ret = reserve(walk, &walk->pieces, walk->piece_count, &walk->piece_room,
				      sizeof(*walk->pieces));
		if (ret)
			return ret;
		piece = &walk->pieces[walk->piece_count++];
		*piece = *gmem_map_cache_find(&walk->cache, pfn);
		piece->pages = pages_of(run, skip, piece);
		skip += piece->pages;
	}
	return 0;
}

/* Makes a run of each page of leaves. */
static int split_leaves(struct gmem_extent_walk *walk)
{
	size_t n = 0, room = walk->run_count + walk->pfn_count;
	struct gmem_pagecache_run *runs;

	if (!walk->pfn_count)
		return 0;
	runs = calloc(room, sizeof(*runs));
	if (!runs)
		return no_memory(walk);
	for (size_t i = 0; i < walk->run_count; i++) {
		const struct gmem_pagecache_run *run = &walk->runs[i];

		for (unsigned int k = 0; run->pfns && k < GMEM_LEAF_SLOTS; k++) {
			runs[n].index = run->index + k;
			runs[n].pages = 1;
			runs[n].share = run->share;
			runs[n++].pfn = run->pfns[k];
		}
		if (!run->pfns)
			runs[n++] = *run;
	}
	free(walk->runs);
	walk->runs = runs;
	walk->run_count = n;
	walk->run_room = room;
	return 0;
}

/* Hands out the batch, if its direct map has more runs than the cache holds at a time. */
static int emit_by_place(struct gmem_extent_walk *walk)
{
	int ret = split_leaves(walk);

	if (!ret)
		ret = sort_places(walk);
	walk->piece_count = 0;
	for (size_t i = 0; !ret && i < walk->place_count; i++)
		ret = note_pieces(walk, walk->places[i].run);
	for (size_t i = 0; !ret && i < walk->run_count; i++) {
		const struct gmem_pagecache_run *run = &walk->runs[i];
		const struct gmem_directmap_run *piece = &walk->pieces[walk->spans[i].first];

		turn_to(walk, run);
		if (run->reason)
			ret = emit_run(walk, run, 0, run->pages, &not_asked);
		for (uint64_t skip = 0; !ret && !run->reason && skip < run->pages; piece++) {
			ret = emit_run(walk, run, skip, piece->pages, piece);
			skip += piece->pages;
		}
	}
	return ret;
}

static int empty_batch(struct gmem_extent_walk *walk)
{
	int ret = 0;

	if (walk->want & GMEM_EXTENT_DIRECT_MAP)
		ret = gmem_map_cache_begin(&walk->cache, walk->lowest, walk->highest);
	walk->run_count = 0;
	walk->pfn_count = 0;
	walk->batch_pages = 0;
	walk->lowest = UINT64_MAX;
	walk->highest = 0;
	return ret ? no_memory(walk) : 0;
}

static void tell_progress(const struct gmem_extent_walk *walk)
{
	const struct gmem_target *target = walk->told;

	if (target->progress)
		target->progress(walk->at, target->size, target->progress_arg);
}

/* The batch, with its direct map. */
static int work_off(struct gmem_extent_walk *walk)
{
	int ret = walk->highest ? fill_cache(walk, walk->lowest) : 0;

	walk->only_state = walk->cache.count == 1 ? &walk->cache.runs[0] : NULL;
	if (!ret)
		ret = walk->highest > walk->cache.end ? emit_by_place(walk) : emit_from_cache(walk);
	walk->batch_failed = ret;
	if (!ret)
		ret = empty_batch(walk);
	if (!ret)
		tell_progress(walk);
	return !ret && walk->pauses ? 1 : ret;
}

/* Learns where page frames of the batch are. */
static void widen(struct gmem_extent_walk *walk, uint64_t pfn, uint64_t pages)
{
	const uint64_t block = 1ull << GMEM_MAP_BLOCK_SHIFT;

	if (pfn < walk->lowest)
		walk->lowest = pfn;
	if (pfn + pages > walk->highest)
		walk->highest = pfn + pages;
	for (uint64_t at = pfn; at < pfn + pages; at = (at | (block - 1)) + 1)
		gmem_map_cache_mark(&walk->cache, at);
}

/* Adds a run to the batch, or as much of it as there is room for; a full batch is worked off. */
static int add_to_batch(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *run)
{
	int ret = 0;

	for (uint64_t skip = 0, n; !ret && skip < run->pages; skip += n) {
		uint64_t room = batch_room(walk) - walk->batch_pages;
		struct gmem_pagecache_run *piece;

		ret = reserve(walk, &walk->runs, walk->run_count, &walk->run_room,
			      sizeof(*walk->runs));
		if (ret)
			break;
		n = run->pages - skip;
		if (!run->reason && n > room)
			n = room;
		piece = &walk->runs[walk->run_count++];
		piece->index = run->index + skip;
		piece->pages = n;
		piece->pfn = run->reason ? 0 : run->pfn + skip;
		piece->order = run->order;
		piece->share = walk->share;
		piece->reason = run->reason;
		piece->pfns = NULL;
		if (!run->reason)
			widen(walk, piece->pfn, n);
		/*
		 * There may be as many unknown page frames as the file is large; they cost no work.
		 */
		walk->batch_pages += run->reason ? 1 : n;
		if (walk->batch_pages == batch_room(walk))
			ret = work_off(walk);
	}
	return ret;
}

/* Learns where the page frames of a leaf are. */
static void widen_by_leaf(struct gmem_extent_walk *walk, const uint64_t *pfns)
{
	for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i++)
		gmem_map_cache_mark(&walk->cache, pfns[i]);
	if (walk->lowest < walk->highest && all_within(pfns, walk->lowest, walk->highest))
		return;
	for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i++) {
		if (pfns[i] < walk->lowest)
			walk->lowest = pfns[i];
		if (pfns[i] >= walk->highest)
			walk->highest = pfns[i] + 1;
	}
}

/* Adds a leaf to the batch. */
static int add_leaf(struct gmem_extent_walk *walk, const struct gmem_pagecache_run *leaf)
{
	uint64_t *pfns;
	int ret = 0;

	if (walk->batch_pages + leaf->pages > batch_room(walk))
		ret = work_off(walk);
	if (!ret)
		ret = reserve(walk, &walk->runs, walk->run_count, &walk->run_room,
			      sizeof(*walk->runs));
	if (!ret && !walk->pfns)
		walk->pfns = malloc(walk->batch_most * sizeof(*walk->pfns));
	if (!ret && !walk->pfns)
		ret = no_memory(walk);
	if (ret)
		return ret;
	pfns = walk->pfns + walk->pfn_count;
	memcpy(pfns, leaf->pfns, GMEM_LEAF_SLOTS * sizeof(*pfns));
	widen_by_leaf(walk, pfns);
	walk->runs[walk->run_count] = *leaf;
	walk->runs[walk->run_count].share = walk->share;
	walk->runs[walk->run_count++].pfns = pfns;
	walk->pfn_count += GMEM_LEAF_SLOTS;
	walk->batch_pages += leaf->pages;
	return walk->batch_pages == batch_room(walk) ? work_off(walk) : 0;
}

/*
 * Gets runs of the page cache. They wait for the direct map, or are handed out at once if it is not
 * asked for.
 */
static int add_runs(const struct gmem_pagecache_run *runs, size_t n, void *arg)
{
	struct gmem_extent_walk *walk = arg;
	bool batches = walk->want & GMEM_EXTENT_DIRECT_MAP;
	int ret = 0;

	if (gmem_is_cancelled(walk->cancel))
		return gmem_cancelled(walk->target->ctx, "the look for page frames");
	for (size_t i = 0; !ret && i < n; i++) {
		if (runs[i].pfns)
			ret = batches ? add_leaf(walk, &runs[i]) : emit_leaf(walk, &runs[i]);
		else
			ret = batches ? add_to_batch(walk, &runs[i])
				      : emit_run(walk, &runs[i], 0, runs[i].pages, &not_asked);
	}
	return ret;
}

static int prepare(struct gmem_extent_walk *walk)
{
	struct gmem_kernel *kernel = walk->target->ctx->kernel;
	int ret = gmem_target_cache(walk->target);

	if (!ret)
		ret = gmem_reader_image(walk->target->ctx, &walk->image);
	if (!ret)
		ret = gmem_ram_get(walk->target->ctx, &walk->ram);
	if (ret)
		return ret;
	gmem_target_read_bindings(walk->target); /* without them, GPAs are GMEM_GPA_NONE */
	if (walk->want & GMEM_EXTENT_FLAGS)
		walk->flags_fd = kernel->ops->open(kernel, "/proc/kpageflags", O_RDONLY);
	return 0;
}

/* A walk that is not prepared for any target yet; NULL without memory. */
static struct gmem_extent_walk *new_walk(struct gmem_target *target,
					 const struct gmem_extents_options *options)
{
	uint64_t offset = options->offset, length = options->length;
	struct gmem_extent_walk *walk = malloc(sizeof(*walk));

	if (!walk)
		return NULL;
	*walk = (struct gmem_extent_walk){
		.target = target,
		.told = target,
		.cancel = options->cancel,
		.at = offset < target->size ? offset : target->size,
		.end = target->size,
		.want = options->want,
		.flags_fd = -1,
		.only_state = &not_asked,
		.page_shift = target->ctx->page_shift,
	};
	if (length && length <= walk->end - walk->at)
		walk->end = walk->at + length;
	return walk;
}

/* Batches have at most so many pages, because there are no more. */
static void limit_batch(struct gmem_extent_walk *walk, uint64_t pages)
{
	walk->batch_most = pages < BATCH_PAGES ? pages : BATCH_PAGES;
}

int gmem_extent_walk_new(struct gmem_target *target, const struct gmem_extents_options *options,
			 gmem_extent_fn fn, void *arg, struct gmem_extent_walk **out)
{
	struct gmem_extent_walk *walk;
	int ret = gmem_check_want(target->ctx, "gmem_target_extents", options->want);

	if (!ret)
		ret = gmem_check_aligned(target->ctx, "gmem_target_extents", options->offset,
					 options->length);
	if (ret)
		return ret;
	walk = new_walk(target, options);
	if (!walk)
		return gmem_no_memory(target->ctx, "a walk over extents");
	walk->fn = fn;
	walk->arg = arg;
	ret = walk->at < walk->end ? prepare(walk) : 0;
	if (ret) {
		gmem_extent_walk_free(walk);
		return ret;
	}
	walk->is_plain = walk->flags_fd < 0 && !(walk->want & GMEM_EXTENT_ONE_BY_ONE);
	limit_batch(walk, walk->end >> walk->page_shift);
	*out = walk;
	return 0;
}

void gmem_extent_walk_free(struct gmem_extent_walk *walk)
{
	struct gmem_kernel *kernel = walk->target->ctx->kernel;

	if (walk->flags_fd >= 0)
		kernel->ops->close(kernel, walk->flags_fd);
	free(walk->runs);
	free(walk->pfns);
	free(walk->pieces);
	free(walk->places);
	free(walk->spans);
	gmem_map_cache_free(&walk->cache);
	free(walk);
}

/* Reads the page cache to the end. */
static int read_pages(struct gmem_extent_walk *walk)
{
	if (walk->at >= walk->end)
		return 0;
	return gmem_pagecache_walk(walk->target->ctx, &walk->target->cache,
				   walk->at >> walk->page_shift,
				   (walk->end - 1) >> walk->page_shift, add_runs, walk);
}

int gmem_extent_walk_run(struct gmem_extent_walk *walk)
{
	/* Looks up again what an earlier run had read and not handed out. */
	int ret = empty_batch(walk);

	if (!ret)
		ret = read_pages(walk);
	if (!ret && walk->run_count)
		ret = work_off(walk);
	if (ret)
		return ret;
	walk->at = walk->end;
	return hand_out(walk);
}

int gmem_extent_walk_batch(struct gmem_extent_walk *walk)
{
	int ret;

	walk->pauses = true;
	ret = gmem_extent_walk_run(walk);
	walk->pauses = false;
	return ret;
}

void gmem_extent_walk_seek(struct gmem_extent_walk *walk, uint64_t offset)
{
	walk->at = offset;
	walk->last = NULL;
}

int gmem_extent_walk_all(struct gmem_target *target, const struct gmem_extents_options *options,
			 gmem_extent_fn fn, void *arg)
{
	struct gmem_extent_walk *walk;
	int ret = gmem_extent_walk_new(target, options, fn, arg, &walk);

	if (ret)
		return ret;
	ret = gmem_extent_walk_run(walk);
	gmem_extent_walk_free(walk);
	return ret;
}

int gmem_extent_walk_parts(struct gmem_target *target, const struct gmem_extents_options *options,
			   gmem_extent_part_fn fn, void *arg)
{
	struct gmem_extent_walk *walk;
	int ret = gmem_extent_walk_new(target, options, NULL, arg, &walk);

	if (ret)
		return ret;
	walk->part_fn = fn;
	walk->cache.states = true;
	walk->is_plain = false;
	ret = gmem_extent_walk_run(walk);
	gmem_extent_walk_free(walk);
	return ret;
}

/* Adds the pages of one of several files to the batch, which is worked off where it is full. */
static int walk_share(struct gmem_extent_walk *walk, unsigned int share)
{
	int ret;

	walk->share = share;
	walk->target = walk->shares[share].target;
	walk->at = 0;
	walk->end = walk->target->size;
	ret = walk->end ? prepare(walk) : 0;
	return ret ? ret : read_pages(walk);
}

/*
 * What follows for a walk over several files if one failed: the batch is lost where that could not
 * be worked off, with pages of other files. Otherwise they stay in it.
 */
static int take_failure(struct gmem_extent_walk *walk, int failure)
{
	if (!failure || failure == -ENOMEM || failure == -ECANCELED)
		return failure;
	walk->shares[walk->share].failed = true;
	if (!walk->batch_failed)
		return 0;
	for (size_t i = 0; i < walk->run_count; i++)
		walk->shares[walk->runs[i].share].failed = true;
	walk->batch_failed = false;
	return empty_batch(walk);
}

int gmem_extent_walk_shares(struct gmem_extent_share *shares, unsigned int n,
			    const volatile int *cancel, gmem_extent_part_fn fn)
{
	const struct gmem_extents_options all = {
		.want = GMEM_EXTENT_DIRECT_MAP,
		.cancel = cancel,
	};
	struct gmem_extent_walk *walk = new_walk(shares[0].target, &all);
	uint64_t pages = 0;
	int ret;

	if (!walk)
		return gmem_no_memory(shares[0].target->ctx, "a walk over extents");
	for (unsigned int i = 0; i < n; i++)
		pages += shares[i].target->size >> walk->page_shift;
	limit_batch(walk, pages);
	walk->shares = shares;
	walk->part_fn = fn;
	walk->cache.states = true;
	ret = empty_batch(walk);
	for (unsigned int i = 0; !ret && i < n; i++)
		ret = take_failure(walk, walk_share(walk, i));
	if (!ret && walk->run_count)
		ret = take_failure(walk, work_off(walk));
	gmem_extent_walk_free(walk);
	return ret;
}

int gmem_target_extents(struct gmem_target *target, uint64_t offset, uint64_t length,
			unsigned int want, gmem_extent_fn fn, void *arg)
{
	const struct gmem_extents_options options = {
		.size = sizeof(options),
		.offset = offset,
		.length = length,
		.want = want,
	};

	gmem_begin(target->ctx);
	return gmem_extent_walk_all(target, &options, fn, arg);
}
