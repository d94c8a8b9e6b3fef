// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a descriptor to page frames: struct file -> address_space -> xarray of folios -> vmemmap.
 *
 * A folio in a slot of the inode's own xarray is in the page cache at that moment. As a check on
 * how folios were understood, the first and the last of a run are looked at, of short runs one in 2
 * MiB of the file: they must name this mapping and their own index, else the run is read again, and
 * is unknown after a few times. More checks would find nothing more, and each costs a cache miss.
 * That a folio was in the page cache follows from its node being in the tree, which is checked for
 * every node.
 */
#include "kmem/pagecache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"
#include "kmem/pair.h"
#include "kmem/reader.h"
#include "kmem/struct_layout.h"
#include "kmem/xarray.h"
#include "procfs/ram.h"

#define CHECK_SHIFT 9 /* pages of which one is checked, as a power of two */
#define ATTEMPTS 4

static const char reason_moved[] = "the page left the page cache while it was read";
static const char reason_frame[] = "a folio's address is no struct page of RAM";

/* From a struct page to its page frame. */
struct frames {
	uint64_t vmemmap;   /* address of the first struct page */
	uint64_t size;	    /* bytes of one */
	unsigned int shift; /* log2 of that, or 0: it is not a power of two */
	uint64_t limit;	    /* page frame that RAM is below */
};

struct walk {
	struct gmem_ctx *ctx;
	const struct gmem_pagecache *cache;
	const struct gmem_layout *layout;
	struct frames frames;
	uint64_t first, last;
	int attempt;
	struct gmem_pagecache_run runs[GMEM_XARRAY_BATCH]; /* to be handed on */
	size_t count;
	uint64_t checked; /* index >> CHECK_SHIFT of the folio that was checked last, plus one */
	gmem_pagecache_fn fn;
	void *arg;
};

static int walk_range(const struct walk *like, uint64_t first, uint64_t last, int attempt);

/* Where the pointers to struct file of this process begin, and how many there are. */
static int find_fd_table(struct gmem_ctx *ctx, const struct gmem_layout *layout, uint64_t *table,
			 uint32_t *max_fds)
{
	uint64_t task, files, fdt;
	int ret = ctx->kernel->ops->current_task(ctx->kernel, &task);

	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, task + layout->offset[GMEM_TASK_FILES], &files);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, files + layout->offset[GMEM_FILES_FDT], &fdt);
	if (!ret)
		ret = gmem_kmem_read(ctx, fdt + layout->offset[GMEM_FDT_MAX_FDS], max_fds,
				     sizeof(*max_fds));
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, fdt + layout->offset[GMEM_FDT_FD], table);
	return ret;
}

static int find_objects(struct gmem_ctx *ctx, const struct gmem_layout *layout, int fd,
			struct gmem_pagecache *out, uint64_t *ino)
{
	uint64_t table;
	uint32_t max_fds;
	int ret = find_fd_table(ctx, layout, &table, &max_fds);

	if (!ret && (uint32_t)fd >= max_fds)
		ret = -EILSEQ;
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, table + (uint64_t)fd * 8, &out->file);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, out->file + layout->offset[GMEM_FILE_INODE],
					     &out->inode);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, out->file + layout->offset[GMEM_FILE_MAPPING],
					     &out->mapping);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, out->inode + layout->offset[GMEM_INODE_INO], ino);
	return ret;
}

/* Whether this is the inode that fstat(2) tells, and inode and mapping point to each other. */
static int prove_objects(struct gmem_ctx *ctx, const struct gmem_layout *layout, int fd,
			 const struct gmem_pagecache *found, uint64_t ino)
{
	struct stat st;
	uint64_t host;
	int ret = ctx->kernel->ops->fstat(ctx->kernel, fd, &st);

	if (!ret)
		ret = gmem_kmem_read_pointer(
			ctx, found->mapping + layout->offset[GMEM_MAPPING_HOST], &host);
	if (!ret && (st.st_ino != ino || host != found->inode))
		ret = -EILSEQ;
	return ret;
}

