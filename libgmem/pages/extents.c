// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Extents of a guest_memfd: the page cache's runs, cut where the memslot, the NUMA node, the
 * direct map or the page flags change, joined where they do not.
 *
 * Runs are worked off in batches, so that memory does not grow with the file, however sparse it is
 * or large. For each batch the direct map is walked after its pages were found, never before: what
 * is said of a page is no older than the page.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "kernel/search.h"
#include "kmem/pagetable.h"
#include "kmem/reader.h"
#include "pages/extents.h"
#include "procfs/ram.h"

#define BATCH_PAGES (1u << 16) /* 256 MiB of 4K pages: at most 12 MiB of extents and pieces */
#define CACHED_RUNS 16384      /* of the direct map */
#define FLAGS_BATCH 512

/* Where the runs of a batch lie in memory: what is sorted, instead of the runs. */
struct place {
	uint64_t pfn;
	uint32_t run; /* its index in walk->runs */
};

/* Runs of the direct map that follow each other without gaps, as they were when they were read. */
struct map_cache {
	struct gmem_directmap_run *runs;
	size_t count;
	size_t room;	     /* up to CACHED_RUNS */
	uint64_t first, end; /* page frames that they cover */
};

/* Pieces that a run was cut into, none where it is whole: they follow each other. */
struct span {
	uint32_t first;
	uint32_t count;
};

struct list {
	struct gmem_extent *items;
	size_t count;
	size_t room;
};

struct gmem_extent_walk {
	struct gmem_target *target;
	const volatile int *cancel;
	uint64_t at;  /* offset of what was not looked at yet, */
	uint64_t end; /* up to here */
	bool pauses;  /* after each batch */
	const struct gmem_ram *ram;
	const struct gmem_image *image;
	unsigned int want;
	int flags_fd;	      /* /proc/kpageflags, or -1 */
	struct list runs;     /* of the batch, as the page cache has them */
	uint64_t batch_pages; /* in runs */
	struct list pieces;   /* of runs in which the direct map changes, by page frame */
	struct span *spans;   /* of each run, in pieces */
	struct place *places; /* of the runs whose page frames are known, by page frame */
	size_t place_count;
	size_t place_room;	/* of places and spans */
	struct map_cache cache; /* of the batch */
	uint64_t highest;	/* page frame past the last one of the batch */
	uint64_t node_first;	/* page frames of one NUMA node, from here to */
	uint64_t node_end;	/* here, as they were asked for last */
	int node;
	struct gmem_extent *last;  /* not handed out yet: the next one may continue it */
	struct gmem_extent two[2]; /* the last one, and room for the next: copies cost */
	gmem_extent_fn fn;
	void *arg;
};

/*
 * Flags that the kernel does not turn by itself from one moment to the next (as it does with
 * referenced, idle, active, lru): only these tell runs apart.
 */
#define STEADY_FLAGS                                                                           \
	((1ull << 3) |				      /* uptodate */                           \
	 (1ull << 15) | (1ull << 16) | (1ull << 17) | /* compound-head, compound-tail, huge */ \
	 (1ull << 18) | (1ull << 19) |		      /* unevictable, hwpoison */              \
	 (1ull << 22) | (1ull << 23) |		      /* thp, offline */                       \
	 (1ull << 32) | (1ull << 33))		      /* reserved, mlocked */

static const char reason_not_asked[] = "the direct map was not looked at";

static int no_memory(const struct gmem_extent_walk *walk)
{
	return gmem_no_memory(walk->target->ctx, "extents of the page cache");
}

static int append(const struct gmem_extent_walk *walk, struct list *list,
		  const struct gmem_extent *extent)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct gmem_extent *more = realloc(list->items, room * sizeof(*more));

		if (!more)
			return no_memory(walk);
		list->items = more;
		list->room = room;
	}
	list->items[list->count++] = *extent;
	return 0;
}

/* Cuts pages off the front of an extent into *front. */
static void cut_front(const struct gmem_extent_walk *walk, struct gmem_extent *extent,
		      uint64_t pages, struct gmem_extent *front)
{
	*front = *extent;
	front->pages = pages;
	extent->pages -= pages;
	extent->offset += gmem_bytes_of(walk->target->ctx, pages);
	if (extent->has_pfn)
		extent->pfn += pages;
	if (extent->gpa != GMEM_GPA_NONE)
		extent->gpa += gmem_bytes_of(walk->target->ctx, pages);
}

static int emit_extent(struct gmem_extent_walk *walk, const struct gmem_extent *extent);
static int work_off(struct gmem_extent_walk *walk);

