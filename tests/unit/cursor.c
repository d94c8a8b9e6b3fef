// SPDX-License-Identifier: GPL-2.0-or-later
/* The cursor over extents, compared with the callback. It can stop and resume at any place. */
#include "unit.h"

#include <errno.h>
#include <gmem/gmem.h>

#include "garble.h"
#include "memory.h"

#define PAGE ((uint64_t)GMEM_PAGE_SIZE)

static volatile int cancel;

struct list {
	struct gmem_extent *items;
	size_t count, room;
};

static int append(const struct gmem_extent *extent, void *arg)
{
	struct list *list = arg;

	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 256;
		list->items = reallocarray(list->items, list->room, sizeof(*list->items));
		ck_assert_ptr_nonnull(list->items);
	}
	list->items[list->count++] = *extent;
	return 0;
}

static void setup(uint64_t pages)
{
	cancel = 0;
	memory_setup("plain", GMEM_VM_DEFAULT, 0, pages * PAGE);
}

/*
 * Makes holes, a memslot in the middle, and pages that are not in the direct
 * map: extents of every kind.
 */
static void scatter(uint64_t pages, uint64_t step)
{
	const struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.gpa = 1ull << 32,
		.memory_size = pages / 2 * PAGE,
		.memory = memory,
		.memory_offset = pages / 4 * PAGE,
	};

	ck_assert_int_eq(gmem_memory_allocate(memory, 0, pages * PAGE), 0);
	ck_assert_int_eq(gmem_slot_set(vm, &slot), 0);
	for (uint64_t i = 1; i < pages; i += step + i % 5)
		ck_assert_int_eq(gmem_memory_punch(memory, i * PAGE, (1 + i % 3) * PAGE), 0);
	for (uint64_t i = 0; i < pages; i += step + i % 7) {
		int64_t pfn = gmem_sim_file_pfn(port_sim(ctx), gmem_memory_fd(memory), i);

		if (pfn >= 0)
			ck_assert_int_eq(
				gmem_sim_set_direct_map(port_sim(ctx), (uint64_t)pfn, false), 0);
	}
}

static struct gmem_extents *cursor_at(uint64_t offset, uint64_t length, unsigned int want)
{
	const struct gmem_extents_options options = {
		.size = sizeof(options),
		.offset = offset,
		.length = length,
		.want = want,
		.cancel = &cancel,
	};
	struct gmem_extents *cursor;

	ck_assert_int_eq(gmem_extents_new(target, &options, &cursor), 0);
	return cursor;
}

static void check_same(const struct gmem_extent *a, const struct gmem_extent *b)
{
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_uint_eq(a->gpa, b->gpa);
	ck_assert_uint_eq(a->pfn, b->pfn);
	ck_assert_uint_eq(a->pages, b->pages);
	ck_assert_uint_eq(a->order, b->order);
	ck_assert_int_eq(a->node, b->node);
	ck_assert_int_eq(a->direct_map, b->direct_map);
	ck_assert_int_eq(a->level, b->level);
	ck_assert_int_eq(a->writable, b->writable);
	ck_assert_ptr_eq(a->reason, b->reason);
	ck_assert_uint_eq(a->page_flags, b->page_flags);
	ck_assert_int_eq(a->has_page_flags, b->has_page_flags);
	ck_assert_int_eq(a->has_pfn, b->has_pfn);
}

static const unsigned int wants[] = {
	0,
	GMEM_EXTENT_DIRECT_MAP,
	GMEM_EXTENT_FLAGS,
	GMEM_EXTENT_ONE_BY_ONE,
	GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS | GMEM_EXTENT_ONE_BY_ONE,
};

/* Compares the extents of both. With renew, a new cursor takes over after every so many of them. */
static void compare(uint64_t offset, uint64_t length, unsigned int want, size_t renew)
{
	struct gmem_extents *cursor = cursor_at(offset, length, want);
	uint64_t size = gmem_memory_size(memory);
	uint64_t end = length ? offset + length : size;
	struct list list = { 0 };
	GMEM_STRUCT(gmem_extent, extent);

	ck_assert_int_eq(gmem_target_extents(target, offset, length, want, append, &list), 0);
	ck_assert_uint_eq(gmem_extents_offset(cursor), offset);
	for (size_t i = 0; i < list.count; i++) {
		ck_assert_int_eq(gmem_extents_next(cursor, &extent), 1);
		check_same(&extent, &list.items[i]);
		ck_assert_uint_eq(gmem_extents_offset(cursor), extent.offset + extent.pages * PAGE);
		if (renew && i % renew == 0 && gmem_extents_offset(cursor) < end) {
			uint64_t at = gmem_extents_offset(cursor);

			gmem_extents_free(cursor);
			cursor = cursor_at(at, end - at, want);
		}
	}
	ck_assert_int_eq(gmem_extents_next(cursor, &extent), 0);
	ck_assert_int_eq(gmem_extents_next(cursor, &extent), 0);
	gmem_extents_free(cursor);
	free(list.items);
}

