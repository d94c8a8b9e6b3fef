/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page tables of the direct map. What differs from machine to machine is in tables.h. */
#ifndef GMEM_KMEM_PAGETABLE_H
#define GMEM_KMEM_PAGETABLE_H

#include "base/context.h"
#include "kmem/direct_map.h"

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