/*
 * Room for an extent, until the next one is emitted; emit() takes one that is made there as it is.
 */
static struct gmem_extent *spare(struct gmem_extent_walk *walk)
{
	return &walk->two[walk->last == &walk->two[0]];
}

static int add_to_batch(struct gmem_extent_walk *walk, const struct gmem_extent *run)
{
	int ret = append(walk, &walk->runs, run);

	/* Unknown page frames may be as many as the file is large: they are no work. */
	walk->batch_pages += run->has_pfn ? run->pages : 1;
	return !ret && walk->batch_pages == BATCH_PAGES ? work_off(walk) : ret;
}

/* A run that is larger than what the batch has room for. */
static int fill_batches(struct gmem_extent_walk *walk, struct gmem_extent left)
{
	int ret = 0;

	while (!ret && left.pages) {
		uint64_t room = BATCH_PAGES - walk->batch_pages;
		struct gmem_extent piece;

		cut_front(walk, &left, left.pages < room ? left.pages : room, &piece);
		ret = add_to_batch(walk, &piece);
	}
	return ret;
}

/* A run waits for the direct map, or goes out at once where that is not asked for. */
static int take_run(struct gmem_extent_walk *walk, const struct gmem_extent *run)
{
	if (!(walk->want & GMEM_EXTENT_DIRECT_MAP))
		return emit_extent(walk, run);
	if (run->has_pfn && run->pages > BATCH_PAGES - walk->batch_pages)
		return fill_batches(walk, *run);
	return add_to_batch(walk, run);
}

/* Node of a page frame, and the pages from there on that have it. Nodes are large. */
static int node_of(struct gmem_extent_walk *walk, uint64_t pfn, uint64_t *pages)
{
	if (pfn < walk->node_first || pfn >= walk->node_end) {
		walk->node = gmem_ram_node(walk->ram, pfn, pages);
		walk->node_first = pfn;
		walk->node_end = pfn + *pages;
	}
	*pages = walk->node_end - pfn;
	return walk->node;
}

/* Sets GPA and node of an extent's first page. Returns how many pages from there have them. */
static uint64_t place(struct gmem_extent_walk *walk, struct gmem_extent *extent)
{
	uint64_t bound, pages;

	extent->gpa = gmem_target_gpa(walk->target, extent->offset, &bound);
	pages = gmem_page_of(walk->target->ctx, bound);
	extent->node = -1;
	if (extent->has_pfn) {
		extent->node = node_of(walk, extent->pfn, &bound);
		if (bound < pages)
			pages = bound;
	}
	return pages;
}

/* An extent that memslots or nodes cut. */
static int take_pieces(struct gmem_extent_walk *walk, struct gmem_extent left)
{
	int ret = 0;

	while (!ret && left.pages) {
		uint64_t pages = place(walk, &left);
		struct gmem_extent piece;

		cut_front(walk, &left, pages < left.pages ? pages : left.pages, &piece);
		ret = take_run(walk, &piece);
	}
	return ret;
}

/* A run of the page cache. */
static int add_run(const struct gmem_pagecache_run *run, void *arg)
{
	struct gmem_extent_walk *walk = arg;
	struct gmem_extent *extent = spare(walk);

	if (gmem_is_cancelled(walk->cancel))
		return gmem_cancelled(walk->target->ctx, "the look for page frames");
	*extent = (struct gmem_extent){
		.size = sizeof(*extent),
		.offset = gmem_bytes_of(walk->target->ctx, run->index),
		.pfn = run->pfn,
		.pages = run->pages,
		.order = run->order,
		.has_pfn = !run->reason,
		.reason = run->reason ? run->reason : reason_not_asked,
	};
	if (place(walk, extent) >= extent->pages)
		return take_run(walk, extent);
	return take_pieces(walk, *extent);
}

