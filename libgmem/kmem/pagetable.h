/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page tables of the direct map. The only file that knows x86-64's is pagetable.c. */
#ifndef GMEM_KMEM_PAGETABLE_H
#define GMEM_KMEM_PAGETABLE_H

#include "base/context.h"
#include "kmem/direct_map.h"

/*
 * Whether the page tables of the kernel behind ctx are known: where it is one of x86-64. Else
 * -ENOTSUP, explained.
 */
int gmem_pagetable_known(struct gmem_ctx *ctx);

/*
 * Walks [pfn, pfn + pages) and calls fn for each run, ascending, without gaps. Memory is
 * constant. Errors: ENOMEM; of the reader; what fn returns.
 */
int gmem_pagetable_walk(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			uint64_t pages, gmem_directmap_fn fn, void *arg);

/* The run of one page frame. */
int gmem_pagetable_lookup(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			  struct gmem_directmap_run *run);

#endif
