/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the host has the memory that is about to be populated. */
#ifndef GMEM_PROCFS_HEADROOM_H
#define GMEM_PROCFS_HEADROOM_H

#include "base/context.h"

/* Of /proc/meminfo, bytes. */
struct gmem_headroom {
	uint64_t available;   /* MemAvailable, less a part that stays with the host */
	uint64_t unevictable; /* of which some may be the memory in question */
};

/* Returns false if the kernel does not tell; then nothing must be refused. */
bool gmem_headroom_read(struct gmem_ctx *ctx, struct gmem_headroom *out);

/* Explains that so many bytes are more than there are. Returns -ENOMEM. */
int gmem_headroom_fail(struct gmem_ctx *ctx, uint64_t bytes);

#endif
