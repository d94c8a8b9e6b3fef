// SPDX-License-Identifier: GPL-2.0-or-later
/* Page frames of a guest_memfd, compared with the model itself. */
#include "unit.h"

#include "garble.h"
#include "memory.h"
#include "pages/target.h"

#define PAGE GMEM_PAGE_SIZE
#define PAGES 20000ull		 /* more than one window of the walk */
#define PROGRESS_PAGES 530000ull /* two batches and a part */

static void setup(const char *model, uint64_t pages)
{
	memory_setup(model, GMEM_VM_DEFAULT, 0, pages * PAGE);
}

static void bind(uint32_t slot, uint64_t gpa, uint64_t offset, uint64_t size)
{
	const struct gmem_slot_options options = {
		.size = sizeof(options),
		.slot = slot,
		.gpa = gpa,
		.memory_size = size,
		.memory = memory,
		.memory_offset = offset,
	};

	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
}

struct seen {
	uint64_t pages, extents, next;
};

/* Checks that each page of an extent has the model's frame and state. */
static int check_extent(const struct gmem_extent *extent, void *arg)
{
	struct seen *seen = arg;

	ck_assert_uint_ge(extent->offset, seen->next);
	ck_assert(extent->has_pfn);
	for (uint64_t i = 0; i < extent->pages; i++) {
		int64_t pfn = gmem_sim_file_pfn(ctx->kernel, gmem_memory_fd(memory),
						extent->offset / PAGE + i);

		ck_assert_int_eq(pfn, (int64_t)(extent->pfn + i));
		if (extent->direct_map != GMEM_DIRECT_MAP_UNKNOWN)
			ck_assert_int_eq(extent->direct_map == GMEM_DIRECT_MAP_MAPPED,
					 gmem_sim_direct_map_present(ctx->kernel, extent->pfn + i));
	}
	seen->next = extent->offset + extent->pages * PAGE;
	seen->pages += extent->pages;
	seen->extents++;
	return 0;
}

static struct seen walk(uint64_t offset, uint64_t length, unsigned int want)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(gmem_target_extents(target, offset, length, want, check_extent, &seen), 0);
	return seen;
}

START_TEST(allocated_and_punched)
{
	setup("plain", PAGES);
	ck_assert_uint_eq(walk(0, 0, GMEM_EXTENT_DIRECT_MAP).pages, 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, PAGES * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, 0).pages, PAGES);
	ck_assert_uint_eq(walk(0, 0, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS).pages, PAGES);
	ck_assert_uint_eq(walk(0, 0, GMEM_EXTENT_ONE_BY_ONE).extents, PAGES);
	ck_assert_int_eq(gmem_memory_punch(memory, 100 * PAGE, 7 * PAGE), 0);
	ck_assert_int_eq(gmem_memory_punch(memory, 16384 * PAGE, 1000 * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, GMEM_EXTENT_DIRECT_MAP).pages, PAGES - 1007);
	ck_assert_uint_eq(walk(100 * PAGE, 7 * PAGE, 0).pages, 0);
	ck_assert_uint_eq(walk(99 * PAGE, 9 * PAGE, 0).pages, 2);
	ck_assert_uint_eq(walk(PAGES * PAGE, 0, 0).pages, 0);
	memory_teardown();
}
END_TEST

struct told {
	uint64_t offset;
	unsigned int times;
};

static void hear(uint64_t offset, uint64_t memory_size, void *arg)
{
	struct told *told = arg;

	ck_assert_uint_eq(memory_size, PROGRESS_PAGES * PAGE);
	ck_assert_uint_ge(offset, told->offset);
	ck_assert_uint_le(offset - told->offset, (1 << 18) * PAGE);
	told->offset = offset;
	told->times++;
}

/* One long extent is reported at the end. Progress is reported before that. */
START_TEST(progress)
{
	const unsigned int want = GMEM_EXTENT_DIRECT_MAP;
	struct told told = { 0 };
	struct seen seen = { .pages = 0 };

	setup("plain", PROGRESS_PAGES);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, PROGRESS_PAGES * PAGE), 0);
	gmem_target_set_progress(target, hear, &told);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, want, check_extent, &seen), 0);
	ck_assert_uint_eq(told.offset, PROGRESS_PAGES * PAGE);
	ck_assert_uint_eq(told.times, 3);
	ck_assert_uint_eq(seen.extents, 1);
	seen = (struct seen){ .pages = 0 };
	gmem_target_set_progress(target, NULL, NULL);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, want, check_extent, &seen), 0);
	ck_assert_uint_eq(told.times, 3);
	memory_teardown();
}
END_TEST

