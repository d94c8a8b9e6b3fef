// SPDX-License-Identifier: LGPL-2.1-or-later
#include "oops/frame.h"

const char *oops_shape_find(const struct oops_shape *shapes, uint64_t entry)
{
	while (shapes->removed && (entry & shapes->mask) != shapes->value)
		shapes++;
	return shapes->removed;
}

unsigned int oops_last_level(const struct oops_text *text)
{
	unsigned int last = OOPS_LEVELS;

	for (unsigned int i = 0; i < OOPS_LEVELS; i++)
		if (text->walked & 1u << i)
			last = i;
	return last;
}

bool oops_in_map(const struct oops_text *text, const struct oops_map *map)
{
	return text->address >= map->lowest && text->address < map->highest;
}

void oops_set_frame(const struct oops_text *text, uint64_t physical, const struct oops_map *map,
		    struct gmem_oops *out)
{
	uint64_t address = text->address & ~(out->page_size - 1), base = address - physical;

	if (!(text->seen & SEEN_ADDRESS))
		return;
	if (base % map->align || base < map->lowest_base || !oops_in_map(text, map)) {
		out->notes |= GMEM_OOPS_NOT_DIRECT_MAP;
		out->removed = NULL;
		return;
	}
	out->base = base;
	out->pfn = physical / out->page_size;
	out->has_pfn = true;
}

void oops_compare_entry(struct gmem_oops *out, bool present)
{
	/* Without an error code: it was so when the entry was printed. */
	if (out->kind == GMEM_OOPS_UNKNOWN && !present)
		out->kind = GMEM_OOPS_NOT_PRESENT;
	if (out->kind == GMEM_OOPS_NOT_PRESENT && present)
		out->notes |= GMEM_OOPS_MAPPED_AGAIN;
	if (out->kind != GMEM_OOPS_NOT_PRESENT && !present)
		out->notes |= GMEM_OOPS_UNMAPPED_SINCE;
}
