// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leaves of a page cache that are full of pages are passed to the extents whole. They must give the
 * same as the runs of leaves that are not full when they are read.
 */
#include "unit.h"

#include "kmem/reader.h"
#include "memory.h"
#include "pages/extents.h"
#include "pages/target.h"
#include "procfs/ram.h"

#define PAGE GMEM_PAGE_SIZE
#define PAGES 6000ull /* two nodes of the second level, and a leaf that is not full */
#define NODE 576      /* bytes of struct xa_node in the models, and where its members are */
#define ARRAY_AT 16
#define SLOTS_AT 40
#define SLOTS 64
#define RETRY_ENTRY 0x402ull

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

/* ---- reads of leaves that return something else ---- */

static unsigned int leaves_read;

/* Changes the leaf of that slot, when it was read along with its parent's slots. */
static void (*change_leaf)(unsigned char *leaf, unsigned int slot, uint64_t *parent);

/* The copy of a node in what was read, or NULL. */
static unsigned char *copy_of(const struct gmem_kmem_request *requests, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (requests[i].length >= NODE &&
		    address - requests[i].address <= requests[i].length - NODE)
			return (unsigned char *)requests[i].buffer +
			       (address - requests[i].address);
	return NULL;
}

/* Bindings of memslots have leaves, too, which are left as they are. */
static bool is_leaf_of_cache(const unsigned char *node)
{
	size_t offset;
	uint64_t array;

	if (node[0]) /* the shift of a leaf is 0 */
		return false;
	memcpy(&array, node + ARRAY_AT, sizeof(array));
	ck_assert_int_eq(port.real->offset_of(ctx->kernel, "address_space", "i_pages", &offset), 0);
	return array == target->cache.mapping + offset;
}

static int change_leaves(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	uint64_t *parent = requests[n - 1].buffer;
	int ret = port.real->read_kmem(kernel, requests, n);

	for (unsigned int i = 0; requests[n - 1].length == SLOTS * 8 && i < SLOTS; i++) {
		unsigned char *leaf = copy_of(requests, n - 1, parent[i] - 2);

		if (!leaf || !is_leaf_of_cache(leaf))
			continue;
		leaves_read++;
		change_leaf(leaf, i, parent);
	}
	return ret;
}

static void read_leaves_by(void (*change)(unsigned char *, unsigned int, uint64_t *))
{
	change_leaf = change;
	leaves_read = 0;
	port_pretend(ctx)->read_kmem = change_leaves;
}

static void read_leaves_as_they_are(void)
{
	port_pretend(ctx)->read_kmem = port.real->read_kmem;
}

/* One slot is to be read again: the leaf is not full, and comes as runs. */
static void retry_slot(unsigned char *leaf, unsigned int slot, uint64_t *parent)
{
	const uint64_t retry = RETRY_ENTRY;

	(void)slot;
	(void)parent;
	memcpy(leaf + SLOTS_AT + leaves_read % SLOTS * 8, &retry, sizeof(retry));
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
	read_leaves_by(retry_slot);
	take(&runs, offset, length, want);
	ck_assert_uint_gt(leaves_read, 0);
	read_leaves_as_they_are();
}

static uint64_t pfn_at(uint64_t page)
{
	return (uint64_t)gmem_sim_file_pfn(port_sim(ctx), gmem_memory_fd(memory), page);
}

static void check_equal(void)
{
	ck_assert_uint_gt(runs.count, 0);
	ck_assert_uint_eq(whole.count, runs.count);
	for (size_t k = 0; k < runs.count; k++)
		ck_assert_mem_eq(&whole.items[k], &runs.items[k], sizeof(runs.items[k]));
}

/* The extents have the page frames of all pages in that range, and no extent continues another. */
static void check_frames(const struct list *list, uint64_t offset, uint64_t length)
{
	uint64_t page = offset, end = length ? offset + length : PAGES;

	for (size_t k = 0; k < list->count; k++) {
		const struct gmem_extent *extent = &list->items[k], *before = extent - 1;

		for (; page < extent->offset / PAGE; page++)
			ck_assert_int_lt((int64_t)pfn_at(page), 0);
		for (uint64_t i = 0; i < extent->pages; i++)
			ck_assert_uint_eq(pfn_at(page++), extent->pfn + i);
		ck_assert(!k || before->offset + before->pages * PAGE != extent->offset ||
			  before->pfn + before->pages != extent->pfn ||
			  before->gpa != extent->gpa || before->node != extent->node);
	}
	for (; page < end; page++)
		ck_assert_int_lt((int64_t)pfn_at(page), 0);
}

