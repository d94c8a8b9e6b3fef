// SPDX-License-Identifier: GPL-2.0-or-later
/* What the summary of extents counts as pages, and what it leaves out. */
#include "unit.h"

#include "inspect/tally.c"

void output_row(struct output *out, const struct cell *cells)
{
	(void)out;
	(void)cells;
}

START_TEST(unread_page_cache_counts_no_page)
{
	const struct gmem_extent pages = {
		.pfn = 4711,
		.pages = 3,
		.direct_map = GMEM_DIRECT_MAP_MAPPED,
		.level = GMEM_LEVEL_PMD,
		.has_pfn = true,
	};
	const struct gmem_extent unseen = { .pages = 1ull << 40, .node = -1, .reason = "x" };
	struct tally tally = { 0 };
	struct gmem_ctx *ctx;
	char text[256];

	ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
	tally_add(&tally, &pages);
	tally_add(&tally, &unseen);
	ck_assert_uint_eq(tally.pages, 3);
	ck_assert_uint_eq(tally.extents, 2);
	ck_assert_uint_eq(tally.unseen, 1ull << 40);
	ck_assert_uint_eq(tally.direct_map[GMEM_DIRECT_MAP_UNKNOWN], 0);
	ck_assert_uint_eq(tally.level[GMEM_LEVEL_NONE], 0);
	ck_assert_uint_eq(tally.order[0], 3);
	ck_assert_uint_eq(tally.node[TALLY_NODES], 0);
	ck_assert_str_eq(tally_describe(ctx, &tally, text, sizeof(text)),
			 "3 pages in 2 extents; direct-map mapped: 3; level 2M: 3; order 0: 3; "
			 "node 0: 3; page-cache unread: 1099511627776");
	gmem_ctx_free(ctx);
}
END_TEST

UNIT_MAIN("tally", unread_page_cache_counts_no_page)
