// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a descriptor to page frames: struct file -> address_space -> xarray of folios -> vmemmap.
 *
 * A folio in a slot of the inode's own xarray is in the page cache at that moment. As a check on
 * how folios were understood, the first and the last of a run are looked at, of short runs one in
 * 2 MiB of the file: they must name this mapping and their own index, else the run is read again,
 * and is unknown after a few times. More would find nothing more, and each is a cache miss: that a
 * folio was there rests on its node having been in the tree, which is checked for every node.
 */
#include "kmem/pagecache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"
#include "kmem/reader.h"
#include "kmem/struct_layout.h"
#include "kmem/xarray.h"
#include "procfs/ram.h"

#define PENDING 256   /* runs that are checked in one batch */
#define CHECK_SHIFT 9 /* pages of which one is checked, as a power of two */
#define ATTEMPTS 4

static const char reason_moved[] = "the page left the page cache while it was read";
static const char reason_frame[] = "a folio's address is no struct page of RAM";

struct walk {
	struct gmem_ctx *ctx;
	const struct gmem_pagecache *cache;
	const struct gmem_layout *layout;
	const struct gmem_image *image;
	uint64_t pfn_limit;
	uint64_t first, last;
	int attempt;
	struct gmem_xarray_run pending[PENDING];
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

/* Whether what was found is what fstat(2) tells of, and inode and mapping name each other. */
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

static int emit_known(struct walk *walk, const struct gmem_xarray_run *run)
{
	const struct gmem_image *image = walk->image;
	uint64_t offset = run->pointer - image->vmemmap;
	struct gmem_pagecache_run out = {
		.index = run->index,
		.pages = run->count,
		.pfn = offset / image->struct_page_size,
		.order = run->order,
		.reason = run->reason,
	};

	if (out.reason)
		out.pfn = 0;
	else if (run->pointer < image->vmemmap || offset % image->struct_page_size ||
		 out.pfn >= walk->pfn_limit || run->count > walk->pfn_limit - out.pfn)
		out = (struct gmem_pagecache_run){ .index = run->index,
						   .pages = run->count,
						   .reason = reason_frame };
	/* A large folio may stick out of the range on both sides. */
	if (out.index < walk->first) {
		out.pages -= walk->first - out.index;
		out.pfn += out.reason ? 0 : walk->first - out.index;
		out.index = walk->first;
	}
	if (out.pages - 1 > walk->last - out.index)
		out.pages = walk->last - out.index + 1;
	return walk->fn(&out, walk->arg);
}

struct check {
	size_t run;			     /* of walk->pending */
	uint64_t index;			     /* that the folio must have */
	unsigned char part[GMEM_FOLIO_PART]; /* of struct folio: mapping and index */
};

/* Whether a folio of the same part of the file was checked, or is about to be. */
static bool is_checked(const struct walk *walk, uint64_t index)
{
	return walk->checked == (index >> CHECK_SHIFT) + 1;
}

/* Plans the check of a run's folio at index. */
static void plan_check(struct walk *walk, size_t run, uint64_t index, struct check *check,
		       struct gmem_kmem_request *request)
{
	const struct gmem_xarray_run *pending = &walk->pending[run];
	size_t mapping = walk->layout->offset[GMEM_FOLIO_MAPPING];
	size_t field = walk->layout->offset[GMEM_FOLIO_INDEX];
	size_t start = mapping < field ? mapping : field;
	size_t end = (mapping < field ? field : mapping) + 8;
	uint64_t folio =
		pending->pointer + (index - pending->index) * walk->image->struct_page_size;