int gmem_pagecache_find(struct gmem_ctx *ctx, int fd, struct gmem_pagecache *out)
{
	const struct gmem_layout *layout;
	const struct gmem_image *image;
	uint64_t ino;
	int ret = gmem_reader_image(ctx, &image);

	if (!ret)
		ret = gmem_layout_get(ctx, &layout);
	if (ret)
		return ret;
	/* Another thread may make the table grow meanwhile: the next try sees the new one. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		ret = find_objects(ctx, layout, fd, out, &ino);
		if (!ret)
			ret = prove_objects(ctx, layout, fd, out, ino);
		if (!ret)
			return 0;
	}
	return gmem_fail(
		ctx, ret == -EFAULT ? -EILSEQ : ret,
		"the kernel's struct file of descriptor %d was not found in kernel memory: %s", fd,
		gmem_error_words(ret));
}

int gmem_pagecache_fs_magic(struct gmem_ctx *ctx, int fd, uint64_t *magic)
{
	const struct gmem_layout *layout;
	const struct gmem_image *image;
	struct gmem_pagecache found = { .inode = 0 };
	uint64_t sb, ino;
	int ret = gmem_reader_image(ctx, &image);

	if (!ret)
		ret = gmem_layout_get(ctx, &layout);
	if (!ret && (!layout->has[GMEM_INODE_SB] || !layout->has[GMEM_SB_MAGIC]))
		ret = -ENODATA;
	if (!ret)
		ret = find_objects(ctx, layout, fd, &found, &ino);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, found.inode + layout->offset[GMEM_INODE_SB], &sb);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, sb + layout->offset[GMEM_SB_MAGIC], magic);
	return ret;
}

int gmem_pagecache_private(struct gmem_ctx *ctx, int fd, uint64_t *object)
{
	const struct gmem_layout *layout;
	struct gmem_pagecache found;
	int ret = gmem_pagecache_find(ctx, fd, &found);

	if (!ret)
		ret = gmem_layout_get(ctx, &layout);
	if (!ret && !layout->has[GMEM_FILE_PRIVATE])
		ret = -ENODATA;
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, found.file + layout->offset[GMEM_FILE_PRIVATE],
					     object);
	return ret;
}

/* The first page frame of so many struct pages; UINT64_MAX where that is not what they are. */
static uint64_t frame_of(const struct frames *frames, uint64_t pointer, uint64_t pages)
{
	uint64_t offset = pointer - frames->vmemmap;
	uint64_t pfn = frames->shift ? offset >> frames->shift : offset / frames->size;

	if (pointer < frames->vmemmap || pfn * frames->size != offset || pfn >= frames->limit ||
	    pages > frames->limit - pfn)
		return UINT64_MAX;
	return pfn;
}

/* Puts the page frames of a leaf in place of its entries. Returns whether each entry leads to one.
 */
static bool take_frames(const struct frames *frames, uint64_t *leaf)
{
	/* In registers: storing to the leaf could change what frames has. */
	const uint64_t first = frames->vmemmap, last = (frames->limit << frames->shift) - 1;
	const unsigned int shift = frames->shift;
	gmem_pair outside = { 0, 0 }, odd = { 0, 0 };

	for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i += 2) {
		gmem_pair *pair = (gmem_pair *)&leaf[i];
		gmem_pair offset = *pair - first;

		odd |= offset;
		outside |= offset | (last - offset);
		*pair = offset >> shift;
	}
	return !((outside[0] | outside[1]) >> 63) && !((odd[0] | odd[1]) & (frames->size - 1));
}

static int flush_runs(struct walk *walk)
{
	size_t n = walk->count;

	walk->count = 0;
	return n ? walk->fn(walk->runs, n, walk->arg) : 0;
}

/* Makes a run from one of the xarray; its page frames are unknown for that reason. */
static inline void make_run(const struct frames *frames, const struct gmem_xarray_run *run,
			    const char *reason, struct gmem_pagecache_run *out)
{
	uint64_t pages = run->leaf ? 1 : run->count;
	uint64_t pfn = reason ? 0 : frame_of(frames, run->pointer, pages);

	out->index = run->index;
	out->pages = run->count;
	out->pfn = pfn;
	out->order = run->order;
	out->reason = reason;
	out->pfns = run->leaf;
	if (pfn != UINT64_MAX)
		return;
	out->pfn = 0;
	out->order = 0;
	out->reason = reason_frame;
}

/* Notes a run for the caller; there is room for all of a batch. */
static void add_run(struct walk *walk, const struct gmem_xarray_run *run, const char *reason)
{
	struct gmem_pagecache_run *out = &walk->runs[walk->count++];

	make_run(&walk->frames, run, reason, out);
	/* A large folio may stick out of the range on both sides. */
	if (out->index < walk->first) {
		out->pages -= walk->first - out->index;
		out->pfn += out->reason ? 0 : walk->first - out->index;
		out->index = walk->first;
	}
	if (out->pages - 1 > walk->last - out->index)
		out->pages = walk->last - out->index + 1;
}