static void compare(uint64_t offset, uint64_t length)
{
	for (size_t i = 0; i < WANTS; i++) {
		take_runs(offset, length, wants[i]);
		take(&whole, offset, length, wants[i]);
		check_equal();
		if (!wants[i])
			check_frames(&runs, offset, length);
	}
}

/* Allocates pages in pieces of that many, no two side by side: 1009 is prime to their number. */
static void setup(uint64_t piece)
{
	uint64_t pieces = PAGES / piece;

	memory_setup("plain", GMEM_VM_DEFAULT, 0, PAGES * PAGE);
	whole.stop_at = runs.stop_at = 0;
	for (uint64_t i = 0; i < pieces; i++)
		ck_assert_int_eq(gmem_memory_allocate(memory, i * 1009 % pieces * piece * PAGE,
						      piece * PAGE),
				 0);
}

static const uint64_t pieces[] = { 1, 2, 3, 16, 120, PAGES };

START_TEST(same_extents_as_page_by_page)
{
	static const struct {
		uint64_t offset, length;
	} ranges[] = {
		{ 0, 0 },     { 1, 0 },	      { 63, 1200 }, { 64, 1024 },
		{ 65, 2000 }, { 4000, 1500 }, { 5000, 1 },  { 100, 700 },
	};

	setup(pieces[_i]);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		compare(ranges[i].offset, ranges[i].length);
	ck_assert_int_eq(gmem_memory_punch(memory, 1000 * PAGE, 700 * PAGE), 0);
	for (uint64_t page = 2000; page < 2200; page += 3)
		ck_assert_int_eq(gmem_memory_punch(memory, page * PAGE, PAGE), 0);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		compare(ranges[i].offset, ranges[i].length);
	memory_teardown();
}
END_TEST

/* Full leaves are passed on as they are: else the other tests compare runs with runs. */
static int count_whole(const struct gmem_pagecache_run *found, size_t n, void *arg)
{
	for (size_t i = 0; i < n; i++)
		*(unsigned int *)arg += found[i].pfns != NULL;
	return 0;
}

static unsigned int whole_leaves(void)
{
	unsigned int n = 0;

	ck_assert_int_eq(gmem_pagecache_walk(ctx, &target->cache, 0, PAGES - 1, count_whole, &n),
			 0);
	return n;
}

START_TEST(full_leaves_come_whole)
{
	setup(1);
	take(&whole, 0, 0, 0); /* finds the page cache */
	ck_assert_uint_eq(whole_leaves(), PAGES / SLOTS);
	read_leaves_by(retry_slot);
	ck_assert_uint_eq(whole_leaves(), 0);
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
	read_leaves_by(retry_slot);
	take_parts(pages_of_runs, want);
	ck_assert_uint_gt(leaves_read, 0);
	read_leaves_as_they_are();
	take_parts(parts, want);
	ck_assert_mem_eq(parts, pages_of_runs, sizeof(parts));
}

/* A leaf of one node and one state is one part, wherever its pages are. */
START_TEST(parts_of_whole_leaves)
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

/* ---- leaves that were not the right ones ---- */

static size_t header_at;
static unsigned int moved_at, moved_times; /* the leaf's slot, and how often it is not there */

/* Makes the page frames of a leaf wrong. */
static void wrong_frames(unsigned char *leaf)
{
	for (size_t at = SLOTS_AT; at < SLOTS_AT + SLOTS * 8; at += 8) {
		uint64_t entry;

		memcpy(&entry, leaf + at, 8);
		entry += entry ? 640 : 0;
		memcpy(leaf + at, &entry, 8);
	}
}

/* When it was read, the leaf was another tree's. Its parent's slot shows that. */
static void move_leaf(unsigned char *leaf, unsigned int slot, uint64_t *parent)
{
	if (!moved_times || slot != moved_at)
		return;
	wrong_frames(leaf);
	parent[slot] ^= 0x10000;
	moved_times--;
}

/* The same, but the parent's slot is as before. The node's own header shows it. */
static void change_header(unsigned char *leaf, unsigned int slot, uint64_t *parent)
{
	if (!moved_times || slot != moved_at)
		return;
	(void)parent;
	wrong_frames(leaf);
	leaf[header_at] ^= 1;
	moved_times--;
}

