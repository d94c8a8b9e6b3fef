// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leaves of a page cache that are full of pages are passed to the extents whole. They must give the
 * same as their runs, which the kernel's own look at the leaves finds.
 */
#include "unit.h"

#include "kmem/reader.h"
#include "memory.h"
#include "pages/extents.h"
#include "procfs/ram.h"
#include "sim/leaves.h"

#define PAGE GMEM_PAGE_SIZE
#define PAGES 6000ull /* two nodes of the second level, and a leaf that is not full */

struct list {
	struct gmem_extent items[PAGES];
	size_t count, stop_at;
};

static struct list whole, runs;

static int append(const struct gmem_extent *extent, void *arg)
{
	struct list *list = arg;

	ck_assert_uint_lt(list->count, PAGES);
	list->items[list->count++] = *extent;
	return list->stop_at && list->count % list->stop_at == 0;
}

static uint64_t whole_leaves; /* leaves without runs: each is looked at in a copy */

static struct gmem_leaves *take_none(struct gmem_kernel *kernel)
{
	(void)kernel;
	whole_leaves++;
	return NULL;
}

static const unsigned int wants[] = {
	0,
	GMEM_EXTENT_DIRECT_MAP,
	GMEM_EXTENT_FLAGS,
	GMEM_EXTENT_ONE_BY_ONE,
	GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS | GMEM_EXTENT_ONE_BY_ONE,
};

#define WANTS (sizeof(wants) / sizeof(*wants))

/* Takes the extents. The walk stops at every stop_at-th extent and resumes. */
static void take(struct list *list, uint64_t offset, uint64_t length, unsigned int want)
{
	const struct gmem_extents_options options = {
		.size = sizeof(options),
		.offset = offset * PAGE,
		.length = length * PAGE,
		.want = want,
	};
	struct gmem_extent_walk *walk;
	int ret;

	list->count = 0;
	ck_assert_int_eq(gmem_extent_walk_new(target, &options, append, list, &walk), 0);
	do
		ret = gmem_extent_walk_run(walk);
	while (ret > 0);
	ck_assert_int_eq(ret, 0);
	gmem_extent_walk_free(walk);
}

static void take_runs(uint64_t offset, uint64_t length, unsigned int want)
{
	looking_add(port_pretend(ctx));
	take(&runs, offset, length, want);
	port_pretend(ctx)->leaves_take = take_none;
}

static void compare(uint64_t offset, uint64_t length)
{
	for (size_t i = 0; i < WANTS; i++) {
		take_runs(offset, length, wants[i]);
		take(&whole, offset, length, wants[i]);
		ck_assert_uint_gt(runs.count, 0);
		ck_assert_uint_eq(whole.count, runs.count);
		for (size_t k = 0; k < runs.count; k++)
			ck_assert_mem_eq(&whole.items[k], &runs.items[k], sizeof(runs.items[k]));
	}
}

/* Allocates pages in pieces of that many, no two side by side: 1009 is prime to their number. */
static void setup(uint64_t piece)
{
	uint64_t pieces = PAGES / piece;

	memory_setup("plain", GMEM_VM_DEFAULT, 0, PAGES * PAGE);
	memset(&looking, 0, sizeof(looking));
	whole.stop_at = runs.stop_at = whole_leaves = 0;
	for (uint64_t i = 0; i < pieces; i++)
		ck_assert_int_eq(gmem_memory_allocate(memory, i * 1009 % pieces * piece * PAGE,
						      piece * PAGE),
				 0);
}

static uint64_t pfn_at(uint64_t page)
{
	return (uint64_t)gmem_sim_file_pfn(port_sim(ctx), gmem_memory_fd(memory), page);
}

static const uint64_t pieces[] = { 1, 2, 3, 16 };

