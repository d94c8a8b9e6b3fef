// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel looks through leaves: it finds the same extents as copies of its nodes give. */
#include "unit.h"

#include "memory.h"
#include "sim/leaves.h"

#define PAGE GMEM_PAGE_SIZE
#define PAGES 6000ull /* two nodes of the second level */
#define STRIDE 64ull
#define POINTER 0xffffea0000000000ull

struct list {
	struct gmem_extent items[PAGES];
	size_t count;
};

static struct list copied, found;

static int append(const struct gmem_extent *extent, void *arg)
{
	struct list *list = arg;

	ck_assert_uint_lt(list->count, PAGES);
	list->items[list->count++] = *extent;
	return 0;
}

static void take(struct list *list, uint64_t offset, uint64_t length, unsigned int want)
{
	list->count = 0;
	ck_assert_int_eq(gmem_target_extents(target, offset, length, want, append, list), 0);
	ck_assert(!looking.taken);
}

static void compare(void)
{
	ck_assert_uint_eq(found.count, copied.count);
	for (size_t i = 0; i < found.count; i++)
		ck_assert_mem_eq(&found.items[i], &copied.items[i], sizeof(found.items[i]));
}

/* Allocates pages in pieces of that many. The order is such that no two pieces are neighbours. */
static void setup(uint64_t piece)
{
	uint64_t pieces = PAGES / piece;

	memory_setup("plain", GMEM_VM_DEFAULT, 0, PAGES * PAGE);
	memset(&looking, 0, sizeof(looking));
	for (uint64_t i = 0; i < pieces; i++) /* 1009 is prime to their number */
		ck_assert_int_eq(gmem_memory_allocate(memory, i * 1009 % pieces * piece * PAGE,
						      piece * PAGE),
				 0);
}

static const uint64_t sizes[] = { 1, 2, 4, 16, 120, PAGES };

START_TEST(same_extents)
{
	static const struct {
		uint64_t offset, length;
	} ranges[] = {
		{ 0, 0 },     { 1, 0 },	      { 63, 1200 }, { 64, 1024 },
		{ 65, 2000 }, { 4000, 1500 }, { 5000, 1 },  { 100, 700 },
	};

	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		setup(sizes[k]);
		ck_assert_int_eq(gmem_memory_punch(memory, 1000 * PAGE, 700 * PAGE), 0);
		for (uint64_t page = 2000; page < 2200; page += 3)
			ck_assert_int_eq(gmem_memory_punch(memory, page * PAGE, PAGE), 0);
		for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
			unsigned int want = i % 2 ? GMEM_EXTENT_DIRECT_MAP : 0;

			looking_add(port_pretend(ctx));
			take(&found, ranges[i].offset * PAGE, ranges[i].length * PAGE, want);
			port_pretend(ctx)->leaves_take = NULL;
			take(&copied, ranges[i].offset * PAGE, ranges[i].length * PAGE, want);
			compare();
		}
		ck_assert_uint_gt(looking.found, 64);
		memory_teardown();
	}
}
END_TEST

/* libgmem copies the leaves that the kernel's look does not find, whatever the reason. */
static unsigned int refused; /* one leaf of so many */

static int scan_some(struct gmem_kernel *kernel, struct gmem_leaves *leaves)
{
	int ret = looking_scan(kernel, leaves);

	for (unsigned int i = 0; i < leaves->count; i++)
		if (leaves->leaves[i].at % refused == 0)
			leaves->leaves[i].runs = 0;
	return ret;
}

static int scan_fails(struct gmem_kernel *kernel, struct gmem_leaves *leaves)
{
	looking_scan(kernel, leaves);
	return -EIO;
}

static int parent_is_gone(struct gmem_kernel *kernel, struct gmem_leaves *leaves)
{
	looking_scan(kernel, leaves);
	leaves->result = -EFAULT;
	return 0;
}

static struct gmem_leaves *take_none(struct gmem_kernel *kernel)
{
	(void)kernel;
	return NULL;
}

START_TEST(what_is_not_found_is_copied)
{
	struct gmem_kernel_ops *ops;

	setup(1);
	take(&copied, 0, 0, 0);
	ops = port_pretend(ctx);
	looking_add(ops);
	ops->leaves_scan = scan_some;
	for (refused = 1; refused < 5; refused++) {
		take(&found, 0, 0, 0);
		compare();
	}
	ops->leaves_scan = scan_fails;
	take(&found, 0, 0, 0);
	compare();
	ops->leaves_scan = parent_is_gone;
	take(&found, 0, 0, 0);
	compare();
	ops->leaves_take = take_none;
	take(&found, 0, 0, 0);
	compare();
	memory_teardown();
}
END_TEST

/*
 * A leaf belonged to another node when the kernel looked through it. The parent's slot shows that.
 */
static unsigned int moved_at, moved_times;

static int scan_moved(struct gmem_kernel *kernel, struct gmem_leaves *leaves)
{
	int ret = looking_scan(kernel, leaves);

	if (moved_times && leaves->again[moved_at]) {
		for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i++)
			leaves->runs[moved_at][i].entry += 640;
		leaves->again[moved_at] ^= 0x10000;
		moved_times--;
	}
	return ret;
}

