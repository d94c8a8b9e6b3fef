/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an entry of the direct map's page tables to the page frame, what both architectures share.
 */
#ifndef GMEM_OOPS_FRAME_H
#define GMEM_OOPS_FRAME_H

#include "oops/text.h"

/* An entry that is not present, and who makes such ones. */
struct oops_shape {
	uint64_t mask, value;
	const char *removed; /* NULL ends a table */
};

const char *oops_shape_find(const struct oops_shape *shapes, uint64_t entry);

/* Where the direct map may be. */
struct oops_map {
	uint64_t align;	      /* of its base */
	uint64_t lowest_base; /* on arm64 memory begins high, so the base may lie below the map */
	uint64_t lowest, highest; /* addresses in it */
};

/* The last level of which the entry was printed; OOPS_LEVELS: no entry was printed. */
unsigned int oops_last_level(const struct oops_text *text);

bool oops_in_map(const struct oops_text *text, const struct oops_map *map);

/*
 * Takes that physical address as that of the faulting page. Sets pfn and base if the difference can
 * be the base of a direct map; else notes that the address is not in a direct map.
 */
void oops_set_frame(const struct oops_text *text, uint64_t physical, const struct oops_map *map,
		    struct gmem_oops *out);

/* Notes where the error code and the entry that was printed contradict each other. */
void oops_compare_entry(struct gmem_oops *out, bool present);

#endif
