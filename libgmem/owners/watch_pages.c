// SPDX-License-Identifier: LGPL-2.1-or-later
#include "owners/watch_pages.h"

#include <errno.h>

#include "base/error.h"
#include "pages/extents.h"

struct reading {
	const struct gmem_ctx *ctx;
	struct gmem_ranges *pages;
	bool inconsistent;
};

static int add_part(const struct gmem_extent_part *part, void *arg)
{
	struct reading *reading = arg;
	int ret = gmem_ranges_reserve(reading->pages);

	if (part->reason)
		reading->inconsistent = true;
	else if (!ret)
		gmem_ranges_add(reading->pages, part->offset,
				part->offset + gmem_bytes_of(reading->ctx, part->pages));
	return ret;
}

int gmem_pages_read(struct gmem_target *target, const volatile int *cancel,
		    struct gmem_ranges *pages)
{
	const struct gmem_extents_options all = { .cancel = cancel };
	struct reading reading = { .ctx = target->ctx, .pages = pages };
	int ret = gmem_extent_walk_parts(target, &all, add_part, &reading);

	if (ret)
		return ret;
	if (reading.inconsistent)
		return gmem_fail(target->ctx, -EAGAIN, "the page cache of inode %llu kept changing",
				 (unsigned long long)target->ino);
	return 0;
}

uint64_t gmem_pages_bytes(const struct gmem_ranges *pages)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < pages->count; i++)
		bytes += pages->list[i].end - pages->list[i].start;
	return bytes;
}

static void add_piece(struct gmem_pages_difference *difference, uint64_t start, uint64_t end)
{
	if (!difference->ranges)
		difference->first = start;
	difference->ranges++;
	difference->bytes += end - start;
}

struct gmem_pages_difference gmem_pages_without(const struct gmem_ranges *pages,
						const struct gmem_ranges *without)
{
	struct gmem_pages_difference difference = { 0 };
	size_t k = 0;

	/*
	 * Both sets are sorted, so one pass is enough: it cuts each range by the overlapping ranges
	 * of the other set.
	 */
	for (size_t i = 0; i < pages->count; i++) {
		uint64_t at = pages->list[i].start, end = pages->list[i].end;

		while (k < without->count && without->list[k].end <= at)
			k++;
		for (size_t n = k; at < end; n++) {
			const struct gmem_range *cut =
				n < without->count ? &without->list[n] : NULL;
			uint64_t stop = cut && cut->start < end ? cut->start : end;

			if (stop > at)
				add_piece(&difference, at, stop);
			at = cut && cut->start < end ? cut->end : end;
		}
	}
	return difference;
}
