/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of addresses, kept as sorted ranges that neither overlap nor touch. */
#ifndef GMEM_BASE_RANGES_H
#define GMEM_BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gmem_range {
	uint64_t start;
	uint64_t end; /* the first address behind it */
};

/* All zero is the empty set. */
struct gmem_ranges {
	struct gmem_range *list;
	size_t count;
	size_t room;
};

/*
 * Makes sure that the next add or remove needs no memory, so that it can follow a system call
 * that cannot be taken back. Errors: ENOMEM.
 */
int gmem_ranges_reserve(struct gmem_ranges *ranges);
void gmem_ranges_add(struct gmem_ranges *ranges, uint64_t start, uint64_t end);
void gmem_ranges_remove(struct gmem_ranges *ranges, uint64_t start, uint64_t end);
bool gmem_ranges_cover(const struct gmem_ranges *ranges, uint64_t start, uint64_t end);
/* How much of [start, end) is in the set. */
uint64_t gmem_ranges_overlap(const struct gmem_ranges *ranges, uint64_t start, uint64_t end);
void gmem_ranges_free(struct gmem_ranges *ranges);

#endif