START_TEST(single_pages)
{
	setup("plain", PAGES);
	/* The shapes of the tree: only a page at its head, one node, two levels, three. */
	static const uint64_t pages[] = { 0, 1, 63, 64, 4095, 4096, PAGES - 1 };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		ck_assert_int_eq(gmem_memory_allocate(memory, pages[i] * PAGE, PAGE), 0);
		ck_assert_uint_eq(walk(0, 0, 0).pages, i + 1);
		ck_assert_uint_eq(walk(pages[i] * PAGE, PAGE, 0).pages, 1);
	}
	memory_teardown();
}
END_TEST

/* The cost depends on the number of present pages: 8 EiB without pages cost nothing. */
START_TEST(sparse)
{
	setup("plain", INT64_MAX / PAGE);
	ck_assert_int_eq(gmem_memory_allocate(memory, 5 * PAGE, PAGE), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 1ull << 60, 2 * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, GMEM_EXTENT_DIRECT_MAP).pages, 3);
	ck_assert_uint_eq(walk(6 * PAGE, 0, 0).pages, 2);
	memory_teardown();
}
END_TEST

#define MANY 70000ull  /* pages: more than the direct map of a batch may have runs */
#define LATE 264000ull /* pages: more than one batch of the walk */

static int remove_late_pages(const struct gmem_extent *extent, void *arg)
{
	struct seen *seen = arg;
	int fd = gmem_memory_fd(memory);

	for (uint64_t page = LATE - 1000; !seen->pages && page < LATE; page++)
		ck_assert_int_eq(gmem_sim_set_direct_map(
					 ctx->kernel,
					 (uint64_t)gmem_sim_file_pfn(ctx->kernel, fd, page), false),
				 0);
	return check_extent(extent, seen);
}

/* The state of a page's direct map must not be older than the page. */
START_TEST(map_changes_during_the_walk)
{
	struct seen seen = { 0 };

	setup("plain", LATE);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, LATE * PAGE), 0);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0,
					     GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_ONE_BY_ONE,
					     remove_late_pages, &seen),
			 0);
	ck_assert_uint_eq(seen.pages, LATE);
	memory_teardown();
}
END_TEST

/*
 * More runs of the direct map than the walk keeps at a time, with pages scattered among them. The
 * runs cut them into pieces.
 */
START_TEST(map_in_many_runs)
{
	const uint64_t piece = 5, pieces = MANY / piece;
	struct seen seen;

	setup("plain", MANY);
	for (uint64_t i = 0; i < pieces; i++) /* 1009 is prime to their number */
		ck_assert_int_eq(gmem_memory_allocate(memory, i * 1009 % pieces * piece * PAGE,
						      piece * PAGE),
				 0);
	for (uint64_t page = 0; page < MANY; page += 2)
		ck_assert_int_eq(
			gmem_sim_set_direct_map(ctx->kernel,
						(uint64_t)gmem_sim_file_pfn(
							ctx->kernel, gmem_memory_fd(memory), page),
						false),
			0);
	seen = walk(0, 0, GMEM_EXTENT_DIRECT_MAP);
	ck_assert_uint_eq(seen.pages, MANY);
	ck_assert_uint_eq(seen.extents, MANY);
	seen = walk(0, 0, 0);
	ck_assert_uint_eq(seen.pages, MANY);
	ck_assert_uint_eq(seen.extents, pieces);
	memory_teardown();
}
END_TEST

/* On this port large reads, which are those of xarray nodes, fail or return nothing. */
static const struct gmem_kernel_ops *honest_ops;
static struct gmem_kernel_ops node_ops;
static uint64_t head_address, root_address;
static unsigned int empty_from, empty_to, batches;

static int no_nodes(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = honest_ops->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++)
		if (requests[i].length >= 512 && requests[i].length < 4096)
			requests[i].result = -EFAULT;
	return ret;
}

