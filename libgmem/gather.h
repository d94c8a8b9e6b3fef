/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many small objects of kernel memory in few reads. */
#ifndef GMEM_GATHER_H
#define GMEM_GATHER_H

#include "context.h"

#define GMEM_GATHER_MAX 64    /* objects in one call */
#define GMEM_GATHER_GAP 1024u /* bytes between neighbours that are read along with them */

/* Room that the copies of one call may need. */
#define GMEM_GATHER_ROOM(size) (GMEM_GATHER_MAX * ((size) + GMEM_GATHER_GAP))

struct gmem_gather {
	uint64_t address; /* a multiple of 8 */
	void *object;	  /* out: the copy, in the caller's room; NULL where it cannot be read */
};

/*
 * Copies n objects of size bytes into room, which is aligned for 64-bit words, and carries out
 * the request last behind them all. The objects are read in the order of their addresses and
 * neighbours together, because memory is read several times faster in a stream than here and
 * there: nodes that were allocated one after the other lie side by side in their slab, shuffled.
 */
int gmem_gather(struct gmem_ctx *ctx, struct gmem_gather *items, unsigned int n, uint32_t size,
		void *room, struct gmem_kmem_request *last);

#endif
