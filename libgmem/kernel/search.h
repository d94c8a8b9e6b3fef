/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Search in sorted arrays, for the library and for the simulated kernel. */
#ifndef GMEM_KERNEL_SEARCH_H
#define GMEM_KERNEL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether an entry of the array comes before what is looked for. */
typedef bool (*gmem_before_fn)(const void *entry, const void *key);

/*
 * Index of the first entry that does not come before key, n where all do. entries has n entries of
 * size bytes, ascending. Inline, so that before() becomes part of it.
 */
static inline size_t gmem_lower_bound(const void *entries, size_t n, size_t size,
				      gmem_before_fn before, const void *key)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before((const char *)entries + middle * size, key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