/* In some batches the root is a freed node: it is empty, and not the head any more. */
static int freed_root(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = honest_ops->read_kmem(kernel, requests, n);

	batches++;
	for (size_t i = 0; i < n; i++) {
		struct gmem_kmem_request *request = &requests[i];

		if (batches < empty_from || batches >= empty_to)
			continue;
		if (request->address == head_address) /* another node, here an address that is
						       * not a node */
			*(uint64_t *)request->buffer = (root_address ^ 0x10000) + 2;
		if (request->address > root_address && request->address < root_address + 576)
			memset(request->buffer, 0, request->length);
	}
	return ret;
}

static void lie(int (*read)(struct gmem_kernel *, struct gmem_kmem_request *, size_t))
{
	honest_ops = ctx->kernel->ops;
	node_ops = *honest_ops;
	node_ops.read_kmem = read;
	ctx->kernel->ops = &node_ops;
}

static int count_unknown(const struct gmem_extent *extent, void *arg)
{
	*(uint64_t *)arg += 1;
	ck_assert(!extent->has_pfn);
	ck_assert_ptr_nonnull(extent->reason);
	return 0;
}

/* The file is as large as possible. The part that cannot be read is one unknown extent. */
START_TEST(unknown_is_one_extent)
{
	const unsigned int want = GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_ONE_BY_ONE;
	uint64_t unknown = 0;

	setup("plain", INT64_MAX / PAGE);
	ck_assert_int_eq(gmem_memory_allocate(memory, 1ull << 60, 2 * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, 0).pages, 2);
	lie(no_nodes);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, want, count_unknown, &unknown), 0);
	ck_assert_uint_eq(unknown, 1);
	ctx->kernel->ops = honest_ops;
	memory_teardown();
}
END_TEST

/*
 * If a tree shrinks during the read, no page is lost, because the walk does
 * not trust the emptied root.
 */
START_TEST(freed_root_is_not_believed)
{
	struct gmem_kmem_request head = { .buffer = &root_address, .length = 8 };
	size_t offset, in_array;

	setup("plain", 8000);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 8000 * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, 0).pages, 8000);
	ck_assert_int_eq(
		ctx->kernel->ops->offset_of(ctx->kernel, "address_space", "i_pages", &offset), 0);
	ck_assert_int_eq(ctx->kernel->ops->offset_of(ctx->kernel, "xarray", "xa_head", &in_array),
			 0);
	head.address = head_address = target->cache.mapping + offset + in_array;
	ck_assert_int_eq(ctx->kernel->ops->read_kmem(ctx->kernel, &head, 1), 0);
	root_address -= 2;
	/* This may happen anywhere in the walk. */
	for (empty_from = 2; empty_from < 12; empty_from++) {
		empty_to = empty_from + 2;
		batches = 0;
		lie(freed_root);
		ck_assert_uint_eq(walk(0, 0, 0).pages, 8000);
		ctx->kernel->ops = honest_ops;
	}
	memory_teardown();
}
END_TEST

/* In nodes with that shift, a slot claims to be part of the entry in slot 0. */
static unsigned int stray_shift, stray_slot;
static bool stray_stays; /* and claims it again when the walk reads it alone */
static uint64_t stray_node;

static int stray_sibling(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	const uint64_t sibling_of_0 = 2;
	const size_t at = 40 + stray_slot * 8; /* offset in struct xa_node of the models */
	int ret = honest_ops->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++) {
		unsigned char *bytes = requests[i].buffer;

		if (requests[i].length == 576 && bytes[0] == stray_shift) {
			stray_node = requests[i].address;
			memcpy(bytes + at, &sibling_of_0, 8);
		}
		if (stray_stays && requests[i].length == 8 &&
		    requests[i].address == stray_node + at)
			memcpy(bytes, &sibling_of_0, 8);
	}
	return ret;
}

struct unknown {
	uint64_t offset, pages;
};

static int take_unknown(const struct gmem_extent *extent, void *arg)
{
	struct unknown *unknown = arg;

	if (extent->has_pfn)
		return 0;
	unknown->offset = extent->offset;
	unknown->pages += extent->pages;
	return 0;
}

static struct unknown unknown_of(uint64_t offset)
{
	struct unknown unknown = { 0 };

	ck_assert_int_eq(gmem_target_extents(target, offset, 0, 0, take_unknown, &unknown), 0);
	return unknown;
}

/*
 * A sibling that points to no pointer, or to a pointer that ends before it, is not a page of that
 * pointer. At the second level, it points to a node.
 */
