/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small reads of kernel memory through the open reader. */
#ifndef GMEM_KMEM_KMEM_H
#define GMEM_KMEM_KMEM_H

#include "base/context.h"

/* Copies length bytes (any length). Errors: -EFAULT where a byte is not mapped. */
int gmem_kmem_read(struct gmem_ctx *ctx, uint64_t address, void *buffer, size_t length);

/* Carries out a batch; each request has its own result. Errors: of the reader as a whole. */
int gmem_kmem_read_batch(struct gmem_ctx *ctx, struct gmem_kmem_request *requests, size_t n);

/*
 * Memory for answers, aligned for 64-bit words. It belongs to the reader, which then writes answers
 * without a copy, or is allocated. NULL if there is no memory. gmem_kmem_room_free() gives it back.
 */
void *gmem_kmem_room_new(struct gmem_ctx *ctx, size_t size, bool *of_reader);
void gmem_kmem_room_free(struct gmem_ctx *ctx, void *room, bool of_reader);

/* Words for an error of reading: of a dump, what is wrong with the file. */
const char *gmem_kmem_words(const struct gmem_ctx *ctx, int error);

/* Reads one pointer. */
int gmem_kmem_read_pointer(struct gmem_ctx *ctx, uint64_t address, uint64_t *value);

#define GMEM_GATHER_MAX 64    /* objects in one call */
#define GMEM_GATHER_GAP 1024u /* bytes between neighbours that are read along with them */

/* Room that the copies of one call may need. */
#define GMEM_GATHER_ROOM(size) (GMEM_GATHER_MAX * ((size) + GMEM_GATHER_GAP))

struct gmem_gather {
	uint64_t address; /* a multiple of 8 */
	void *object;	  /* out: the copy, in the caller's room; NULL where it cannot be read */
};

/*
 * Copies n objects of size bytes into room, which is aligned for 64-bit words, and carries out the
 * request last behind them all. Objects are read in the order of their addresses, and neighbours
 * together, because sequential reads are several times faster than scattered ones. Nodes that were
 * allocated one after the other lie side by side in their slab, in shuffled order.
 */
int gmem_gather(struct gmem_ctx *ctx, struct gmem_gather *items, unsigned int n, uint32_t size,
		void *room, struct gmem_kmem_request *last);

#endif
