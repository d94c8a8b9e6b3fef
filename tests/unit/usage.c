// SPDX-License-Identifier: GPL-2.0-or-later
/* Sums of several guest_memfds in one look. They must be those that a look at each gives. */
#include "unit.h"

#include <gmem/owners.h>

#include "kmem/reader.h"
#include "memory.h"
#include "pages/target.h"

#define PAGE ((uint64_t)GMEM_PAGE_SIZE)
#define MEMORIES 7
#define STATES 3

/* Pages of each: leaves that are full, others that are not, and one file without pages. */
static const uint64_t sizes[MEMORIES] = { 1000, 64, 3, 4097, 640, 200, 128 };
#define EMPTY 5

static struct gmem_memory *memories[MEMORIES];
static struct gmem_target *targets[MEMORIES];

/* Bytes in each state, and on each of the first nodes. */
struct sums {
	uint64_t states[STATES];
	uint64_t nodes[8];
	uint64_t unseen;
};

static uint64_t pfn_at(size_t i, uint64_t page)
{
	return (uint64_t)gmem_sim_file_pfn(port_sim(ctx), gmem_memory_fd(memories[i]), page);
}

/* Allocates by turns, so that no file's pages follow each other. Some leave the direct map. */
static void allocate(void)
{
	for (uint64_t page = 0; page < 4097; page++)
		for (size_t i = 0; i < MEMORIES; i++)
			if (i != EMPTY && page < sizes[i])
				ck_assert_int_eq(
					gmem_memory_allocate(memories[i], page * PAGE, PAGE), 0);
	for (size_t i = 0; i < MEMORIES; i++)
		for (uint64_t page = i; i != EMPTY && page < sizes[i]; page += 5 + 3 * i)
			ck_assert_int_eq(
				gmem_sim_set_direct_map(port_sim(ctx), pfn_at(i, page), false), 0);
}

static void setup(void)
{
	memory_setup("plain", GMEM_VM_DEFAULT, 0, PAGE);
	for (size_t i = 0; i < MEMORIES; i++) {
		const struct gmem_memory_options options = {
			.size = sizeof(options),
			.memory_size = sizes[i] * PAGE,
		};

		ck_assert_int_eq(gmem_memory_new(vm, &options, &memories[i]), 0);
		ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memories[i]), &targets[i]),
				 0);
	}
	allocate();
}

static void teardown(void)
{
	for (size_t i = 0; i < MEMORIES; i++) {
		gmem_target_free(targets[i]);
		gmem_memory_free(memories[i]);
	}
	memory_teardown();
}

static struct sums sums_of(struct gmem_usage *usage)
{
	struct sums sums = { .unseen = gmem_usage_unseen(usage, NULL) };
	uint64_t bytes;
	int node;

	for (int i = 0; i < STATES; i++)
		sums.states[i] = gmem_usage_direct_map(usage, (enum gmem_direct_map)i);
	for (size_t i = 0; !gmem_usage_node(usage, i, &node, &bytes); i++) {
		ck_assert_int_ge(node, 0);
		ck_assert_int_lt(node, 8);
		sums.nodes[node] = bytes;
	}
	gmem_usage_free(usage);
	return sums;
}

static struct sums alone(size_t i)
{
	struct gmem_usage *usage;

	ck_assert_int_eq(gmem_usage_new(targets[i], NULL, &usage), 0);
	return sums_of(usage);
}

/* Looks at all of them. without: the one that has no sums; MEMORIES: all have. */
static void compare(size_t without)
{
	struct gmem_usage *usages[MEMORIES];

	ck_assert_int_eq(gmem_usage_new_all(targets, MEMORIES, NULL, usages), 0);
	for (size_t i = 0; i < MEMORIES; i++) {
		struct sums expected, sums;

		ck_assert_int_eq(!usages[i], i == without);
		if (!usages[i])
			continue;
		expected = alone(i);
		sums = sums_of(usages[i]);
		ck_assert_mem_eq(&sums, &expected, sizeof(sums));
	}
}

START_TEST(equal_to_each_alone)
{
	struct sums sums;

	setup();
	sums = alone(3);
	ck_assert_uint_eq(sums.states[GMEM_DIRECT_MAP_MAPPED] +
				  sums.states[GMEM_DIRECT_MAP_UNMAPPED],
			  4097 * PAGE);
	ck_assert_uint_gt(sums.states[GMEM_DIRECT_MAP_UNMAPPED], 0);
	compare(MEMORIES);
	teardown();
}
END_TEST

/* ---- one that fails ---- */

static uint64_t refused_from, refused_to; /* kernel addresses that cannot be read */

static int refuse_reads(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = port.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++)
		if (requests[i].address >= refused_from && requests[i].address < refused_to)
			requests[i].result = -EFAULT;
	return ret;
}