START_TEST(stray_sibling_is_no_page)
{
	const uint64_t slot = _i ? 64 : 1, at = 63 * slot;
	struct unknown unknown;

	setup("plain", 64 * slot);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, at * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, 0).pages, at);
	stray_shift = _i ? 6 : 0;
	stray_slot = 63;
	stray_stays = false;
	lie(stray_sibling);
	ck_assert_uint_eq(walk(at * PAGE, 0, 0).pages, 0);
	ck_assert_uint_eq(walk(0, 0, 0).pages, at);
	stray_stays = true;
	for (uint64_t offset = 0; offset <= at * PAGE; offset += at * PAGE) {
		unknown = unknown_of(offset);
		ck_assert_uint_eq(unknown.offset, at * PAGE);
		ck_assert_uint_eq(unknown.pages, slot);
	}
	ctx->kernel->ops = honest_ops;
	memory_teardown();
}
END_TEST

static int take_in_order(const struct gmem_extent *extent, void *arg)
{
	struct seen *seen = arg;

	ck_assert_uint_eq(extent->offset, seen->next);
	seen->next = extent->offset + extent->pages * PAGE;
	seen->extents++;
	return 0;
}

/* Unknown extents keep their place, even if all other extents have one page. */
START_TEST(unknown_comes_in_order)
{
	struct seen seen = { 0 };

	setup("plain", 64 * 64);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 64 * 64 * PAGE), 0);
	ck_assert_uint_eq(walk(0, 0, 0).pages, 64 * 64);
	stray_shift = 6;
	stray_slot = 1;
	stray_stays = true;
	lie(stray_sibling);
	ck_assert_int_eq(
		gmem_target_extents(target, 0, 0,
				    (_i ? GMEM_EXTENT_DIRECT_MAP : 0) | GMEM_EXTENT_ONE_BY_ONE,
				    take_in_order, &seen),
		0);
	ck_assert_uint_eq(seen.extents, 63 * 64 + 1);
	ctx->kernel->ops = honest_ops;
	memory_teardown();
}
END_TEST

START_TEST(states_cut_extents)
{
	struct seen seen;
	int64_t pfn;

	setup("plain", 64);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 64 * PAGE), 0);
	pfn = gmem_sim_file_pfn(ctx->kernel, gmem_memory_fd(memory), 10);
	ck_assert_int_gt(pfn, 0);
	seen = walk(0, 0, GMEM_EXTENT_DIRECT_MAP);
	ck_assert_uint_eq(seen.extents, 1);
	ck_assert_int_eq(gmem_sim_set_direct_map(ctx->kernel, (uint64_t)pfn, false), 0);
	seen = walk(0, 0, GMEM_EXTENT_DIRECT_MAP);
	ck_assert_uint_ge(seen.extents, 3);
	ck_assert_uint_eq(seen.pages, 64);
	memory_teardown();
}
END_TEST

struct gpas {
	uint64_t bound, unbound;
};

static int check_gpa(const struct gmem_extent *extent, void *arg)
{
	struct gpas *gpas = arg;
	uint64_t want = extent->offset < 32 * PAGE   ? (1ull << 32) + extent->offset
			: extent->offset < 48 * PAGE ? GMEM_GPA_NONE
						     : (1ull << 33) + extent->offset - 48 * PAGE;

	ck_assert_uint_eq(extent->gpa, want);
	*(want == GMEM_GPA_NONE ? &gpas->unbound : &gpas->bound) += extent->pages;
	return 0;
}

START_TEST(bindings)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_binding binding = { .size = sizeof(binding) };
	struct gpas gpas = { 0 };

	setup(_i ? "tdx" : "plain", 64);
	bind(3, 1ull << 32, 0, 32 * PAGE);
	bind(7, 1ull << 33, 48 * PAGE, 16 * PAGE);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 64 * PAGE), 0);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, 0, check_gpa, &gpas), 0);
	ck_assert_uint_eq(gpas.bound, 48);
	ck_assert_uint_eq(gpas.unbound, 16);
	ck_assert_int_eq(gmem_target_get_info(target, &info), 0);
	ck_assert_uint_eq(info.memory_size, 64 * PAGE);
	ck_assert(info.has_resident && info.resident == 64 * PAGE);
	ck_assert(info.has_slots && info.slots == 2);
	ck_assert(info.has_flags && info.flags == 0);
	ck_assert_int_eq(info.vm_type, GMEM_VM_DEFAULT);
	ck_assert_int_eq(gmem_target_binding(target, 1, &binding), 0);
	ck_assert_uint_eq(binding.slot, 7);
	ck_assert_uint_eq(binding.gpa, 1ull << 33);
	ck_assert_uint_eq(binding.offset, 48 * PAGE);
	ck_assert_uint_eq(binding.memory_size, 16 * PAGE);
	ck_assert_int_eq(gmem_target_binding(target, 2, &binding), -ENOENT);
	memory_teardown();
}
END_TEST

