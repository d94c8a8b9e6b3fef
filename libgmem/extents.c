// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Extents of a guest_memfd: the page cache's runs, cut where the memslot, the NUMA node, the
 * direct map or the page flags change, joined where they do not.
 *
 * A file is worked off in windows, so that memory does not grow with it. Within a window the runs
 * are put in the order of their page frames, the direct map is walked once along them, and they
 * are put back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "pagetable.h"
#include "ram.h"
#include "reader.h"
#include "target.h"

#define WINDOW_PAGES (1u << 16) /* 256 MiB of 4K pages: at most 6 MiB of extents */
#define GAP_PAGES (1u << 18)	/* page frames worth walking over rather than starting anew */
#define FLAGS_BATCH 512

struct list {
	struct gmem_extent *items;
	size_t count;
	size_t room;
};

struct walk {
	struct gmem_target *target;
	const struct gmem_ram *ram;
	const struct gmem_image *image;
	unsigned int want;
	int flags_fd;		 /* /proc/kpageflags, or -1 */
	struct list runs;	 /* of the window, as the page cache has them */
	struct list split;	 /* the same, cut where the direct map changes */
	size_t join_at;		 /* in runs: the first that the direct map's walk has not passed */
	struct gmem_extent last; /* not handed out yet: the next one may continue it */
	bool has_last;
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

static int append(struct list *list, const struct gmem_extent *extent)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct gmem_extent *more = realloc(list->items, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->items = more;
		list->room = room;
	}
	list->items[list->count++] = *extent;
	return 0;
}

/* Cuts pages off the front of an extent into *front. */
static void cut_front(struct gmem_extent *extent, uint64_t pages, struct gmem_extent *front)
{
	*front = *extent;
	front->pages = pages;
	extent->pages -= pages;
	extent->offset += pages * GMEM_PAGE_SIZE;
	if (extent->has_pfn)
		extent->pfn += pages;
	if (extent->gpa != GMEM_GPA_NONE)
		extent->gpa += pages * GMEM_PAGE_SIZE;
}

/* A run of the page cache: cut at memslots and nodes. */
static int add_run(const struct gmem_pagecache_run *run, void *arg)
{
	struct walk *walk = arg;
	struct gmem_extent left = {
		.offset = run->index * GMEM_PAGE_SIZE,
		.pfn = run->pfn,
		.pages = run->pages,
		.order = run->order,
		.has_pfn = !run->reason,
		.reason = run->reason ? run->reason : reason_not_asked,
	};
	int ret = 0;

	while (!ret && left.pages) {
		uint64_t bound, pages = left.pages;
		struct gmem_extent piece;

		left.gpa = gmem_target_gpa(walk->target, left.offset, &bound);
		if (bound / GMEM_PAGE_SIZE < pages)
			pages = bound / GMEM_PAGE_SIZE;
		left.node = -1;
		if (left.has_pfn) {
			left.node = gmem_ram_node(walk->ram, left.pfn, &bound);
			if (bound < pages)
				pages = bound;
		}
		cut_front(&left, pages, &piece);
		ret = append(&walk->runs, &piece);
	}
	return ret;
}