START_TEST(same_as_callback)
{
	setup(5000);
	compare(0, 0, 0, 0); /* without any page */
	scatter(5000, 9);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		compare(0, 0, wants[i], 0);
		compare(0, 0, wants[i], 50);
		compare(3 * PAGE, 1000 * PAGE, wants[i], 1);
		compare(4990 * PAGE, 0, wants[i], 3);
		compare(5000 * PAGE, 0, wants[i], 0);
	}
	memory_teardown();
}
END_TEST

static unsigned int reads;

static int count_read(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	reads++;
	return port.real->read_kmem(kernel, requests, n);
}

/*
 * Several batches of the walk: an extent may continue from one batch to the next. The cursor looks
 * up only what the caller asks for.
 */
START_TEST(extent_over_several_batches)
{
	const uint64_t pages = 150000;
	struct gmem_extents *cursor;
	unsigned int at_first = 0;
	uint64_t seen = 0;
	GMEM_STRUCT(gmem_extent, extent);

	setup(pages);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, pages * PAGE), 0);
	ck_assert_int_eq(gmem_memory_punch(memory, 70000 * PAGE, PAGE), 0);
	compare(0, 0, GMEM_EXTENT_DIRECT_MAP, 0);
	compare(0, 0, 0, 0);
	cursor = cursor_at(0, 0, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_ONE_BY_ONE);
	port_pretend(ctx)->read_kmem = count_read;
	while (gmem_extents_next(cursor, &extent) == 1) {
		at_first = at_first ? at_first : reads;
		ck_assert_uint_eq(extent.pages, 1);
		ck_assert_uint_eq(extent.offset, (seen + (seen >= 70000)) * PAGE);
		seen++;
	}
	ck_assert_uint_eq(seen, pages - 1);
	ck_assert_uint_gt(reads, at_first + 10);
	gmem_extents_free(cursor);
	memory_teardown();
}
END_TEST

/* The cursor is cancelled and continued at any extent: it loses none, and returns none twice. */
START_TEST(cancelled_and_resumed)
{
	setup(4000);
	scatter(4000, 11);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct gmem_extents *cursor = cursor_at(0, 0, wants[i]);
		struct list list = { 0 };
		GMEM_STRUCT(gmem_extent, extent);

		ck_assert_int_eq(gmem_target_extents(target, 0, 0, wants[i], append, &list), 0);
		ck_assert_uint_gt(list.count, 100);
		for (size_t k = 0; k < list.count; k++) {
			if (k % 13 == 0) {
				uint64_t at = gmem_extents_offset(cursor);

				gmem_cancel(&cancel);
				ck_assert_int_eq(gmem_extents_next(cursor, &extent), -ECANCELED);
				port_said(ctx, "Operation canceled: the caller wanted it");
				ck_assert_uint_eq(gmem_extents_offset(cursor), at);
				cancel = 0;
			}
			ck_assert_int_eq(gmem_extents_next(cursor, &extent), 1);
			check_same(&extent, &list.items[k]);
		}
		ck_assert_int_eq(gmem_extents_next(cursor, &extent), 0);
		gmem_extents_free(cursor);
		free(list.items);
	}
	memory_teardown();
}
END_TEST

/* Cancels in the middle of the walk, at its n-th read of kernel memory. */
static unsigned int countdown;

static int cancel_at_read(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	if (countdown && !--countdown)
		gmem_cancel(&cancel);
	return port.real->read_kmem(kernel, requests, n);
}

START_TEST(cancelled_within_an_extent)
{
	struct list list = { 0 };
	unsigned int cancelled = 0;
	bool came;

	setup(3000);
	scatter(3000, 17);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, append, &list),
			 0);
	port_pretend(ctx)->read_kmem = cancel_at_read;
	for (unsigned int n = 1;; n++) {
		struct gmem_extents *cursor = cursor_at(0, 0, GMEM_EXTENT_DIRECT_MAP);
		size_t k = 0;
		int ret;
		GMEM_STRUCT(gmem_extent, extent);

		countdown = n;
		while ((ret = gmem_extents_next(cursor, &extent))) {
			if (ret > 0) {
				check_same(&extent, &list.items[k++]);
				continue;
			}
			ck_assert_int_eq(ret, -ECANCELED);
			cancelled++;
			cancel = 0;
		}
		ck_assert_uint_eq(k, list.count);
		came = !countdown;
		cancel = 0;
		gmem_extents_free(cursor);
		if (!came)
			break;
	}
	ck_assert_uint_gt(cancelled, 3);
	free(list.items);
	memory_teardown();
}
END_TEST