static int by_pfn(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* Room for a place and a span of each run. */
static int grow_places(struct gmem_extent_walk *walk)
{
	size_t room = walk->runs.room;
	struct place *places;
	struct span *spans;

	if (walk->place_room >= room)
		return 0;
	places = realloc(walk->places, room * sizeof(*places));
	if (places)
		walk->places = places;
	spans = realloc(walk->spans, room * sizeof(*spans));
	if (spans)
		walk->spans = spans;
	if (!places || !spans)
		return no_memory(walk);
	walk->place_room = room;
	return 0;
}

/* Lists where the runs lie; *lowest is the first page frame of them. */
static int list_places(struct gmem_extent_walk *walk, uint64_t *lowest)
{
	int ret = grow_places(walk);

	*lowest = UINT64_MAX;
	walk->highest = 0;
	walk->place_count = 0;
	for (uint32_t i = 0; !ret && i < walk->runs.count; i++) {
		const struct gmem_extent *run = &walk->runs.items[i];

		walk->spans[i].count = 0;
		if (!run->has_pfn)
			continue;
		walk->places[walk->place_count++] = (struct place){ .pfn = run->pfn, .run = i };
		if (run->pfn < *lowest)
			*lowest = run->pfn;
		if (run->pfn + run->pages > walk->highest)
			walk->highest = run->pfn + run->pages;
	}
	return ret;
}

static int keep_run(const struct gmem_directmap_run *run, void *arg)
{
	struct map_cache *cache = arg;

	if (cache->count == cache->room)
		return 1;
	cache->runs[cache->count++] = *run;
	cache->end = run->pfn + run->pages;
	return 0;
}

/* Room for the runs of so many pages, or for as many as are kept at a time. */
static int reserve_cache(struct gmem_extent_walk *walk, uint64_t pages)
{
	size_t room = pages < CACHED_RUNS ? (size_t)pages : CACHED_RUNS;
	struct map_cache *cache = &walk->cache;

	if (cache->room >= room)
		return 0;
	free(cache->runs);
	cache->runs = malloc(room * sizeof(*cache->runs));
	cache->room = cache->runs ? room : 0;
	return cache->runs ? 0 : no_memory(walk);
}

/* Reads the direct map from a page frame on, as far as the batch or the cache reaches. */
static int fill_cache(struct gmem_extent_walk *walk, uint64_t pfn)
{
	struct map_cache *cache = &walk->cache;
	int ret = reserve_cache(walk, walk->highest - pfn);

	cache->count = 0;
	cache->first = cache->end = pfn;
	if (ret)
		return ret;
	ret = gmem_pagetable_walk(walk->target->ctx, walk->image, pfn, walk->highest - pfn,
				  keep_run, cache);
	return ret < 0 ? ret : 0;
}

static bool is_cached(const struct map_cache *cache, uint64_t pfn)
{
	return pfn >= cache->first && pfn < cache->end;
}

static bool ends_before(const void *entry, const void *pfn)
{
	const struct gmem_directmap_run *run = entry;

	return run->pfn + run->pages <= *(const uint64_t *)pfn;
}

/* The run of the direct map that has a page frame. */
static int find_run(struct gmem_extent_walk *walk, uint64_t pfn,
		    const struct gmem_directmap_run **run)
{
	const struct map_cache *cache = &walk->cache;
	int ret = 0;

	if (!is_cached(cache, pfn))
		ret = fill_cache(walk, pfn);
	if (!ret && !is_cached(cache, pfn))
		ret = -EILSEQ; /* a walk covers what it was asked for */
	if (ret)
		return ret;
	*run = cache->runs +
	       gmem_lower_bound(cache->runs, cache->count, sizeof(*cache->runs), ends_before, &pfn);
	return 0;
}

static void set_state(struct gmem_extent *extent, const struct gmem_directmap_run *run)
{
	extent->direct_map = run->direct_map;
	extent->level = run->level;
	extent->writable = run->writable;
	extent->reason = run->reason;
}

/* Cuts a run into pieces where the direct map changes. */
static int cut_run(struct gmem_extent_walk *walk, uint32_t index)
{
	struct gmem_extent left = walk->runs.items[index];
	struct span *span = &walk->spans[index];
	int ret = 0;

	span->first = (uint32_t)walk->pieces.count;
	while (!ret && left.pages) {
		const struct gmem_directmap_run *run;
		struct gmem_extent piece;
		uint64_t pages;

		ret = find_run(walk, left.pfn, &run);
		if (ret)
			break;
		pages = run->pfn + run->pages - left.pfn;
		cut_front(walk, &left, pages < left.pages ? pages : left.pages, &piece);
		set_state(&piece, run);
		ret = append(walk, &walk->pieces, &piece);
		span->count++;
	}
	return ret;
}

/* Gives a run its state: in place where it is one, as nearly all are. */
static int join_run(struct gmem_extent_walk *walk, uint32_t index)
{
	struct gmem_extent *extent = &walk->runs.items[index];
	const struct gmem_directmap_run *run;
	int ret = find_run(walk, extent->pfn, &run);

	if (ret)
		return ret;
	if (run->pfn + run->pages - extent->pfn < extent->pages)
		return cut_run(walk, index);
	set_state(extent, run);
	return 0;
}

/* Looks up the direct map for the batch's runs, by page frame where the cache has to move. */
static int join_direct_map(struct gmem_extent_walk *walk)
{
	uint64_t lowest;
	int ret = list_places(walk, &lowest);

	walk->pieces.count = 0;
	if (!ret && walk->place_count)
		ret = fill_cache(walk, lowest);
	if (!ret && walk->cache.end < walk->highest)
		qsort(walk->places, walk->place_count, sizeof(*walk->places), by_pfn);
	for (size_t i = 0; !ret && i < walk->place_count; i++)
		ret = join_run(walk, walk->places[i].run);
	return ret;
}

static bool continues(const struct gmem_extent_walk *walk, const struct gmem_extent *a,
		      const struct gmem_extent *b)
{
	uint64_t size = gmem_bytes_of(walk->target->ctx, a->pages);

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

	walk->at = extent->offset + gmem_bytes_of(walk->target->ctx, extent->pages);
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

static int emit_pages(struct gmem_extent_walk *walk, struct gmem_extent extent)
{
	int ret = hand_out(walk); /* what is unknown before them waits for more of it */

	while (!ret && extent.pages) {
		struct gmem_extent page;

		cut_front(walk, &extent, 1, &page);
		walk->at = extent.offset;
		ret = walk->fn(&page, walk->arg);
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

static int emit_joined(struct gmem_extent_walk *walk)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < walk->runs.count; i++) {
		const struct gmem_extent *run = &walk->runs.items[i];
		const struct span *span = &walk->spans[i];

		if (!span->count)
			ret = emit_extent(walk, run);
		for (uint32_t k = 0; !ret && k < span->count; k++)
			ret = emit_extent(walk, &walk->pieces.items[span->first + k]);
	}
	return ret;
}

static void tell_progress(const struct gmem_extent_walk *walk)
{
	const struct gmem_target *target = walk->target;

	if (target->progress)
		target->progress(walk->at, target->size, target->progress_arg);
}

/* The batch, with its direct map. */
static int work_off(struct gmem_extent_walk *walk)
{
	int ret = join_direct_map(walk);

	if (!ret)
		ret = emit_joined(walk);
	walk->runs.count = 0;
	walk->batch_pages = 0;
	if (!ret)
		tell_progress(walk);
	return !ret && walk->pauses ? 1 : ret;
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

int gmem_extent_walk_new(struct gmem_target *target, const struct gmem_extents_options *options,
			 gmem_extent_fn fn, void *arg, struct gmem_extent_walk **out)
{
	uint64_t offset = options->offset, length = options->length;
	struct gmem_extent_walk *walk;
	int ret = gmem_check_want(target->ctx, "gmem_target_extents", options->want);

	if (!ret)
		ret = gmem_check_aligned(target->ctx, "gmem_target_extents", offset, length);
	if (ret)
		return ret;
	walk = malloc(sizeof(*walk));
	if (!walk)
		return gmem_no_memory(target->ctx, "a walk over extents");
	*walk = (struct gmem_extent_walk){
		.target = target,
		.cancel = options->cancel,
		.at = offset < target->size ? offset : target->size,
		.end = target->size,
		.want = options->want,
		.flags_fd = -1,
		.fn = fn,
		.arg = arg,
	};
	if (length && length <= walk->end - walk->at)
		walk->end = walk->at + length;
	ret = walk->at < walk->end ? prepare(walk) : 0;
	if (ret) {
		gmem_extent_walk_free(walk);
		return ret;
	}
	*out = walk;
	return 0;
}

void gmem_extent_walk_free(struct gmem_extent_walk *walk)
{
	struct gmem_kernel *kernel = walk->target->ctx->kernel;

	if (walk->flags_fd >= 0)
		kernel->ops->close(kernel, walk->flags_fd);
	free(walk->runs.items);
	free(walk->pieces.items);
	free(walk->places);
	free(walk->spans);
	free(walk->cache.runs);
	free(walk);
}

int gmem_extent_walk_run(struct gmem_extent_walk *walk)
{
	int ret = 0;

	/* What an earlier run had taken, and not handed out, is looked up again. */
	walk->runs.count = 0;
	walk->batch_pages = 0;
	if (walk->at < walk->end)
		ret = gmem_pagecache_walk(walk->target->ctx, &walk->target->cache,
					  gmem_page_of(walk->target->ctx, walk->at),
					  gmem_page_of(walk->target->ctx, walk->end - 1), add_run,
					  walk);
	if (!ret && walk->runs.count)
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
