// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes from look to look, on the model's own process. */
#include "unit.h"

#include "port.h"
#include "owners/watch_pages.h"

#define PAGE ((uint64_t)GMEM_PAGE_SIZE)
#define SIZE (64 * PAGE)

struct changes {
	struct gmem_change list[16];
	size_t count;
};

static int keep(const struct gmem_change *change, void *arg)
{
	struct changes *changes = arg;

	ck_assert_uint_lt(changes->count, 16);
	ck_assert_ptr_nonnull(gmem_change_kind_name(change->kind));
	changes->list[changes->count++] = *change;
	return 0;
}

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_watch *watch;

static struct gmem_memory *memory_new(void)
{
	const struct gmem_memory_options options = { .size = sizeof(options), .memory_size = SIZE };
	struct gmem_memory *memory;

	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	return memory;
}

static void setup(void)
{
	ctx = port_ctx("sw-protected");
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_SW_PROTECTED, &vm), 0);
	ck_assert_int_eq(gmem_watch_new(ctx, NULL, &watch), 0);
}

static void teardown(void)
{
	gmem_watch_free(watch);
	gmem_vm_free(vm);
	port_ctx_free(ctx, 0, 0);
}

/* Looks once, and expects that many changes. */
static struct changes look(size_t expected)
{
	struct changes changes = { .count = 0 };

	ck_assert_int_eq(gmem_watch_look(watch, keep, &changes), 0);
	ck_assert_uint_eq(changes.count, expected);
	return changes;
}

static void check(const struct gmem_change *change, enum gmem_change_kind kind, uint64_t pages,
		  uint64_t ranges, uint64_t first, uint64_t resident)
{
	ck_assert_int_eq(change->kind, kind);
	ck_assert_uint_eq(change->bytes, pages * PAGE);
	ck_assert_uint_eq(change->ranges, ranges);
	ck_assert_uint_eq(change->offset, first * PAGE);
	ck_assert(change->has_resident);
	ck_assert_uint_eq(change->resident, resident * PAGE);
	ck_assert_uint_ne(change->inode, 0);
	ck_assert_uint_eq(change->memory_size, SIZE);
}

START_TEST(come_and_go)
{
	struct gmem_memory *before, *after;
	struct changes changes;

	setup();
	before = memory_new();
	ck_assert_int_eq(gmem_memory_allocate(before, 0, 8 * PAGE), 0);
	look(0); /* the first look only learns */
	look(0);
	after = memory_new();
	ck_assert_int_eq(gmem_memory_allocate(after, 4 * PAGE, 2 * PAGE), 0);
	changes = look(1);
	check(&changes.list[0], GMEM_CHANGE_NEW, 2, 1, 4, 2);
	gmem_memory_free(before);
	changes = look(1);
	check(&changes.list[0], GMEM_CHANGE_GONE, 8, 1, 0, 8);
	gmem_memory_free(after);
	changes = look(1);
	check(&changes.list[0], GMEM_CHANGE_GONE, 2, 1, 4, 2);
	look(0);
	teardown();
}
END_TEST

START_TEST(pages_come_and_go)
{
	struct gmem_memory *memory;
	struct changes changes;

	setup();
	memory = memory_new();
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 32 * PAGE), 0);
	look(0);
	/* As many pages come as go, so their number does not change. */
	ck_assert_int_eq(gmem_memory_punch(memory, 2 * PAGE, 3 * PAGE), 0);
	ck_assert_int_eq(gmem_memory_punch(memory, 10 * PAGE, PAGE), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 40 * PAGE, 4 * PAGE), 0);
	changes = look(2);
	check(&changes.list[0], GMEM_CHANGE_PUNCH, 4, 2, 2, 32);
	check(&changes.list[1], GMEM_CHANGE_POPULATE, 4, 1, 40, 32);
	look(0);
	look(0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 4 * PAGE), 0);
	changes = look(1);
	check(&changes.list[0], GMEM_CHANGE_POPULATE, 2, 1, 2, 34);
	gmem_memory_free(memory);
	look(1);
	teardown();
}
END_TEST

/* If memory did not change, a look reads the same amount, however many pages there are. */
START_TEST(unchanged_memory_is_not_read_again)
{
	struct gmem_memory *memory;
	uint64_t calls[2] = { 0 }, before, after;
	size_t kind = 0;

	setup();
	memory = memory_new();
	while (strcmp(gmem_model_call_name(kind), "kmem-request") != 0)
		kind++;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, (i ? 64 : 1) * PAGE), 0);
		look(i);
		look(0);
		ck_assert_int_eq(gmem_ctx_calls(ctx, kind, &before), 0);
		look(0);
		ck_assert_int_eq(gmem_ctx_calls(ctx, kind, &after), 0);
		calls[i] = after - before;
	}
	ck_assert_uint_eq(calls[0], calls[1]);
	gmem_memory_free(memory);
	teardown();
}
END_TEST