/* In the part that the cursor has not reached, it misses removed pages and sees added ones. */
START_TEST(sees_changes_ahead_of_it)
{
	struct gmem_extents *cursor;
	uint64_t seen = 0;
	GMEM_STRUCT(gmem_extent, extent);

	setup(20000);
	for (uint64_t i = 0; i < 10000; i += 2)
		ck_assert_int_eq(gmem_memory_allocate(memory, i * PAGE, PAGE), 0);
	cursor = cursor_at(0, 0, 0);
	ck_assert_int_eq(gmem_extents_next(cursor, &extent), 1);
	ck_assert_int_eq(gmem_memory_punch(memory, 9000 * PAGE, 1000 * PAGE), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 19999 * PAGE, PAGE), 0);
	while (gmem_extents_next(cursor, &extent) == 1)
		seen = extent.offset;
	ck_assert_uint_eq(seen, 19999 * PAGE);
	gmem_extents_free(cursor);
	gmem_extents_free(NULL);
	memory_teardown();
}
END_TEST

/*
 * Each call of the port fails once. The cursor returns an error, and then goes on as if nothing had
 * happened.
 */
START_TEST(every_call_fails_once)
{
	struct list list = { 0 };
	unsigned int n = 0, failures = 0;

	setup(600);
	scatter(600, 7);
	ck_assert_int_eq(gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, append, &list),
			 0);
	do {
		unsigned int fds = gmem_sim_open_fds(port_sim(ctx));
		struct gmem_extents *cursor = NULL;
		size_t k = 0;
		int ret;
		GMEM_STRUCT(gmem_extent, extent);

		port_fail_at(ctx, ++n, -EACCES);
		ret = gmem_extents_new(target, NULL, &cursor);
		if (!ret) {
			gmem_extents_free(cursor);
			cursor = cursor_at(0, 0, GMEM_EXTENT_DIRECT_MAP);
		}
		while (cursor && (ret = gmem_extents_next(cursor, &extent))) {
			failures += ret < 0;
			if (ret > 0 && extent.has_pfn &&
			    extent.direct_map != GMEM_DIRECT_MAP_UNKNOWN)
				ck_assert_uint_eq(extent.pfn, list.items[k].pfn);
			k += ret > 0;
		}
		ck_assert(!cursor || k == list.count);
		gmem_extents_free(cursor);
		ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds);
	} while (port_failed(ctx));
	ck_assert_uint_gt(failures, 0);
	free(list.items);
	memory_teardown();
}
END_TEST

/* Kernel memory is read wrongly: the cursor ends, and goes only forward. */
START_TEST(corrupted_memory_ends_the_cursor)
{
	setup(20000);
	scatter(20000, 5);
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct gmem_extents *cursor = cursor_at(0, 0, seed % 2);
		unsigned int failures = 0;
		uint64_t at = 0;
		int ret;
		GMEM_STRUCT(gmem_extent, extent);

		garble_begin(ctx, seed, 5);
		while ((ret = gmem_extents_next(cursor, &extent)) && failures < 100) {
			failures += ret < 0;
			if (ret < 0)
				continue;
			ck_assert_uint_ge(extent.offset, at);
			ck_assert_uint_gt(extent.pages, 0);
			ck_assert_uint_le(extent.pages, 20000 - extent.offset / PAGE);
			at = extent.offset + extent.pages * PAGE;
		}
		garble_end(ctx);
		gmem_extents_free(cursor);
	}
	memory_teardown();
}
END_TEST

START_TEST(wrong_options)
{
	struct gmem_extents_options options = { .size = 0 };
	struct gmem_extents *cursor;

	setup(1);
	ck_assert_int_eq(gmem_extents_new(target, &options, &cursor), -EINVAL);
	port_said(ctx, "gmem_extents_options");
	options.size = 5000;
	ck_assert_int_eq(gmem_extents_new(target, &options, &cursor), -E2BIG);
	memory_teardown();
}
END_TEST

UNIT_MAIN("cursor", same_as_callback, extent_over_several_batches, cancelled_and_resumed,
	  cancelled_within_an_extent, sees_changes_ahead_of_it, every_call_fails_once,
	  corrupted_memory_ends_the_cursor, wrong_options)
