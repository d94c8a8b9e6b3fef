// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-synthetic directmap|memory GIB [RUN]: walks a direct map of that size in 4K pages, or a
 * guest_memfd of that size with every page resident, in stretches of RUN page frames (default all).
 * The program makes up tables and nodes when they are read, in front of a simulated kernel. So a
 * terabyte of memory can be measured without having it. Prints GiB, pages, runs, milliseconds of
 * CPU time and the peak in KiB.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "kmem/direct_map.h"
#include "kmem/struct_layout.h"
#include "kmem/pagetable.h"
#include "kmem/reader.h"
#include "pages/target.h"

#define PAGE_BYTES 4096ull
#define ENTRIES 512ull

static const struct gmem_kernel_ops *real;
static struct gmem_kernel_ops ops;
static uint64_t pages, runs, seen;

/* ---- page tables: the frame number of a table says its depth and its index at that depth ---- */

#define BASE 0xffff888000000000ull /* start of the direct map, without KASLR */
#define BASE_SLOT 273		   /* entry of the page directory for BASE */
#define TABLE (1ull << 50)
#define TABLE_DEPTH 46
#define LEAF_FLAGS 0x8000000000000163ull
#define TABLE_FLAGS 0x63ull

static void make_table(uint64_t frame, uint64_t *entries)
{
	unsigned int depth = frame >> TABLE_DEPTH & 3;
	uint64_t first = (frame & ((1ull << TABLE_DEPTH) - 1)) / PAGE_BYTES * ENTRIES;
	uint64_t below = TABLE | (depth + 1ull) << TABLE_DEPTH;

	if (depth == 3) {
		for (uint64_t i = 0; i < ENTRIES; i++)
			entries[i] = (first + i) * PAGE_BYTES | LEAF_FLAGS;
		return;
	}
	memset(entries, 0, ENTRIES * sizeof(*entries));
	for (uint64_t i = 0; i < ENTRIES; i++) {
		uint64_t index = depth ? first + i : i - BASE_SLOT;

		if (index < (pages + (ENTRIES << 9 * (2 - depth)) - 1) >> 9 * (3 - depth))
			entries[i] = below | index * PAGE_BYTES | TABLE_FLAGS;
	}
}

static int read_tables(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	(void)kernel;
	for (size_t i = 0; i < n; i++) {
		uint64_t entries[ENTRIES];
		uint64_t offset = requests[i].address % PAGE_BYTES;

		requests[i].result = 0;
		if (requests[i].length == PAGE_BYTES && !offset) {
			make_table(requests[i].address - BASE, requests[i].buffer);
			continue;
		}
		make_table(requests[i].address - BASE - offset, entries);
		memcpy(requests[i].buffer, (char *)entries + offset, requests[i].length);
	}
	return 0;
}

static int count_run(const struct gmem_directmap_run *run, void *arg)
{
	(void)arg;
	runs++;
	if (run->direct_map == GMEM_DIRECT_MAP_MAPPED && run->level == GMEM_LEVEL_PTE)
		seen += run->pages;
	return 0;
}

static void walk_directmap(struct gmem_ctx *ctx)
{
	const struct gmem_image image = {
		.page_offset_base = BASE,
		.region_end = BASE + (1ull << 46),
		.region_start = BASE,
		.root = BASE + TABLE,
		.tables = {
			.codec = &gmem_codec_x86,
			.page_shift = 12,
			.levels = 4,
			.bits = 48,
			.frame_mask = 0x000ffffffffff000ull,
		},
	};

	ops.read_kmem = read_tables;
	if (gmem_pagetable_walk(ctx, &image, 0, pages, count_run, NULL))
		errx(1, "the walk failed");
}

/* ---- a page cache: the nodes of a level are side by side, each like its neighbour ---- */

#define NODES 0xffffc90000000000ull
#define NODES_LEVEL 40
#define MAPPING 0xffffd00000000000ull
#define FIRST_PFN 0x100000ull
#define SLOTS 64u

static const struct gmem_layout *layout;
static const struct gmem_image *model_image;
static uint64_t stretch;
static unsigned int top; /* level of the root, 0 if it is a leaf */

static uint64_t node_address(unsigned int level, uint64_t index)
{
	return NODES + ((uint64_t)level << NODES_LEVEL) + index * layout->node_size;
}

/* Every two neighbouring stretches change places. */
static uint64_t pfn_at(uint64_t index)
{
	return FIRST_PFN + (stretch < pages ? index ^ stretch : index);
}

static void put(unsigned char *object, enum gmem_field field, uint64_t value, size_t bytes)
{
	memcpy(object + layout->offset[field], &value, bytes);
}

static void make_node(unsigned int level, uint64_t index, unsigned char *object)
{
	uint64_t slots[SLOTS], first = index * SLOTS, size = model_image->struct_page_size;
	uint64_t below = (pages + (1ull << 6 * level) - 1) >> 6 * level; /* that exist */

	memset(object, 0, layout->node_size);
	if (level) {
		for (unsigned int i = 0; i < SLOTS; i++)
			slots[i] = first + i < below ? node_address(level - 1, first + i) | 2 : 0;
	} else if (stretch >= SLOTS) {
		uint64_t pointer = model_image->vmemmap + pfn_at(first) * size;

		for (unsigned int i = 0; i < SLOTS; i++)
			slots[i] = pointer + i * size;
	} else {
		for (unsigned int i = 0; i < SLOTS; i++)
			slots[i] = model_image->vmemmap + pfn_at(first + i) * size;
	}
	memcpy(object + layout->offset[GMEM_NODE_SLOTS], slots, sizeof(slots));
	put(object, GMEM_NODE_SHIFT, 6 * level, 1);
	put(object, GMEM_NODE_OFFSET, index % SLOTS, 1);
	put(object, GMEM_NODE_PARENT, level == top ? 0 : node_address(level + 1, index / SLOTS), 8);
	put(object, GMEM_NODE_ARRAY, MAPPING + layout->offset[GMEM_MAPPING_PAGES], 8);
}

