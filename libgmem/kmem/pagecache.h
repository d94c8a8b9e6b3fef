/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page frames in the page cache of an inode. */
#ifndef GMEM_KMEM_PAGECACHE_H
#define GMEM_KMEM_PAGECACHE_H

#include "base/context.h"
#include "kmem/xarray.h" /* GMEM_LEAF_SLOTS */

/*
 * Pages that follow each other in the file, and in memory, too, if pfns is NULL.
 */
struct gmem_pagecache_run {
	uint64_t index; /* page offset into the file */
	uint64_t pages;
	uint64_t pfn;	    /* of the first */
	unsigned int order; /* of their folios */
	unsigned int share; /* not set by the walk: for a caller who keeps runs of several files */
	const char *reason; /* why the page frames are unknown; NULL where they are known */
	/* The page frame of each of GMEM_LEAF_SLOTS pages, or NULL; valid until fn returns. */
	const uint64_t *pfns;
};

/* Gets n runs, ascending; n is not 0. */
typedef int (*gmem_pagecache_fn)(const struct gmem_pagecache_run *runs, size_t n, void *arg);

/* The kernel's objects behind a descriptor of this process. */
struct gmem_pagecache {
	uint64_t file;
	uint64_t inode;
	uint64_t mapping;
};

/*
 * Finds them: task_struct -> files -> fdt -> fd[] -> file. Errors: of the reader, ENODATA (no
 * layouts), EILSEQ (what was found is not the inode that fstat(2) tells).
 */
int gmem_pagecache_find(struct gmem_ctx *ctx, int fd, struct gmem_pagecache *out);

/*
 * The number of its file system, from the kernel's own superblock: no server of it is asked, which
 * fstatfs(2) and fstat(2) may wait for. Errors: likewise.
 */
int gmem_pagecache_fs_magic(struct gmem_ctx *ctx, int fd, uint64_t *magic);

/*
 * What a descriptor's file stands for (file->private_data): struct kvm of a VM. Errors: likewise.
 */
int gmem_pagecache_private(struct gmem_ctx *ctx, int fd, uint64_t *object);

/* Calls fn for resident pages first..last (page offsets), ascending. Errors: likewise. */
int gmem_pagecache_walk(struct gmem_ctx *ctx, const struct gmem_pagecache *cache, uint64_t first,
			uint64_t last, gmem_pagecache_fn fn, void *arg);

/* Pages in the cache (address_space.nrpages). */
int gmem_pagecache_resident(struct gmem_ctx *ctx, const struct gmem_pagecache *cache,
			    uint64_t *pages);

#endif
