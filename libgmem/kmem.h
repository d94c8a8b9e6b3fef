/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small reads of kernel memory through the open reader. */
#ifndef GMEM_KMEM_H
#define GMEM_KMEM_H

#include "context.h"

/* Copies length bytes (any length). Errors: -EFAULT where a byte is not mapped. */
int gmem_kmem_read(struct gmem_ctx *ctx, uint64_t address, void *buffer, size_t length);

/* Carries out a batch; each request has its own result. Errors: of the reader as a whole. */
int gmem_kmem_read_batch(struct gmem_ctx *ctx, struct gmem_kmem_request *requests, size_t n);

/*
 * Memory for answers, aligned for 64-bit words: of the reader, which answers into it without a
 * copy, or else allocated. NULL: there is no memory. Given back by gmem_kmem_room_free().
 */
void *gmem_kmem_room_new(struct gmem_ctx *ctx, size_t size, bool *of_reader);
void gmem_kmem_room_free(struct gmem_ctx *ctx, void *room, bool of_reader);

/* Reads one pointer. */
int gmem_kmem_read_pointer(struct gmem_ctx *ctx, uint64_t address, uint64_t *value);

#endif