static int by_pfn(const void *a, const void *b)
{
	const struct gmem_extent *x = a, *y = b;

	if (x->has_pfn != y->has_pfn)
		return x->has_pfn ? -1 : 1;
	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int by_offset(const void *a, const void *b)
{
	const struct gmem_extent *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void sort(struct list *list, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < list->count; i++)
		if (compare(&list->items[i - 1], &list->items[i]) > 0) {
			qsort(list->items, list->count, sizeof(*list->items), compare);
			return;
		}
}

/* A run of the direct map: gives its state to the extents that lie in it. */
static int join_run(const struct gmem_directmap_run *run, void *arg)
{
	struct walk *walk = arg;
	uint64_t end = run->pfn + run->pages;
	int ret = 0;

	while (!ret && walk->join_at < walk->runs.count) {
		struct gmem_extent *extent = &walk->runs.items[walk->join_at], piece;
		uint64_t pages;

		if (!extent->has_pfn || extent->pfn >= end)
			break;
		pages = end - extent->pfn < extent->pages ? end - extent->pfn : extent->pages;
		cut_front(extent, pages, &piece);
		piece.state = run->state;
		piece.level = run->level;
		piece.writable = run->writable;
		piece.reason = run->reason;
		ret = append(&walk->split, &piece);
		if (!extent->pages)
			walk->join_at++;
	}
	return ret;
}

/* Looks up the direct map for the window's runs: one walk for neighbours that are near. */
static int join_direct_map(struct walk *walk)
{
	struct list *runs = &walk->runs;
	size_t first = 0;
	int ret = 0;

	sort(runs, by_pfn);
	walk->split.count = 0;
	walk->join_at = 0;
	while (!ret && first < runs->count && runs->items[first].has_pfn) {
		uint64_t start = runs->items[first].pfn;
		uint64_t end = start + runs->items[first].pages;
		size_t next = first + 1;

		for (; next < runs->count && runs->items[next].has_pfn; next++) {
			const struct gmem_extent *extent = &runs->items[next];

			if (extent->pfn > end + GAP_PAGES)
				break;
			if (extent->pfn + extent->pages > end)
				end = extent->pfn + extent->pages;
		}
		ret = gmem_pagetable_walk(walk->target->ctx, walk->image, start, end - start,
					  join_run, walk);
		first = next;
	}
	for (; !ret && first < runs->count; first++) /* those without a page frame */
		ret = append(&walk->split, &runs->items[first]);
	if (ret)
		return ret;
	sort(&walk->split, by_offset);
	struct list done = walk->split;
	walk->split = walk->runs;
	walk->runs = done;
	return 0;
}

static bool continues(const struct gmem_extent *a, const struct gmem_extent *b)
{
	uint64_t size = a->pages * GMEM_PAGE_SIZE;

	return a->offset + size == b->offset && a->has_pfn == b->has_pfn &&
	       (!a->has_pfn || a->pfn + a->pages == b->pfn) && a->order == b->order &&
	       a->node == b->node && a->state == b->state && a->level == b->level &&
	       a->writable == b->writable && a->reason == b->reason &&
	       a->has_page_flags == b->has_page_flags && a->page_flags == b->page_flags &&
	       (a->gpa == GMEM_GPA_NONE ? b->gpa == GMEM_GPA_NONE : a->gpa + size == b->gpa);
}

static int hand_out(struct walk *walk)
{
	int ret = 0;

	if (walk->has_last)
		ret = walk->fn(&walk->last, walk->arg);
	walk->has_last = false;
	return ret;
}

static int emit(struct walk *walk, const struct gmem_extent *extent)
{
	int ret;

	if (walk->has_last && continues(&walk->last, extent)) {
		walk->last.pages += extent->pages;
		return 0;
	}
	ret = hand_out(walk);
	walk->last = *extent;
	walk->has_last = true;
	return ret;
}

static int emit_pages(struct walk *walk, struct gmem_extent extent)
{
	int ret = 0;

	while (!ret && extent.pages) {
		struct gmem_extent page;

		cut_front(&extent, 1, &page);
		ret = walk->fn(&page, walk->arg);
	}
	return ret;
}

static int emit_piece(struct walk *walk, const struct gmem_extent *extent)
{
	if (walk->want & GMEM_EXTENT_ONE_BY_ONE)
		return emit_pages(walk, *extent);
	return emit(walk, extent);
}

/* Adds page flags: cut wherever they change. */
static int emit_with_flags(struct walk *walk, struct gmem_extent extent)
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
			cut_front(&extent, same, &piece);
			piece.page_flags = flags[i] & mask;
			piece.has_page_flags = true;
			ret = emit_piece(walk, &piece);
		}
	}
	return ret;
}

static int walk_window(struct walk *walk, uint64_t first, uint64_t last)
{
	struct gmem_target *target = walk->target;
	int ret;

	walk->runs.count = 0;
	ret = gmem_pagecache_walk(target->ctx, &target->cache, first, last, add_run, walk);
	if (!ret && (walk->want & GMEM_EXTENT_DIRECT_MAP))
		ret = join_direct_map(walk);
	for (size_t i = 0; !ret && i < walk->runs.count; i++) {
		const struct gmem_extent *extent = &walk->runs.items[i];

		if (walk->flags_fd >= 0 && extent->has_pfn)
			ret = emit_with_flags(walk, *extent);
		else
			ret = emit_piece(walk, extent);
	}
	return ret;
}

static int prepare(struct walk *walk)
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

int gmem_target_extents(struct gmem_target *target, uint64_t offset, uint64_t length,
			unsigned int want, gmem_extent_fn fn, void *arg)
{
	struct walk walk = {
		.target = target,
		.want = want,
		.flags_fd = -1,
		.fn = fn,
		.arg = arg,
	};
	uint64_t end = length && length <= target->size - offset ? offset + length : target->size;
	int ret = 0;

	if (offset >= target->size)
		return 0;
	ret = prepare(&walk);
	for (uint64_t page = offset / GMEM_PAGE_SIZE, last = (end - 1) / GMEM_PAGE_SIZE;
	     !ret && page <= last; page += WINDOW_PAGES)
		ret = walk_window(&walk, page,
				  last - page < WINDOW_PAGES ? last : page + WINDOW_PAGES - 1);
	if (!ret)
		ret = hand_out(&walk);
	free(walk.runs.items);
	free(walk.split.items);
	if (walk.flags_fd >= 0)
		target->ctx->kernel->ops->close(target->ctx->kernel, walk.flags_fd);
	return ret;
}