START_TEST(same_extents)
{
	static const struct {
		uint64_t offset, length;
	} ranges[] = {
		{ 0, 0 }, { 1, 0 }, { 63, 1200 }, { 64, 1024 }, { 65, 2000 }, { 4000, 1500 },
	};

	setup(pieces[_i]);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		compare(ranges[i].offset, ranges[i].length);
	ck_assert_uint_gt(whole_leaves, 0);
	memory_teardown();
}
END_TEST

/* Memslots begin and end within leaves. */
START_TEST(memslots_cut)
{
	const struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.gpa = 1ull << 32,
		.memory_size = 1000 * PAGE,
		.memory = memory,
		.memory_offset = 1001 * PAGE,
	};
	struct gmem_slot_options bound = slot;

	setup(pieces[_i]);
	bound.memory = memory;
	ck_assert_int_eq(gmem_slot_set(vm, &bound), 0);
	compare(0, 0);
	memory_teardown();
}
END_TEST

/* Here and there a page is not in the direct map, or is read-only in it. */
START_TEST(direct_map_cuts)
{
	setup(pieces[_i]);
	for (uint64_t page = 700; page < 1400; page += 1 + page % 5)
		ck_assert_int_eq(gmem_sim_set_direct_map(port_sim(ctx), pfn_at(page), false), 0);
	for (uint64_t page = 2000; page < 2100; page += 3)
		ck_assert_int_eq(gmem_sim_set_read_only(port_sim(ctx), pfn_at(page)), 0);
	compare(0, 0);
	compare(2050, 900);
	memory_teardown();
}
END_TEST

/* Makes nodes of seven pages each, as no machine has them. */
static void make_nodes(void)
{
	const struct gmem_ram *known;
	struct gmem_ram *ram;
	uint64_t lowest = UINT64_MAX, highest = 0;

	ck_assert_int_eq(gmem_ram_get(ctx, &known), 0);
	ram = (struct gmem_ram *)(uintptr_t)known;
	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t pfn = pfn_at(page);

		lowest = pfn < lowest ? pfn : lowest;
		highest = pfn > highest ? pfn : highest;
	}
	free(ram->nodes);
	ram->node_count = (highest - lowest) / 7 + 1;
	ram->nodes = calloc(ram->node_count, sizeof(*ram->nodes));
	ck_assert_ptr_nonnull(ram->nodes);
	for (size_t i = 0; i < ram->node_count; i++) {
		ram->nodes[i].pfn = lowest + 7 * i;
		ram->nodes[i].pages = 7;
		ram->nodes[i].node = i % 2;
	}
}

START_TEST(nodes_cut)
{
	setup(pieces[_i]);
	make_nodes();
	compare(0, 0);
	memory_teardown();
}
END_TEST

/* A walk that stops at any extent continues behind it. */
START_TEST(stopped_anywhere)
{
	setup(1);
	for (size_t i = 0; i < WANTS; i++) {
		take_runs(0, 0, wants[i]);
		for (whole.stop_at = 57; whole.stop_at < 70; whole.stop_at += 3) {
			take(&whole, 0, 0, wants[i]);
			ck_assert_uint_eq(whole.count, runs.count);
			for (size_t k = 0; k < runs.count; k++)
				ck_assert_mem_eq(&whole.items[k], &runs.items[k],
						 sizeof(runs.items[k]));
		}
		whole.stop_at = 0;
	}
	memory_teardown();
}
END_TEST

/* ---- sums ---- */

struct page {
	int node;
	int state; /* in the direct map; -1: no page */
};

static struct page parts[PAGES], pages_of_runs[PAGES];
static uint64_t part_count;

static int add_part(const struct gmem_extent_part *part, void *arg)
{
	struct page *pages = arg;
	uint64_t first = part->offset / PAGE;

	part_count++;
	ck_assert_ptr_null(part->reason);
	for (uint64_t i = 0; i < part->pages; i++) {
		ck_assert_int_eq(pages[first + i].state, -1);
		pages[first + i] = (struct page){ part->node, part->direct_map };
	}
	return 0;
}