START_TEST(what_moved_is_looked_at_again)
{
	setup(1);
	take(&copied, 0, 0, 0);
	looking_add(port_pretend(ctx));
	port_pretend(ctx)->leaves_scan = scan_moved;
	for (moved_at = 0; moved_at < GMEM_LEAVES; moved_at += 9) {
		moved_times = 1;
		take(&found, 0, 0, 0);
		compare();
		ck_assert_uint_eq(moved_times, 0);
	}
	memory_teardown();
}
END_TEST

/*
 * Nodes with a wrong header. Each in turn is changed to belong to another array.
 */
static size_t header_at;

static int foreign_nodes(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = port.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++)
		if (requests[i].length == 576 && requests[i].buffer == looking.question.node)
			((unsigned char *)requests[i].buffer)[header_at] ^= 1;
	return ret;
}

START_TEST(what_does_not_fit_is_copied)
{
	/* The members shift, offset, parent and array of struct xa_node in the models. */
	static const size_t members[] = { 0, 1, 8, 16 };

	setup(1);
	take(&copied, 0, 0, 0);
	looking_add(port_pretend(ctx));
	port_pretend(ctx)->read_kmem = foreign_nodes;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		header_at = members[i];
		looking.found = looking.scans = 0;
		take(&found, 0, 0, 0);
		compare();
		ck_assert_uint_gt(looking.scans, 0);
		ck_assert_uint_eq(looking.found, 0);
	}
	memory_teardown();
}
END_TEST

static struct gmem_leaves *take_dear(struct gmem_kernel *kernel)
{
	struct gmem_leaves *leaves = looking_take(kernel);

	leaves->worth = 33;
	return leaves;
}

/* If a look costs more than a copy, the kernel is not used: with 64 runs in a leaf, or with 4. */
START_TEST(what_does_not_pay_is_copied)
{
	for (uint64_t piece = 1; piece <= 16; piece += 15) {
		setup(piece);
		for (uint64_t page = 20; page < PAGES; page += 64) /* a full leaf comes whole */
			ck_assert_int_eq(gmem_memory_punch(memory, page * PAGE, PAGE), 0);
		take(&copied, 0, 0, 0);
		looking_add(port_pretend(ctx));
		port_pretend(ctx)->leaves_take = take_dear;
		take(&found, 0, 0, 0);
		compare();
		ck_assert_uint_eq(looking.scans > 0, piece == 1);
		memory_teardown();
	}
}
END_TEST

/* ---- the rule of runs ---- */

static uint64_t random_word(void)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Makes slots with runs of about that length. Some slots are empty. */
static void make_slots(unsigned long long *slots, unsigned int length)
{
	for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i++) {
		if (i && random_word() % length)
			slots[i] = slots[i - 1] ? slots[i - 1] + STRIDE : 0;
		else
			slots[i] = random_word() % 4 ? POINTER + random_word() % 4096 * STRIDE : 0;
	}
}

/* All runs together are the slots, and no run continues the one before it. */
static void check_runs(const unsigned long long *slots, const struct gmem_leaf_run *runs,
		       unsigned int n)
{
	unsigned int begin = 0;

	for (unsigned int i = 0; i < n; begin = runs[i++].end) {
		unsigned int count = runs[i].end - begin;

		ck_assert_uint_gt(runs[i].end, begin);
		for (unsigned int k = 0; k < count; k++)
			ck_assert_uint_eq(slots[begin + k],
					  runs[i].entry ? runs[i].entry - (count - 1 - k) * STRIDE
							: 0);
		if (begin && slots[begin])
			ck_assert_uint_ne(slots[begin], slots[begin - 1] + STRIDE);
		ck_assert(!begin || slots[begin] || slots[begin - 1]);
	}
	ck_assert_uint_eq(begin, GMEM_LEAF_SLOTS);
}

START_TEST(runs_make_up_the_slots)
{
	unsigned long long slots[GMEM_LEAF_SLOTS];
	struct gmem_leaf_run runs[GMEM_LEAF_SLOTS];

	for (unsigned int round = 0; round < 3000; round++) {
		unsigned int n;

		make_slots(slots, 1 + round % 70);
		n = gmem_leaf_scan(slots, STRIDE, runs);
		ck_assert_uint_ge(n, 1);
		ck_assert_uint_le(n, GMEM_LEAF_SLOTS);
		check_runs(slots, runs, n);
	}
}
END_TEST

/* If a leaf has a node, a sibling, a retry entry or a value, this method does not accept it. */
START_TEST(more_than_pages)
{
	static const unsigned long long entries[] = { POINTER + 2, 2, 0x402, 0x11, 0x406 };
	unsigned long long slots[GMEM_LEAF_SLOTS];
	struct gmem_leaf_run runs[GMEM_LEAF_SLOTS];

	for (size_t k = 0; k < sizeof(entries) / sizeof(*entries); k++)
		for (unsigned int i = 0; i < GMEM_LEAF_SLOTS; i++) {
			make_slots(slots, 8);
			ck_assert_uint_gt(gmem_leaf_scan(slots, STRIDE, runs), 0);
			slots[i] = entries[k];
			ck_assert_uint_eq(gmem_leaf_scan(slots, STRIDE, runs), 0);
		}
}
END_TEST

UNIT_MAIN("leaves", same_extents, what_is_not_found_is_copied, what_moved_is_looked_at_again,
	  what_does_not_fit_is_copied, what_does_not_pay_is_copied, runs_make_up_the_slots,
	  more_than_pages)