START_TEST(what_moved_is_read_again)
{
	setup(_i ? 16 : 1);
	take_runs(0, 0, 0);
	for (moved_at = 0; moved_at < SLOTS; moved_at += 9) {
		read_leaves_by(move_leaf);
		moved_times = 2;
		take(&whole, 0, 0, 0);
		check_equal();
		ck_assert_uint_eq(moved_times, 0);
	}
	memory_teardown();
}
END_TEST

START_TEST(what_does_not_fit_is_read_again)
{
	/* The members shift, offset, parent and array of struct xa_node in the models. */
	static const size_t members[] = { 0, 1, 8, 16 };

	setup(_i ? 16 : 1);
	take_runs(0, 0, 0);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		header_at = members[i];
		moved_at = 7;
		moved_times = 2;
		read_leaves_by(change_header);
		take(&whole, 0, 0, 0);
		check_equal();
		ck_assert_uint_eq(moved_times, 0);
	}
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

/* setup() with each page alone, and its extents as runs. */
static void setup_wrong(void)
{
	const struct gmem_image *image;

	setup(1);
	ck_assert_int_eq(gmem_reader_image(ctx, &image), 0);
	right_entry = image->vmemmap + pfn_at(WRONG_PAGE) * image->struct_page_size;
	take_runs(0, 0, 0);
	port_pretend(ctx)->read_kmem = wrong_entry;
}

/* Of each page that is known, the extent is as before. Returns how many are unknown. */
static uint64_t check_known(const char *reason)
{
	size_t other = 0, unknown = 0;

	for (size_t k = 0; k < whole.count; k++, other++) {
		other += runs.items[other].offset < whole.items[k].offset; /* it is left out */
		if (whole.items[k].has_pfn) {
			ck_assert_mem_eq(&whole.items[k], &runs.items[other],
					 sizeof(runs.items[other]));
			continue;
		}
		ck_assert_uint_eq(whole.items[k].offset, WRONG_PAGE * PAGE);
		ck_assert_uint_eq(whole.items[k].pages, 1);
		ck_assert_str_eq(whole.items[k].reason, reason);
		unknown++;
	}
	return unknown;
}

/* That page is unknown. The other pages of its leaf keep their values. */
START_TEST(wrong_entries_are_unknown)
{
	static const uint64_t wrong[] = { 8, 1ull << 46, -(1ull << 46), -(1ull << 40) };

	setup_wrong();
	wrong_by = wrong[_i];
	take(&whole, 0, 0, 0);
	ck_assert_uint_eq(whole.count, runs.count);
	ck_assert_uint_eq(check_known("a folio's address is no struct page of RAM"), 1);
	memory_teardown();
}
END_TEST

/* A sibling, an entry to be read again and a node are no pages: their page is unknown. */
START_TEST(moving_entries_are_unknown)
{
	const uint64_t moving[] = { 2, RETRY_ENTRY, 0xffff888000010002 };

	setup_wrong();
	wrong_by = moving[_i] - right_entry;
	take(&whole, 0, 0, 0);
	ck_assert_uint_eq(whole.count, runs.count);
	ck_assert_uint_eq(check_known("the page cache kept changing while it was read"), 1);
	memory_teardown();
}
END_TEST

/* A value, a reserved entry and an empty slot have no page. */
START_TEST(other_entries_are_no_page)
{
	const uint64_t other[] = { 0x11, 0x406, 0 };

	setup_wrong();
	wrong_by = other[_i] - right_entry;
	take(&whole, 0, 0, 0);
	ck_assert_uint_eq(whole.count, runs.count - 1);
	ck_assert_uint_eq(check_known(""), 0);
	memory_teardown();
}
END_TEST

int main(void)
{
	const struct {
		const TTest *test;
		int times;
	} tests[] = {
		{ same_extents_as_page_by_page, 6 },
		{ full_leaves_come_whole, 1 },
		{ memslots_cut, 6 },
		{ direct_map_cuts, 6 },
		{ nodes_cut, 6 },
		{ parts_of_whole_leaves, 2 },
		{ parts_of_nodes, 2 },
		{ stopped_anywhere, 1 },
		{ what_moved_is_read_again, 2 },
		{ what_does_not_fit_is_read_again, 2 },
		{ wrong_entries_are_unknown, 4 },
		{ moving_entries_are_unknown, 3 },
		{ other_entries_are_no_page, 3 },
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
