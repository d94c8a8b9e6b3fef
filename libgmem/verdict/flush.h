/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A verdict with facts that the caller has, on all paths or on some. */
#ifndef GMEM_VERDICT_FLUSH_H
#define GMEM_VERDICT_FLUSH_H

#include "verdict/flush_paths.h"

/* Whether userspace may touch that memory, or that is not known. */
static inline bool gmem_flush_is_shared(const struct gmem_flush_subject *subject)
{
	return !subject->has_memory_flags || (subject->memory_flags & GMEM_MEMORY_INIT_SHARED);
}

/* gmem_flush_add() of an extent of the library itself. */
void gmem_flush_take(struct gmem_flush *flush, const struct gmem_extent *extent);

/*
 * An empty verdict with rows for the paths that run in one of these ways (enum gmem_touch); 0: all.
 * Errors: ENOMEM.
 */
int gmem_flush_make(struct gmem_ctx *ctx, const struct gmem_flush_subject *subject,
		    const struct gmem_flush_facts *facts, unsigned int touch,
		    struct gmem_flush **out);

#endif
