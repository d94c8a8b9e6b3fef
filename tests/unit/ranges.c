// SPDX-License-Identifier: GPL-2.0-or-later
/* Sorted ranges, compared with a plain array. */
#include "unit.h"

#include <string.h>

#include "base/ranges.h"

#define ADDRESSES 64

static void check_against(const struct gmem_ranges *ranges, const bool *set)
{
	for (size_t i = 0; i < ranges->count; i++) {
		ck_assert_uint_lt(ranges->list[i].start, ranges->list[i].end);
		if (i)
			ck_assert_uint_lt(ranges->list[i - 1].end, ranges->list[i].start);
	}
	for (uint64_t start = 0; start < ADDRESSES; start++) {
		bool all = true, agree = true;

		uint64_t some = 0;

		for (uint64_t end = start + 1; end <= ADDRESSES; end++) {
			all = all && set[end - 1];
			some += set[end - 1];
			agree = agree && gmem_ranges_overlap(ranges, start, end) == some;
			agree = agree && gmem_ranges_cover(ranges, start, end) == all;
		}
		ck_assert(agree);
	}
}

START_TEST(random_operations)
{
	struct gmem_ranges ranges = { .list = NULL };
	bool set[ADDRESSES] = { false };
	unsigned int seed = 1;

	check_against(&ranges, set);
	for (int i = 0; i < 1000; i++) {
		uint64_t start = (uint64_t)rand_r(&seed) % ADDRESSES;
		uint64_t end = start + 1 + (uint64_t)rand_r(&seed) % (ADDRESSES - start);
		bool add = rand_r(&seed) % 2;

		ck_assert_int_eq(gmem_ranges_reserve(&ranges), 0);
		if (add)
			gmem_ranges_add(&ranges, start, end);
		else
			gmem_ranges_remove(&ranges, start, end);
		for (uint64_t at = start; at < end; at++)
			set[at] = add;
		check_against(&ranges, set);
	}
	gmem_ranges_free(&ranges);
}
END_TEST

START_TEST(remove_from_nothing)
{
	struct gmem_ranges ranges = { .list = NULL };

	gmem_ranges_remove(&ranges, 0, 4096);
	ck_assert_uint_eq(ranges.count, 0);
	gmem_ranges_free(&ranges);
}
END_TEST

UNIT_MAIN("ranges", random_operations, remove_from_nothing)
