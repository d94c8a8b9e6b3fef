// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kernel memory as the readers give it: through the model's page tables, so a page that left the
 * direct map cannot be read. The array of struct page has no frames of its own here; it is made
 * from the page records when it is read.
 */
#include <string.h>

#include "kernel/sim/internal.h"

#define STRUCT_PAGE_SIZE 64u
#define SECTION_SHIFT 27u
#define NODE_SHIFT 58u /* of the node in page->flags */
#define ZONE_SHIFT 56u
#define PAGE_SLOTS 8u

/* page->flags of what the model keeps. */
static const struct {
	uint32_t flag;
	unsigned int bit;
} page_bits[] = {
	{ SIM_PAGE_UPTODATE, 3 },     { SIM_PAGE_DIRTY, 4 },	 { SIM_PAGE_LRU, 5 },
	{ SIM_PAGE_UNEVICTABLE, 18 }, { SIM_PAGE_HWPOISON, 21 },
};

static uint64_t page_flags(const struct gmem_sim *sim, uint64_t pfn, const struct sim_page *page)
{
	uint64_t at = pfn << sim->page_shift;
	uint64_t zone = at >= 4 * SIM_GIB ? 2 : at >= 16 * SIM_MIB && !sim->model->arm64 ? 1 : 0;
	uint64_t flags = (uint64_t)sim_pfn_node(sim, pfn) << NODE_SHIFT | zone << ZONE_SHIFT;

	for (unsigned int i = 0; page && i < sizeof(page_bits) / sizeof(*page_bits); i++)
		if (page->flags & page_bits[i].flag)
			flags |= 1ull << page_bits[i].bit;
	return flags;
}

/* struct page of a page frame; layout.c has the same offsets. */
static void make_struct_page(const struct gmem_sim *sim, uint64_t pfn, uint64_t *words)
{
	const struct sim_page *page = sim_page_peek(sim, pfn);
	bool mapped = page && page->flags & SIM_PAGE_USER_MAPPED;

	memset(words, 0, STRUCT_PAGE_SIZE);
	words[0] = page_flags(sim, pfn, page);
	words[3] = page ? page->mapping : 0;
	words[4] = page ? page->index : 0;
	words[5] = page && page->flags & SIM_PAGE_NO_DIRECT_MAP ? 1 : 0;
	words[6] = (uint32_t)(mapped ? 0 : -1) | (uint64_t)(page ? page->refs : 0) << 32;
}

/* The array is populated for whole sections that hold RAM. */
static bool has_struct_page(const struct gmem_sim *sim, uint64_t pfn)
{
	uint64_t section = pfn << sim->page_shift >> SECTION_SHIFT;

	for (unsigned int i = 0; i < sim->ram.zone_count; i++) {
		const struct sim_zone *zone = &sim->ram.zones[i];
		uint64_t first = zone->first << sim->page_shift >> SECTION_SHIFT;
		uint64_t last = (zone->first + zone->pages - 1) << sim->page_shift >> SECTION_SHIFT;

		if (section >= first && section <= last)
			return true;
	}
	return false;
}

static int read_struct_pages(const struct gmem_sim *sim, uint64_t offset, uint8_t *to,
			     size_t length)
{
	while (length) {
		uint64_t pfn = offset / STRUCT_PAGE_SIZE;
		size_t skip = offset % STRUCT_PAGE_SIZE;
		size_t chunk = STRUCT_PAGE_SIZE - skip;
		uint64_t words[PAGE_SLOTS];

		if (!has_struct_page(sim, pfn))
			return -EFAULT;
		if (chunk > length)
			chunk = length;
		make_struct_page(sim, pfn, words);
		memcpy(to, (uint8_t *)words + skip, chunk);
		to += chunk;
		offset += chunk;
		length -= chunk;
	}
	return 0;
}

/* Bytes of one page. */
static int read_page(struct gmem_sim *sim, uint64_t address, uint8_t *to, size_t length)
{
	struct sim_walk walk;
	void *content;

	sim_walk(sim, address, &walk);
	if (!walk.present) {
		uint64_t physical = address - sim->model->page_offset_base;

		/* /proc/kcore gives zeros, and success, for RAM that it cannot read. */
		if (sim->reader != GMEM_READER_KCORE ||
		    !sim_pfn_is_ram(sim, physical >> sim->page_shift))
			return -EFAULT;
		memset(to, 0, length);
		return 0;
	}
	content = sim_physical(sim, walk.physical);
	/* What user pages hold is not kept. */
	if (content)
		memcpy(to, content, length);
	else
		memset(to, 0, length);
	return 0;
}

static int read_range(struct gmem_sim *sim, uint64_t address, uint8_t *to, size_t length)
{
	uint64_t offset = address - sim->model->vmemmap_base;

	if (offset < sim->ram.max_pfn * STRUCT_PAGE_SIZE)
		return read_struct_pages(sim, offset, to, length);
	while (length) {
		size_t chunk = sim->page_size - (address & sim->page_mask);
		int err;

		if (chunk > length)
			chunk = length;
		err = read_page(sim, address, to, chunk);
		if (err)
			return err;
		address += chunk;
		to += chunk;
		length -= chunk;
	}
	return 0;
}

int sim_read_kmem(struct gmem_sim *sim, struct gmem_kmem_request *requests, size_t n)
{
	if (sim->reader == GMEM_READER_NONE)
		return -ENODEV;
	for (size_t i = 0; i < n; i++) {
		struct gmem_kmem_request *request = &requests[i];

		if (request->length > GMEM_KMEM_REQUEST_MAX)
			return -EINVAL;
		request->result =
			read_range(sim, request->address, request->buffer, request->length);
	}
	return 0;
}
