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

/* Whether somebody wants to know of a page frame in that range. */
typedef bool (*gmem_wanted_fn)(uint64_t pfn, uint64_t pages, void *arg);

/*
 * The same for the pages of a file. Runs that differ only in whether they are executable or global
 * are one, and are neither. Tables of page frames that are not wanted are not read: these page
 * frames are left out. arg is for both functions.
 */
int gmem_pagetable_states(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			  uint64_t pages, gmem_wanted_fn wanted, gmem_directmap_fn fn, void *arg);

/* The run of one page frame. */
int gmem_pagetable_lookup(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			  struct gmem_directmap_run *run);

#endif