	walk->checked = (index >> CHECK_SHIFT) + 1;
	check->run = run;
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

/* Checks the pending runs against the kernel; wrong[] tells of each whether it does not fit. */
static int check_pending(struct walk *walk, bool *wrong)
{
	struct gmem_kmem_request requests[2 * PENDING];
	struct check checks[2 * PENDING];
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < walk->count; i++) {
		const struct gmem_xarray_run *run = &walk->pending[i];
		/* A large folio has one head. */
		uint64_t last = run->index + (run->order ? 0 : run->count - 1);

		wrong[i] = false;
		if (run->reason)
			continue;
		if (!is_checked(walk, run->index)) {
			plan_check(walk, i, run->index, &checks[n], &requests[n]);
			n++;
		}
		if (!is_checked(walk, last)) {
			plan_check(walk, i, last, &checks[n], &requests[n]);
			n++;
		}
	}
	ret = n ? gmem_kmem_read_batch(walk->ctx, requests, n) : 0;
	for (size_t i = 0; !ret && i < n; i++)
		if (!folio_fits(walk, &checks[i], &requests[i]))
			wrong[checks[i].run] = true;
	return ret;
}

/* Reads a run again, as far as it lies in the range that was asked for. */
static int walk_again(const struct walk *walk, const struct gmem_xarray_run *run)
{
	uint64_t first = run->index < walk->first ? walk->first : run->index;
	uint64_t last = run->index + run->count - 1;

	return walk_range(walk, first, last < walk->last ? last : walk->last, walk->attempt + 1);
}

/* Hands the pending runs on, in order. */
static int flush_pending(struct walk *walk)
{
	bool wrong[PENDING];
	size_t n = walk->count;
	int ret = check_pending(walk, wrong);

	walk->count = 0;
	for (size_t i = 0; !ret && i < n; i++) {
		struct gmem_xarray_run *run = &walk->pending[i];

		if ((wrong[i] || run->reason) && walk->attempt < ATTEMPTS) {
			gmem_log(walk->ctx, GMEM_LOG_DEBUG,
				 "page cache: pages moved while they were read, attempt %d of %d",
				 walk->attempt + 1, ATTEMPTS);
			ret = walk_again(walk, run);
			continue;
		}
		if (wrong[i])
			run->reason = reason_moved;
		ret = emit_known(walk, run);
	}
	return ret;
}

/* Runs meet the range that was asked for; what does not is none of it, whatever the tree says. */
static int add_pending(const struct gmem_xarray_run *run, void *arg)
{
	struct walk *walk = arg;

	if (!run->count || run->index > walk->last ||
	    (run->index < walk->first && run->count <= walk->first - run->index))
		return 0;
	walk->pending[walk->count++] = *run;
	return walk->count == PENDING ? flush_pending(walk) : 0;
}

static int walk_range(const struct walk *like, uint64_t first, uint64_t last, int attempt)
{
	struct walk *walk = malloc(sizeof(*walk));
	int ret;

	if (!walk)
		return gmem_no_memory(like->ctx, "a walk of the page cache");
	*walk = *like;
	walk->first = first;
	walk->last = last;
	walk->attempt = attempt;
	walk->count = 0;
	walk->checked = 0;
	ret = gmem_xarray_walk(walk->ctx,
			       walk->cache->mapping + walk->layout->offset[GMEM_MAPPING_PAGES],
			       first, last, walk->image->struct_page_size, add_pending, walk);
	if (!ret)
		ret = flush_pending(walk);
	free(walk);
	return ret;
}

int gmem_pagecache_walk(struct gmem_ctx *ctx, const struct gmem_pagecache *cache, uint64_t first,
			uint64_t last, gmem_pagecache_fn fn, void *arg)
{
	struct walk like = { .ctx = ctx, .cache = cache, .fn = fn, .arg = arg };
	int ret = gmem_reader_image(ctx, &like.image);

	if (!ret && !like.image->vmemmap)
		ret = gmem_fail(ctx, -ENODATA,
				"the kernel's vmcoreinfo note lacks SYMBOL(vmemmap), without which "
				"a struct page is no page frame");
	if (!ret)
		ret = gmem_layout_get(ctx, &like.layout);
	if (!ret)
		ret = gmem_pfn_limit(ctx, &like.pfn_limit);
	return ret ? ret : walk_range(&like, first, last, 0);
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
