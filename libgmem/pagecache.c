// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a descriptor to page frames: struct file -> address_space -> xarray of folios -> vmemmap.
 *
 * A folio in a slot of the inode's own xarray is in the page cache at that moment. Each run of
 * neighbours is held against the kernel once more: its first and its last folio must name this
 * mapping and their own index, else the run is read again, and is unknown after a few times.
 */
#include "pagecache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kmem.h"
#include "layout.h"
#include "reader.h"
#include "ram.h"
#include "xarray.h"

#define PENDING 256 /* runs that are checked in one batch */
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
	uint64_t table, file;
	uint32_t max_fds;
	int ret = find_fd_table(ctx, layout, &table, &max_fds);

	if (!ret && (uint32_t)fd >= max_fds)
		ret = -EILSEQ;
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, table + (uint64_t)fd * 8, &file);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, file + layout->offset[GMEM_FILE_INODE],
					     &out->inode);
	if (!ret)
		ret = gmem_kmem_read_pointer(ctx, file + layout->offset[GMEM_FILE_MAPPING],
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
		strerror(-ret));
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

struct folio_head {
	uint64_t mapping;
	uint64_t index;
};

/* Asks for mapping and index of the folio at that address: two requests. */
static void ask_folio(const struct walk *walk, uint64_t folio, struct folio_head *head,
		      struct gmem_kmem_request *requests)
{
	requests[0] = (struct gmem_kmem_request){
		.address = folio + walk->layout->offset[GMEM_FOLIO_MAPPING],
		.buffer = &head->mapping,
		.length = sizeof(head->mapping),
	};
	requests[1] = (struct gmem_kmem_request){
		.address = folio + walk->layout->offset[GMEM_FOLIO_INDEX],
		.buffer = &head->index,
		.length = sizeof(head->index),
	};
}

static bool folio_fits(const struct walk *walk, const struct folio_head *head,
		       const struct gmem_kmem_request *requests, uint64_t index)
{
	return !requests[0].result && !requests[1].result &&
	       head->mapping == walk->cache->mapping && head->index == index;
}

/* Of a run: the last index that has a folio of its own, counted from the first. */
static uint64_t last_folio(const struct gmem_xarray_run *run)
{
	return run->order ? 0 : run->count - 1;
}

/* Checks the pending runs against the kernel and hands them on, in order. */
static int flush_pending(struct walk *walk)
{
	struct gmem_kmem_request requests[4 * PENDING];
	struct folio_head heads[2 * PENDING];
	uint64_t size = walk->image->struct_page_size;
	size_t n = walk->count;
	int ret;

	walk->count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct gmem_xarray_run *run = &walk->pending[i];

		ask_folio(walk, run->pointer, &heads[2 * i], &requests[4 * i]);
		ask_folio(walk, run->pointer + last_folio(run) * size, &heads[2 * i + 1],
			  &requests[4 * i + 2]);
	}
	ret = n ? gmem_kmem_read_batch(walk->ctx, requests, 4 * n) : 0;
	for (size_t i = 0; !ret && i < n; i++) {
		struct gmem_xarray_run *run = &walk->pending[i];
		uint64_t last = run->index + last_folio(run);

		if (run->reason ||
		    (folio_fits(walk, &heads[2 * i], &requests[4 * i], run->index) &&
		     folio_fits(walk, &heads[2 * i + 1], &requests[4 * i + 2], last))) {
			ret = emit_known(walk, run);
		} else if (walk->attempt < ATTEMPTS) {
			ret = walk_range(walk, run->index < walk->first ? walk->first : run->index,
					 run->count - 1 > walk->last - run->index
						 ? walk->last
						 : run->index + run->count - 1,
					 walk->attempt + 1);
		} else {
			run->reason = reason_moved;
			ret = emit_known(walk, run);
		}
	}
	return ret;
}

static int add_pending(const struct gmem_xarray_run *run, void *arg)
{
	struct walk *walk = arg;

	walk->pending[walk->count++] = *run;
	return walk->count == PENDING ? flush_pending(walk) : 0;
}

static int walk_range(const struct walk *like, uint64_t first, uint64_t last, int attempt)
{
	struct walk *walk = malloc(sizeof(*walk));
	int ret;

	if (!walk)
		return -ENOMEM;
	*walk = *like;
	walk->first = first;
	walk->last = last;
	walk->attempt = attempt;
	walk->count = 0;
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