/* One request may read several nodes, from the middle of one to the middle of another. */
static void read_nodes(struct gmem_kmem_request *request)
{
	uint64_t offset = request->address - NODES;
	unsigned int level = (unsigned int)(offset >> NODES_LEVEL);
	unsigned char object[4096], *to = request->buffer;
	uint32_t left = request->length, size = (uint32_t)layout->node_size;

	offset &= (1ull << NODES_LEVEL) - 1;
	while (left) {
		uint64_t index = offset / size;
		uint32_t skip = (uint32_t)(offset % size);
		uint32_t piece = size - skip < left ? size - skip : left;

		if (piece == size) {
			make_node(level, index, to);
		} else {
			make_node(level, index, object);
			memcpy(to, object + skip, piece);
		}
		to += piece;
		offset += piece;
		left -= piece;
	}
}

static bool read_folio(struct gmem_kmem_request *request)
{
	uint64_t offset = request->address - model_image->vmemmap;
	uint64_t pfn = offset / model_image->struct_page_size;
	unsigned char object[4096] = { 0 };

	if (request->address < model_image->vmemmap || pfn < FIRST_PFN || pfn - FIRST_PFN >= pages)
		return false;
	put(object, GMEM_FOLIO_MAPPING, MAPPING, 8);
	put(object, GMEM_FOLIO_INDEX,
	    stretch < pages ? (pfn - FIRST_PFN) ^ stretch : pfn - FIRST_PFN, 8);
	memcpy(request->buffer, object + offset % model_image->struct_page_size, request->length);
	return true;
}

static int read_cache(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	const uint64_t head =
		MAPPING + layout->offset[GMEM_MAPPING_PAGES] + layout->offset[GMEM_XARRAY_HEAD];
	uint64_t root = node_address(top, 0) | 2;

	for (size_t i = 0; i < n; i++) {
		struct gmem_kmem_request *request = &requests[i];
		int ret;

		request->result = 0;
		if (request->address == head) {
			memcpy(request->buffer, &root, sizeof(root));
		} else if (request->address >= NODES && request->address < MAPPING) {
			read_nodes(request);
		} else if (!read_folio(request)) {
			ret = real->read_kmem(kernel, request, 1);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int count_extent(const struct gmem_extent *extent, void *arg)
{
	(void)arg;
	runs++;
	if (extent->has_pfn && extent->pfn == pfn_at(extent->offset / PAGE_BYTES))
		seen += extent->pages;
	return 0;
}

static void walk_memory(struct gmem_ctx *ctx, struct gmem_target *target)
{
	for (top = 0; pages > 1ull << 6 * (top + 1);)
		top++;
	target->size = pages * PAGE_BYTES;
	target->cache.mapping = MAPPING;
	target->has_cache = true;
	ops.read_kmem = read_cache;
	if (gmem_target_extents(target, 0, 0, 0, count_extent, ctx))
		errx(1, "the walk failed");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* other processes may share the CPUs */
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Opens a small guest_memfd of the model, which stands for the large one. */
static struct gmem_target *open_target(struct gmem_ctx *ctx)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = PAGE_BYTES,
	};
	struct gmem_target *target;
	struct gmem_memory *memory;
	struct gmem_vm *vm;

	if (gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm) || gmem_memory_new(vm, &options, &memory) ||
	    gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target) ||
	    gmem_target_cache(target) || gmem_layout_get(ctx, &layout) ||
	    gmem_reader_image(ctx, &model_image))
		errx(1, "the model failed");
	return target;
}

int main(int argc, char **argv)
{
	struct gmem_target *target;
	struct rusage usage;
	struct gmem_ctx *ctx;
	double start;

	if (argc < 3)
		errx(2, "usage: bench-synthetic directmap|memory GIB [RUN]");
	pages = strtoull(argv[2], NULL, 0) << 18;
	stretch = argc > 3 ? strtoull(argv[3], NULL, 0) : pages;
	if (gmem_ctx_new_simulated("plain", &ctx))
		errx(2, "out of memory");
	target = open_target(ctx);
	real = ctx->kernel->ops;
	ops = *real;
	ctx->kernel->ops = &ops;
	start = now();
	if (!strcmp(argv[1], "directmap"))
		walk_directmap(ctx);
	else
		walk_memory(ctx, target);
	start = now() - start;
	if (seen != pages)
		errx(1, "%llu of %llu pages were seen", (unsigned long long)seen,
		     (unsigned long long)pages);
	getrusage(RUSAGE_SELF, &usage);
	printf("%llu %llu %llu %.1f %ld\n", (unsigned long long)(pages >> 18),
	       (unsigned long long)pages, (unsigned long long)runs, start, usage.ru_maxrss);
	return 0;
}
