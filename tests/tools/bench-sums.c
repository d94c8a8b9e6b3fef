// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-sums [MEMORIES [SIZE_MIB]]: measures how long list and metrics take to sum up guest_memfds
 * in which every page is alone, several together, and how long a look at each alone takes, as of
 * top and watch. Compares that with reading the nodes of their page caches once, in turn, in one
 * run. Prints the median of the rounds, in ns of CPU time for each page.
 */
#include <time.h>

#include "kmem/kmem.h"
#include "kmem/reader.h"
#include "kmem/struct_layout.h"
#include "target.h"
#include "timing.h"

#include <gmem/owners.h>

#define ROUNDS 7
#define SLOTS 64
#define NODE_MAX 1024
#define TOGETHER 32
#define PAGES (1u << 18) /* of guest_memfds that are looked at together, or more with the last */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Touches the pages in an order that is the same each time. */
static void touch(struct test_target *target)
{
	uint64_t *order = calloc(target->pages, sizeof(*order)), random = 1;

	if (!order)
		errx(2, "out of memory");
	for (uint64_t i = 0; i < target->pages; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		uint64_t at = (random >> 33) % (i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	for (uint64_t i = 0; i < target->pages; i++)
		((volatile unsigned char *)target->mapping)[order[i] * PAGE] = 1;
	free(order);
}

/* Reads all nodes below this one: the nodes in its slots in one batch. Returns how many it read. */
static uint64_t read_nodes(struct gmem_ctx *ctx, const struct gmem_layout *layout,
			   const unsigned char *node, void *room)
{
	unsigned int shift = (unsigned int)gmem_layout_read(layout, node, GMEM_NODE_SHIFT, 1);
	const unsigned char *slots = node + layout->offset[GMEM_NODE_SLOTS];
	struct gmem_gather children[SLOTS];
	struct gmem_kmem_request again = { .buffer = room, .length = 8 };
	unsigned char copies[SLOTS][NODE_MAX];
	unsigned int n = 0;
	uint64_t sum = 1;

	if (!shift)
		return sum;
	for (unsigned int i = 0; i < SLOTS; i++) {
		uint64_t entry;

		memcpy(&entry, slots + i * 8ul, 8);
		if ((entry & 3) == 2 && entry > 4096)
			children[n++].address = entry - 2;
	}
	if (!n)
		return sum;
	again.address = children[0].address;
	if (gmem_gather(ctx, children, n, (uint32_t)layout->node_size, room, &again))
		test_fail(ctx, "nodes");
	if (shift == layout->node_bits)
		return sum + n;
	for (unsigned int i = 0; i < n; i++)
		if (children[i].object)
			memcpy(copies[i], children[i].object, layout->node_size);
	for (unsigned int i = 0; i < n; i++)
		sum += read_nodes(ctx, layout, copies[i], room);
	return sum;
}

static uint64_t read_tree(struct test_target *target, void *room)
{
	const struct gmem_layout *layout;
	unsigned char node[NODE_MAX];
	uint64_t head;

	if (gmem_target_cache(target->target) || gmem_layout_get(target->ctx, &layout) ||
	    gmem_kmem_read_pointer(target->ctx,
				   target->target->cache.mapping +
					   layout->offset[GMEM_MAPPING_PAGES] +
					   layout->offset[GMEM_XARRAY_HEAD],
				   &head) ||
	    layout->node_size > NODE_MAX ||
	    gmem_kmem_read(target->ctx, head - 2, node, layout->node_size))
		test_fail(target->ctx, "the tree");
	return read_nodes(target->ctx, layout, node, room);
}

static void check_sums(const struct test_target *target, struct gmem_usage *usage)
{
	uint64_t bytes = gmem_usage_direct_map(usage, GMEM_DIRECT_MAP_MAPPED);
	int node;

	if (bytes != target->pages * PAGE || gmem_usage_node(usage, 0, &node, &bytes))
		errx(1, "%llu bytes were found", (unsigned long long)bytes);
	gmem_usage_free(usage);
}

static void sum_up_each(const struct test_target *targets, size_t n)
{
	struct gmem_usage *usage;

	for (size_t i = 0; i < n; i++) {
		if (gmem_usage_new(targets[i].target, NULL, &usage))
			test_fail(targets[i].ctx, "gmem_usage_new");
		check_sums(&targets[i], usage);
	}
}

/* As list and metrics do it: a gibibyte at a time. */
static void sum_up_together(const struct test_target *targets, size_t n)
{
	struct gmem_target *together[TOGETHER];
	struct gmem_usage *usages[TOGETHER];

	for (size_t i = 0, count; i < n; i += count) {
		count = 0;
		do
			together[count] = targets[i + count].target;
		while (++count < TOGETHER && i + count < n && count * targets[i].pages < PAGES);
		if (gmem_usage_new_all(together, count, NULL, usages))
			test_fail(targets[i].ctx, "gmem_usage_new_all");
		for (size_t k = 0; k < count; k++)
			check_sums(&targets[i + k], usages[k]);
	}
}

static void print_sums(const char *what, double ns, double once)
{
	printf("  %-20s %6.2f ns a page, %.1f times that\n", what, ns, ns / once);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
	uint64_t pages = (argc > 2 ? strtoull(argv[2], NULL, 10) : 128) << 8, nodes = 0;
	struct test_target *targets = calloc(n, sizeof(*targets));
	double reading[ROUNDS], each[ROUNDS], together[ROUNDS];
	struct gmem_ctx *ctx;
	bool of_reader;
	void *room;

	if (!targets || gmem_ctx_new(&ctx))
		errx(2, "out of memory");
	for (size_t i = 0; i < n; i++) {
		targets[i].ctx = ctx;
		targets[i].pages = pages;
		test_target_new(&targets[i], false);
		touch(&targets[i]);
	}
	sum_up_each(targets, 1);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now();

		room = gmem_kmem_room_new(ctx, GMEM_GATHER_ROOM(NODE_MAX), &of_reader);
		if (!room)
			errx(2, "out of memory");
		nodes = 0;
		for (size_t i = 0; i < n; i++)
			nodes += read_tree(&targets[i], room);
		gmem_kmem_room_free(ctx, room, of_reader);
		reading[round] = now() - start;
		start = now();
		sum_up_each(targets, n);
		each[round] = now() - start;
		start = now();
		sum_up_together(targets, n);
		together[round] = now() - start;
	}
	double once = median(reading, ROUNDS) / (double)(n * pages);

	printf("  reading %llu nodes   %6.2f ns a page\n", (unsigned long long)nodes, once);
	print_sums("the sums together", median(together, ROUNDS) / (double)(n * pages), once);
	print_sums("of each alone", median(each, ROUNDS) / (double)(n * pages), once);
	return 0;
}
