// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sorted ranges: each operation takes a binary search and one memmove(). */
#include "base/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/search.h"

int gmem_ranges_reserve(struct gmem_ranges *ranges)
{
	struct gmem_range *list;
	size_t room;

	/* An operation adds one range at most: it may cut a range in two. */
	if (ranges->count < ranges->room)
		return 0;
	room = ranges->room ? 2 * ranges->room : 16;
	list = realloc(ranges->list, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	ranges->list = list;
	ranges->room = room;
	return 0;
}

void gmem_ranges_free(struct gmem_ranges *ranges)
{
	free(ranges->list);
	memset(ranges, 0, sizeof(*ranges));
}

static bool ends_before(const void *entry, const void *address)
{
	return ((const struct gmem_range *)entry)->end < *(const uint64_t *)address;
}

/* Index of the first range that ends at or behind address. */
static size_t first_reaching(const struct gmem_ranges *ranges, uint64_t address)
{
	return gmem_lower_bound(ranges->list, ranges->count, sizeof(*ranges->list), ends_before,
				&address);
}

/* Puts n ranges in the place of those in [first, last). */
static void splice(struct gmem_ranges *ranges, size_t first, size_t last,
		   const struct gmem_range *list, size_t n)
{
	memmove(ranges->list + first + n, ranges->list + last,
		(ranges->count - last) * sizeof(*list));
	memcpy(ranges->list + first, list, n * sizeof(*list));
	ranges->count += n;
	ranges->count -= last - first;
}

/* Adds it behind the last range, where most are added. Returns whether it was added there. */
static bool append(struct gmem_ranges *ranges, uint64_t start, uint64_t end)
{
	struct gmem_range *last = ranges->count ? &ranges->list[ranges->count - 1] : NULL;

	if (last && last->end > start)
		return false;
	if (last && last->end == start)
		last->end = end;
	else
		ranges->list[ranges->count++] = (struct gmem_range){ start, end };
	return true;
}

void gmem_ranges_add(struct gmem_ranges *ranges, uint64_t start, uint64_t end)
{
	struct gmem_range merged = { start, end };
	size_t first, last;

	if (append(ranges, start, end))
		return;
	last = first = first_reaching(ranges, start);
	while (last < ranges->count && ranges->list[last].start <= end)
		last++;
	if (last > first) {
		if (ranges->list[first].start < start)
			merged.start = ranges->list[first].start;
		if (ranges->list[last - 1].end > end)
			merged.end = ranges->list[last - 1].end;
	}
	splice(ranges, first, last, &merged, 1);
}

void gmem_ranges_remove(struct gmem_ranges *ranges, uint64_t start, uint64_t end)
{
	size_t first = first_reaching(ranges, start), last, n = 0;
	struct gmem_range rest[2];

	if (first < ranges->count && ranges->list[first].end == start)
		first++;
	last = first;
	while (last < ranges->count && ranges->list[last].start < end)
		last++;
	if (last == first)
		return;
	if (ranges->list[first].start < start)
		rest[n++] = (struct gmem_range){ ranges->list[first].start, start };
	if (ranges->list[last - 1].end > end)
		rest[n++] = (struct gmem_range){ end, ranges->list[last - 1].end };
	splice(ranges, first, last, rest, n);
}

bool gmem_ranges_cover(const struct gmem_ranges *ranges, uint64_t start, uint64_t end)
{
	size_t i = first_reaching(ranges, end);

	return i < ranges->count && ranges->list[i].start <= start;
}

uint64_t gmem_ranges_overlap(const struct gmem_ranges *ranges, uint64_t start, uint64_t end)
{
	uint64_t total = 0;

	for (size_t i = first_reaching(ranges, start); i < ranges->count; i++) {
		const struct gmem_range *range = &ranges->list[i];
		uint64_t from = range->start > start ? range->start : start;
		uint64_t until = range->end < end ? range->end : end;

		if (range->start >= end)
			break;
		total += from < until ? until - from : 0;
	}
	return total;
}
