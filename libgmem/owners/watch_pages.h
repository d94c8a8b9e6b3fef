/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages of a guest_memfd are there, and how two such sets differ. */
#ifndef GMEM_OWNERS_WATCH_PAGES_H
#define GMEM_OWNERS_WATCH_PAGES_H

#include "base/ranges.h"
#include "pages/target.h"

/*
 * The resident ranges of the file, in bytes; cancel may be NULL. Errors: of the walk, ECANCELED;
 * EAGAIN where some of it stayed inconsistent, so that a page that is not found may be there.
 */
int gmem_pages_read(struct gmem_target *target, const volatile int *cancel,
		    struct gmem_ranges *pages);

uint64_t gmem_pages_bytes(const struct gmem_ranges *pages);

/* What is in one set and not in the other. */
struct gmem_pages_difference {
	uint64_t bytes;
	uint64_t ranges;
	uint64_t first; /* where ranges > 0 */
};

struct gmem_pages_difference gmem_pages_without(const struct gmem_ranges *pages,
						const struct gmem_ranges *without);

#endif
