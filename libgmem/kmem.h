/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small reads of kernel memory through the open reader. */
#ifndef GMEM_KMEM_H
#define GMEM_KMEM_H

#include "context.h"

/* Copies length bytes (any length). Errors: -EFAULT where a byte is not mapped. */
int gmem_kmem_read(struct gmem_ctx *ctx, uint64_t address, void *buffer, size_t length);

/* Carries out a batch; each request has its own result. Errors: of the reader as a whole. */
int gmem_kmem_read_batch(struct gmem_ctx *ctx, struct gmem_kmem_request *requests, size_t n);

/* Reads one pointer. */
int gmem_kmem_read_pointer(struct gmem_ctx *ctx, uint64_t address, uint64_t *value);

#endif
