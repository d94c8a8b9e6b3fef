/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_KMEM_READER_H
#define GMEM_KMEM_READER_H

#include "base/context.h"
#include "kmem/direct_map.h"

/*
 * The kernel image; owned by ctx. Opens the chosen reader if none is open. Errors: as
 * gmem_reader_open().
 */
int gmem_reader_image(struct gmem_ctx *ctx, const struct gmem_image **image);

/* The same, with the first page frame that this CPU's physical addresses do not reach. */
int gmem_reader_bounds(struct gmem_ctx *ctx, const struct gmem_image **image, uint64_t *pfn_limit);

#endif