START_TEST(splits_are_reported)
{
	struct gmem_memory *memory;
	struct changes changes;
	int64_t pfn;

	setup();
	memory = memory_new();
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, PAGE), 0);
	pfn = gmem_sim_file_pfn(port_sim(ctx), gmem_memory_fd(memory), 0);
	look(0);
	ck_assert_int_eq(gmem_sim_set_direct_map(port_sim(ctx), (uint64_t)pfn, false), 0);
	changes = look(2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(changes.list[i].kind, GMEM_CHANGE_SPLIT);
		ck_assert_int_eq(changes.list[i].level, i ? GMEM_LEVEL_PUD : GMEM_LEVEL_PMD);
		ck_assert_uint_eq(changes.list[i].count, 1);
		ck_assert_uint_eq(changes.list[i].inode, 0);
	}
	ck_assert_int_eq(gmem_sim_set_direct_map(port_sim(ctx), (uint64_t)pfn, true), 0);
	gmem_memory_free(memory);
	look(1);
	teardown();
}
END_TEST

/*
 * Without a reader watch sees new and gone guest_memfds, and reports why it does not see the rest.
 */
START_TEST(without_reader)
{
	struct gmem_watch_counts counts = { .size = sizeof(counts) };
	struct gmem_memory *memory;
	struct changes changes;

	setup();
	gmem_sim_fail_reader(port_sim(ctx), GMEM_READER_BPF, -EPERM);
	gmem_sim_fail_reader(port_sim(ctx), GMEM_READER_KCORE, -EPERM);
	look(0);
	memory = memory_new();
	changes = look(1);
	ck_assert_int_eq(changes.list[0].kind, GMEM_CHANGE_NEW);
	ck_assert(!changes.list[0].has_resident);
	gmem_watch_get_counts(watch, &counts);
	ck_assert_uint_eq(counts.unknown, 1);
	ck_assert_uint_eq(counts.owners->memories, 1);
	ck_assert(strstr(counts.why, "reader") != NULL);
	ck_assert(counts.has_counters);
	gmem_memory_free(memory);
	look(1);
	gmem_watch_get_counts(watch, &counts);
	ck_assert_ptr_null(counts.why);
	teardown();
}
END_TEST

/* Each call fails once: watch invents no change, and the next look finds what was missed. */
START_TEST(each_call_fails_once)
{
	static const int errors[] = { -EACCES, -ENOENT, -ENOMEM, -EMFILE, -EIO };
	struct gmem_memory *memory;
	unsigned int fds;
	bool failed = true;

	setup();
	memory = memory_new();
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 8 * PAGE), 0);
	look(0);
	fds = gmem_sim_open_fds(port_sim(ctx));
	for (unsigned int n = 1; failed; n++) {
		failed = false;
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			struct changes changes = { .count = 0 };
			int ret;

			port_fail_at(ctx, n, errors[i]);
			ret = gmem_watch_look(watch, keep, &changes);
			failed = failed || port_failed(ctx);
			ck_assert(ret <= 0);
			for (size_t k = 0; k < changes.count; k++)
				ck_assert(changes.list[k].kind == GMEM_CHANGE_GONE ||
					  changes.list[k].kind == GMEM_CHANGE_NEW);
			ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds);
			port_fail_at(ctx, 0, 0);
			changes.count = 0;
			ck_assert_int_eq(gmem_watch_look(watch, keep, &changes), 0);
			look(0);
		}
	}
	ck_assert_int_eq(gmem_memory_punch(memory, 0, PAGE), 0);
	look(1);
	gmem_memory_free(memory);
	teardown();
}
END_TEST

static int stop(const struct gmem_change *change, void *arg)
{
	(void)arg;
	return change->kind == GMEM_CHANGE_NEW ? 7 : 0;
}

START_TEST(callback_ends_the_look)
{
	struct gmem_memory *memory;

	setup();
	look(0);
	memory = memory_new();
	ck_assert_int_eq(gmem_watch_look(watch, stop, NULL), 7);
	look(0); /* learns again */
	gmem_memory_free(memory);
	look(1);
	teardown();
}
END_TEST

static void fill(struct gmem_ranges *ranges, const char *text)
{
	for (uint64_t i = 0; text[i]; i++) {
		if (text[i] == '.')
			continue;
		ck_assert_int_eq(gmem_ranges_reserve(ranges), 0);
		gmem_ranges_add(ranges, i, i + 1);
	}
}

START_TEST(differences)
{
	static const struct {
		const char *a, *b;
		uint64_t bytes, ranges, first;
	} cases[] = {
		{ "", "xxx", 0, 0, 0 },
		{ "xxx", "", 3, 1, 0 },
		{ ".xxxxxx", ".x.xx.x", 2, 2, 2 },
		{ "xx..xx", "..xx", 4, 2, 0 },
		{ "xxxx", "xxxxxxx", 0, 0, 0 },
		{ "..xx..xxx", "...x.xx", 3, 2, 2 },
		{ "xxxxxxxx", ".x.x.x.x", 4, 4, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gmem_ranges a = { 0 }, b = { 0 };
		struct gmem_pages_difference difference;

		fill(&a, cases[i].a);
		fill(&b, cases[i].b);
		difference = gmem_pages_without(&a, &b);
		ck_assert_uint_eq(difference.bytes, cases[i].bytes);
		ck_assert_uint_eq(difference.ranges, cases[i].ranges);
		ck_assert_uint_eq(difference.first, cases[i].first);
		gmem_ranges_free(&a);
		gmem_ranges_free(&b);
	}
}
END_TEST

UNIT_MAIN("watch", come_and_go, pages_come_and_go, unchanged_memory_is_not_read_again,
	  splits_are_reported, without_reader, each_call_fails_once, callback_ends_the_look,
	  differences)
