/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walker of the kernel's xarrays, which are used for page caches, memslot bindings and memory
 * attributes.
 */
#ifndef GMEM_KMEM_XARRAY_H
#define GMEM_KMEM_XARRAY_H

#include "base/context.h"

#define GMEM_LEAF_SLOTS 64 /* of a leaf that comes as it is; smaller nodes come as runs */

/*
 * Entries that belong together: one entry that covers 1 << order indices (it may begin before the
 * range that was asked for, and end behind it), or entries of one index each, with pointers that
 * grow by a stride.
 */
struct gmem_xarray_run {
	uint64_t index;
	uint64_t count;	    /* of indices */
	uint64_t pointer;   /* of the first entry, 0 where unknown */
	unsigned int order; /* above 0: the run is one entry, pointer is its only one */
	const char *reason; /* why unknown, static storage; NULL otherwise */
	/*
	 * Only of gmem_xarray_pages(), and only for a leaf that is full of pages: the entries of
	 * its GMEM_LEAF_SLOTS indices, pointer being the first one. They are the caller's, to be
	 * changed as it likes, until it returns. NULL otherwise.
	 */
	uint64_t *leaf;
};

#define GMEM_XARRAY_BATCH 256 /* runs at a time */

/* Gets n runs, ascending. */
typedef int (*gmem_xarray_fn)(const struct gmem_xarray_run *runs, size_t n, void *arg);

/*
 * Calls fn for the pointers at indices first..last of the xarray at that kernel address, in
 * ascending order; empty indices and value entries are passed over. stride is the distance of
 * pointers that make one run. Errors: of the reader, ENODATA (no layouts), ENOMEM, what fn
 * returns.
 */
int gmem_xarray_walk(struct gmem_ctx *ctx, uint64_t xarray, uint64_t first, uint64_t last,
		     uint64_t stride, gmem_xarray_fn fn, void *arg);

/*
 * The same for a page cache. A leaf that is full of pages, but not of one run of them, comes as it
 * is: where every page lies alone, making runs of them would take longer than reading them.
 */
int gmem_xarray_pages(struct gmem_ctx *ctx, uint64_t xarray, uint64_t first, uint64_t last,
		      uint64_t stride, gmem_xarray_fn fn, void *arg);

/*
 * The same for its value entries: pointers are passed over, and the pointer of a run is the entry,
 * which all indices of the run have. gmem_xarray_value() is the integer in it.
 */
int gmem_xarray_values(struct gmem_ctx *ctx, uint64_t xarray, uint64_t first, uint64_t last,
		       gmem_xarray_fn fn, void *arg);

/* xa_to_value() in include/linux/xarray.h. */
static inline uint64_t gmem_xarray_value(uint64_t entry)
{
	return entry >> 1;
}

#endif