/* The page cache of one cannot be read: the others have their sums, and that one says why. */
START_TEST(one_fails)
{
	for (size_t i = 0; i < MEMORIES; i++) {
		struct gmem_usage *usage = NULL;

		setup();
		ck_assert_int_eq(gmem_target_cache(targets[i]), 0);
		refused_from = targets[i]->cache.mapping;
		refused_to = refused_from + 256;
		port_pretend(ctx)->read_kmem = refuse_reads;
		compare(i);
		ck_assert_int_eq(gmem_usage_new(targets[i], NULL, &usage), -EFAULT);
		port_said(ctx, "an xarray of the kernel cannot be read");
		ck_assert_ptr_null(usage);
		teardown();
	}
}
END_TEST

/* The direct map cannot be read: none has sums. */
START_TEST(direct_map_fails)
{
	struct gmem_usage *usages[MEMORIES], *usage;
	const struct gmem_image *image;

	setup();
	ck_assert_int_eq(gmem_reader_image(ctx, &image), 0);
	refused_from = image->root;
	refused_to = refused_from + PAGE;
	port_pretend(ctx)->read_kmem = refuse_reads;
	ck_assert_int_eq(gmem_usage_new_all(targets, MEMORIES, NULL, usages), 0);
	for (size_t i = 0; i < MEMORIES; i++) {
		if (i == EMPTY)
			ck_assert_uint_eq(sums_of(usages[i]).unseen, 0);
		else
			ck_assert_ptr_null(usages[i]);
	}
	ck_assert_int_eq(gmem_usage_new(targets[0], NULL, &usage), -EFAULT);
	port_said(ctx, "the kernel's page directory cannot be read");
	teardown();
}
END_TEST

START_TEST(reader_is_forbidden)
{
	struct gmem_usage *usages[MEMORIES];

	setup();
	gmem_reader_forbid(ctx, true);
	ck_assert_int_eq(gmem_usage_new_all(targets, MEMORIES, NULL, usages), 0);
	for (size_t i = 0; i < MEMORIES; i++)
		ck_assert_ptr_null(usages[i]);
	teardown();
}
END_TEST

/* ---- arguments, and what is asked of it ---- */

static int read_on(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	return port.real->read_kmem(kernel, requests, n);
}

START_TEST(arguments)
{
	struct gmem_usage *usages[MEMORIES] = { NULL };
	struct gmem_usage_options options = { .size = sizeof(options) + 8 };
	volatile int cancel = 1;
	struct gmem_target other;

	setup();
	ck_assert_int_eq(gmem_usage_new_all(targets, 0, NULL, usages), 0);
	ck_assert_int_eq(gmem_usage_new_all(targets, 65537, NULL, usages), -EINVAL);
	port_said(ctx, "up to 65536 guest_memfds");
	options.size = 1;
	ck_assert_int_eq(gmem_usage_new_all(targets, MEMORIES, &options, usages), -EINVAL);
	options = (struct gmem_usage_options){ .size = sizeof(options), .cancel = &cancel };
	port_pretend(ctx)->read_kmem = read_on;
	ck_assert_int_eq(gmem_usage_new_all(targets, MEMORIES, &options, usages), -ECANCELED);
	for (size_t i = 0; i < MEMORIES; i++)
		ck_assert_ptr_null(usages[i]);
	other = *targets[1];
	other.ctx = port_ctx("plain");
	ck_assert_int_eq(
		gmem_usage_new_all((struct gmem_target *[]){ targets[0], &other }, 2, NULL, usages),
		-EINVAL);
	port_said(ctx, "of one context");
	port_ctx_free(other.ctx, 0, 0);
	teardown();
}
END_TEST

static uint64_t told[MEMORIES];

static void tell(uint64_t offset, uint64_t memory_size, void *arg)
{
	size_t i = (size_t)((uint64_t *)arg - told);

	ck_assert_uint_eq(memory_size, sizes[i] * PAGE);
	ck_assert_uint_le(offset, memory_size);
	told[i]++;
}

/* Progress is told of one file at a time: the one that was handed out last. */
START_TEST(progress)
{
	setup();
	for (size_t i = 0; i < MEMORIES; i++)
		gmem_target_set_progress(targets[i], tell, &told[i]);
	compare(MEMORIES); /* with a look at each alone, which tells once */
	for (size_t i = 0; i < MEMORIES; i++)
		ck_assert_uint_eq(told[i], i == EMPTY ? 0 : i == MEMORIES - 1 ? 2 : 1);
	teardown();
}
END_TEST

UNIT_MAIN("usage", equal_to_each_alone, one_fails, direct_map_fails, reader_is_forbidden, arguments,
	  progress)
