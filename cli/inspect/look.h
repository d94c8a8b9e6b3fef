/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at the pages that a guest_memfd of this process has now: their counts and the verdict, and
 * the result that mapping them would have.
 */
#ifndef CLI_INSPECT_LOOK_H
#define CLI_INSPECT_LOOK_H

#include <gmem/gmem.h>

#include "inspect/tally.h"

struct look {
	/*
	 * Of the pages as they were found; NULL before the first look, and where answer is
	 * inferred.
	 */
	struct gmem_flush *flush;
	struct tally tally;
	struct gmem_preflight answer; /* what mapping them would do */
};

/*
 * Looks at [offset, offset + length); length 0 means to the end. What was seen before is
 * forgotten. Returns 0 or a negative errno.
 */
int look_at(struct gmem_ctx *ctx, enum gmem_vm_type type, const struct gmem_memory *memory,
	    uint64_t offset, uint64_t length, struct look *look);

void look_free(struct look *look);

#endif