/* Notes a batch that is known and lies in the range. */
static void add_runs(struct walk *walk, const struct gmem_xarray_run *runs, size_t n)
{
	const struct frames frames = walk->frames; /* in registers: the stores could change it */

	for (size_t i = 0; i < n; i++)
		make_run(&frames, &runs[i], NULL, &walk->runs[i]);
	walk->count = n;
}

struct check {
	size_t run;			     /* its place in the batch */
	uint64_t index;			     /* that the folio must have */
	unsigned char part[GMEM_FOLIO_PART]; /* of struct folio: mapping and index */
};

/*
 * A run must overlap the range that was asked for. A run that does not is ignored, whatever the
 * tree says.
 */
static bool meets_range(const struct walk *walk, const struct gmem_xarray_run *run)
{
	return run->count && run->index <= walk->last &&
	       (run->index >= walk->first || run->count > walk->first - run->index);
}

static bool is_inside(const struct walk *walk, const struct gmem_xarray_run *run)
{
	return run->index >= walk->first && run->index + run->count - 1 <= walk->last;
}

/* Whether a folio of the same part of the file was checked, or is about to be. */
static bool is_checked(const struct walk *walk, uint64_t index)
{
	return walk->checked == (index >> CHECK_SHIFT) + 1;
}

/* Plans the check of a run's folio at index. */
static void plan_check(struct walk *walk, const struct gmem_xarray_run *run, uint64_t index,
		       struct check *check, struct gmem_kmem_request *request)
{
	size_t mapping = walk->layout->offset[GMEM_FOLIO_MAPPING];
	size_t field = walk->layout->offset[GMEM_FOLIO_INDEX];
	size_t start = mapping < field ? mapping : field;
	size_t end = (mapping < field ? field : mapping) + 8;
	uint64_t folio = run->pointer + (index - run->index) * walk->frames.size;

	walk->checked = (index >> CHECK_SHIFT) + 1;
	check->index = index;
	*request = (struct gmem_kmem_request){
		.address = folio + start,
		.buffer = check->part,
		.length = (uint32_t)(end - start),
	};
}

static bool folio_fits(const struct walk *walk, const struct check *check,
		       const struct gmem_kmem_request *request)
{
	size_t mapping = walk->layout->offset[GMEM_FOLIO_MAPPING];
	size_t index = walk->layout->offset[GMEM_FOLIO_INDEX];
	size_t start = mapping < index ? mapping : index;
	uint64_t values[2];

	memcpy(&values[0], check->part + (mapping - start), 8);
	memcpy(&values[1], check->part + (index - start), 8);
	return !request->result && values[0] == walk->cache->mapping && values[1] == check->index;
}

struct checks {
	struct gmem_kmem_request requests[2 * GMEM_XARRAY_BATCH];
	struct check list[2 * GMEM_XARRAY_BATCH];
	size_t count;
};

/* Plans the checks of a run, which is the i-th of a batch. */
static void plan_checks(struct walk *walk, const struct gmem_xarray_run *run, size_t i,
			struct checks *checks)
{
	/* A large folio has one head. */
	uint64_t last = run->index + (run->order ? 0 : run->count - 1);

	if (!is_checked(walk, run->index)) {
		checks->list[checks->count].run = i;
		plan_check(walk, run, run->index, &checks->list[checks->count],
			   &checks->requests[checks->count]);
		checks->count++;
	}
	if (!is_checked(walk, last)) {
		checks->list[checks->count].run = i;
		plan_check(walk, run, last, &checks->list[checks->count],
			   &checks->requests[checks->count]);
		checks->count++;
	}
}

/*
 * Checks runs against the kernel; wrong[] tells of each whether it does not fit. Returns 1 if all
 * of them are known, lie in the range and fit. Leaves have their page frames then.
 */
static int check_runs(struct walk *walk, const struct gmem_xarray_run *runs, size_t n, bool *wrong)
{
	struct checks checks;
	bool plain = true;
	int ret = 0;

	checks.count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct gmem_xarray_run *run = &runs[i];

		if (run->reason || !is_inside(walk, run))
			plain = false;
		if (!run->reason && meets_range(walk, run))
			plan_checks(walk, run, i, &checks);
	}
	for (size_t i = 0; i < n; i++) {
		wrong[i] = runs[i].leaf && !take_frames(&walk->frames, runs[i].leaf);
		plain = plain && !wrong[i];
	}
	if (checks.count)
		ret = gmem_kmem_read_batch(walk->ctx, checks.requests, checks.count);
	for (size_t i = 0; !ret && i < checks.count; i++) {
		if (folio_fits(walk, &checks.list[i], &checks.requests[i]))
			continue;
		wrong[checks.list[i].run] = true;
		plain = false;
	}
	return ret ? ret : plain;
}