static void take_parts(struct page *pages, unsigned int want)
{
	const struct gmem_extents_options options = { .want = want };

	memset(pages, 0xff, sizeof(parts));
	part_count = 0;
	ck_assert_int_eq(gmem_extent_walk_parts(target, &options, add_part, pages), 0);
}

static void compare_parts(unsigned int want)
{
	looking_add(port_pretend(ctx));
	take_parts(pages_of_runs, want);
	port_pretend(ctx)->leaves_take = take_none;
	take_parts(parts, want);
	ck_assert_mem_eq(parts, pages_of_runs, sizeof(parts));
}

/* A leaf of one node and one state is one part, wherever its pages are. */
START_TEST(same_parts)
{
	const unsigned int want = _i ? GMEM_EXTENT_DIRECT_MAP : 0;

	setup(1);
	compare_parts(want);
	ck_assert_uint_lt(part_count, PAGES / 64 + 64);
	ck_assert_int_eq(gmem_memory_punch(memory, 100 * PAGE, 50 * PAGE), 0);
	for (uint64_t page = 700; page < 1400; page += 1 + page % 5)
		ck_assert_int_eq(gmem_sim_set_direct_map(port_sim(ctx), pfn_at(page), false), 0);
	compare_parts(want);
	memory_teardown();
}
END_TEST

START_TEST(parts_of_nodes)
{
	setup(1);
	make_nodes();
	compare_parts(_i ? GMEM_EXTENT_DIRECT_MAP : 0);
	memory_teardown();
}
END_TEST

/* ---- leaves with wrong entries ---- */

#define WRONG_PAGE (64 * 20 + 33ull)

static uint64_t right_entry, wrong_by;

/* Every read of that page's entry returns another entry, which is still a pointer. */
static int wrong_entry(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = port.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++)
		for (uint32_t at = 0; at + 8 <= requests[i].length; at += 8) {
			char *word = (char *)requests[i].buffer + at;
			const uint64_t entry = right_entry + wrong_by;

			if (!memcmp(word, &right_entry, 8))
				memcpy(word, &entry, 8);
		}
	return ret;
}

/* That page is unknown. The other pages of its leaf keep their values. */
START_TEST(wrong_entries_are_unknown)
{
	static const uint64_t wrong[] = { 8, 1ull << 46, -(1ull << 46), -(1ull << 40) };
	const struct gmem_image *image;
	uint64_t unknown = 0;

	setup(1);
	ck_assert_int_eq(gmem_reader_image(ctx, &image), 0);
	right_entry = image->vmemmap + pfn_at(WRONG_PAGE) * image->struct_page_size;
	take_runs(0, 0, 0);
	port_pretend(ctx)->read_kmem = wrong_entry;
	wrong_by = wrong[_i];
	take(&whole, 0, 0, 0);
	ck_assert_uint_eq(whole.count, runs.count);
	for (size_t k = 0; k < whole.count; k++) {
		if (whole.items[k].has_pfn) {
			ck_assert_mem_eq(&whole.items[k], &runs.items[k], sizeof(runs.items[k]));
			continue;
		}
		ck_assert_uint_eq(whole.items[k].offset, WRONG_PAGE * PAGE);
		ck_assert_uint_eq(whole.items[k].pages, 1);
		ck_assert_str_eq(whole.items[k].reason,
				 "a folio's address is no struct page of RAM");
		unknown++;
	}
	ck_assert_uint_eq(unknown, 1);
	memory_teardown();
}
END_TEST

int main(void)
{
	const struct {
		const TTest *test;
		int times;
	} tests[] = {
		{ same_extents, 4 },	 { memslots_cut, 4 },
		{ direct_map_cuts, 4 },	 { nodes_cut, 4 },
		{ same_parts, 2 },	 { parts_of_nodes, 2 },
		{ stopped_anywhere, 1 }, { wrong_entries_are_unknown, 4 },
	};
	Suite *suite = suite_create("whole_leaves");
	TCase *tcase = tcase_create("whole_leaves");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_loop_test(tcase, tests[i].test, 0, tests[i].times);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