static int keep_flags(const struct gmem_extent *extent, void *arg)
{
	ck_assert(extent->has_page_flags);
	*(uint64_t *)arg |= extent->page_flags;
	return 0;
}

START_TEST(poisoned)
{
	uint64_t flags = 0;
	int64_t pfn;

	setup("plain", 8);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 8 * PAGE), 0);
	pfn = gmem_sim_file_pfn(ctx->kernel, gmem_memory_fd(memory), 5);
	/* memory_failure() returns an error for guest_memfd, but poisons the page. */
	gmem_sim_poison(ctx->kernel, (uint64_t)pfn);
	ck_assert_int_eq(
		gmem_target_extents(target, 5 * PAGE, PAGE, GMEM_EXTENT_FLAGS, keep_flags, &flags),
		0);
	ck_assert(flags & GMEM_KPF_HWPOISON);
	ck_assert_uint_eq(walk(0, 0, GMEM_EXTENT_DIRECT_MAP).pages, 8);
	memory_teardown_but(1);
}
END_TEST

START_TEST(wrong_targets)
{
	struct gmem_target *wrong;

	setup("plain", 8);
	ck_assert_int_eq(gmem_target_open(ctx, 0, 777, &wrong), -EBADF);
	port_said(ctx, "this process has no descriptor 777");
	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_vm_fd(vm), &wrong), -EMEDIUMTYPE);
	port_said(ctx, "of this process is no guest_memfd; ls -l /proc/self/fd shows those");
	port_said(ctx, "no guest_memfd");
	ck_assert_int_eq(gmem_target_open(ctx, 1 << 22, 3, &wrong), -ESRCH);
	memory_teardown();
}
END_TEST

static int count_extent(const struct gmem_extent *extent, void *arg)
{
	struct seen *seen = arg;

	ck_assert_uint_ge(extent->offset, seen->next);
	ck_assert_uint_gt(extent->pages, 0);
	seen->next = extent->offset + extent->pages * PAGE;
	ck_assert_uint_le(seen->next, 4096ull * PAGE);
	return 0;
}

/* With corrupted trees the walk ends with an answer or an error, in order and within the file. */
START_TEST(corrupted)
{
	struct gmem_target_info info = { .size = sizeof(info) };

	setup(_i % 2 ? "plain" : "tdx", 4096);
	bind(1, 1ull << 32, 0, 2048 * PAGE);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 4096 * PAGE), 0);
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	garble_begin(ctx, 0xbad + (uint64_t)_i, 8);
	for (int round = 0; round < 100; round++) {
		struct gmem_target *again;
		struct seen seen = { 0 };

		if (gmem_target_open(ctx, 0, gmem_memory_fd(memory), &again))
			continue;
		gmem_target_extents(again, 0, 0, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS,
				    count_extent, &seen);
		gmem_target_get_info(again, &info);
		gmem_target_free(again);
	}
	garble_end(ctx);
	memory_teardown();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { allocated_and_punched,
				       progress,
				       single_pages,
				       sparse,
				       map_changes_during_the_walk,
				       map_in_many_runs,
				       unknown_is_one_extent,
				       freed_root_is_not_believed,
				       states_cut_extents,
				       poisoned,
				       wrong_targets };
	Suite *suite = suite_create("extents");
	TCase *tcase = tcase_create("extents");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 600);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_loop_test(tcase, stray_sibling_is_no_page, 0, 2);
	tcase_add_loop_test(tcase, unknown_comes_in_order, 0, 2);
	tcase_add_loop_test(tcase, bindings, 0, 2);
	tcase_add_loop_test(tcase, corrupted, 0, 6);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