/* Reads a run again, as far as it lies in the range that was asked for. */
static int walk_again(const struct walk *walk, const struct gmem_xarray_run *run)
{
	uint64_t first = run->index < walk->first ? walk->first : run->index;
	uint64_t last = run->index + run->count - 1;

	return walk_range(walk, first, last < walk->last ? last : walk->last, walk->attempt + 1);
}

/* Hands on a batch; some of its runs are read again, left out or cut. */
static int take_each(struct walk *walk, const struct gmem_xarray_run *runs, size_t n,
		     const bool *wrong)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++) {
		const struct gmem_xarray_run *run = &runs[i];

		if (!meets_range(walk, run))
			continue;
		if ((!wrong[i] && !run->reason) || walk->attempt >= ATTEMPTS) {
			add_run(walk, run, wrong[i] ? reason_moved : run->reason);
			continue;
		}
		gmem_log(walk->ctx, GMEM_LOG_DEBUG,
			 "page cache: pages moved while they were read, attempt %d of %d",
			 walk->attempt + 1, ATTEMPTS);
		ret = flush_runs(walk);
		if (!ret)
			ret = walk_again(walk, run);
	}
	return ret;
}

/* Hands a batch on, in order. */
static int take_runs(const struct gmem_xarray_run *runs, size_t n, void *arg)
{
	bool wrong[GMEM_XARRAY_BATCH];
	struct walk *walk = arg;
	int ret = check_runs(walk, runs, n, wrong);

	if (ret < 0)
		return ret;
	if (ret)
		add_runs(walk, runs, n);
	else
		ret = take_each(walk, runs, n, wrong);
	return ret < 0 ? ret : flush_runs(walk);
}

static int walk_range(const struct walk *like, uint64_t first, uint64_t last, int attempt)
{
	struct walk *walk = malloc(sizeof(*walk));
	__typeof__(gmem_xarray_walk) *look;
	uint64_t array;
	int ret;

	if (!walk)
		return gmem_no_memory(like->ctx, "a walk of the page cache");
	*walk = *like;
	walk->first = first;
	walk->last = last;
	walk->attempt = attempt;
	walk->count = 0;
	walk->checked = 0;
	array = walk->cache->mapping + walk->layout->offset[GMEM_MAPPING_PAGES];
	/* What was wrong with a leaf is found out by looking at it again as runs. */
	look = attempt || !walk->frames.shift ? gmem_xarray_walk : gmem_xarray_pages;
	ret = look(walk->ctx, array, first, last, walk->frames.size, take_runs, walk);
	free(walk);
	return ret;
}

int gmem_pagecache_walk(struct gmem_ctx *ctx, const struct gmem_pagecache *cache, uint64_t first,
			uint64_t last, gmem_pagecache_fn fn, void *arg)
{
	struct walk like = { .ctx = ctx, .cache = cache, .fn = fn, .arg = arg };
	const struct gmem_image *image;
	int ret = gmem_reader_image(ctx, &image);

	if (!ret && !image->vmemmap)
		ret = gmem_fail(ctx, -ENODATA,
				"the kernel's vmcoreinfo note lacks SYMBOL(vmemmap), without which "
				"a struct page is no page frame");
	if (!ret)
		ret = gmem_layout_get(ctx, &like.layout);
	if (!ret)
		ret = gmem_pfn_limit(ctx, &like.frames.limit);
	if (ret)
		return ret;
	like.frames.vmemmap = image->vmemmap;
	like.frames.size = image->struct_page_size;
	if (!(image->struct_page_size & (image->struct_page_size - 1)))
		like.frames.shift = (unsigned int)__builtin_ctzll(image->struct_page_size);
	return walk_range(&like, first, last, 0);
}

int gmem_pagecache_resident(struct gmem_ctx *ctx, const struct gmem_pagecache *cache,
			    uint64_t *pages)
{
	const struct gmem_layout *layout;
	int ret = gmem_layout_get(ctx, &layout);

	if (!ret)
		ret = gmem_kmem_read_pointer(
			ctx, cache->mapping + layout->offset[GMEM_MAPPING_NRPAGES], pages);
	return ret;
}
