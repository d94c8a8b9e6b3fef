// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Page frames: which are RAM, on which node, and the page allocator. The lowest free page frame
 * of a zone is handed out first, so that the same calls give the same page frames every time.
 */
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/sim/internal.h"
#include "kernel/uapi.h"

#define BLOCK_PAGES 512ull
#define WORD_BITS 64ull

struct sim_block {
	struct sim_block *next; /* that was made */
	struct sim_page pages[BLOCK_PAGES];
};

/* Zeroed memory, of which only touched pages cost something: of the model's RAM few are touched. */
static void *map(uint64_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static uint64_t used_words(const struct sim_zone *zone)
{
	return (zone->pages + WORD_BITS - 1) / WORD_BITS;
}

static uint64_t blocks_bytes(const struct gmem_sim *sim)
{
	return (sim->ram.max_pfn / BLOCK_PAGES + 1) * sizeof(struct sim_block *);
}

static bool bit_test(const uint64_t *bits, uint64_t bit)
{
	return bits[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

static struct sim_zone *zone_of(const struct gmem_sim *sim, uint64_t pfn)
{
	for (unsigned int i = 0; i < sim->ram.zone_count; i++) {
		const struct sim_zone *zone = &sim->ram.zones[i];

		if (pfn >= zone->first && pfn - zone->first < zone->pages)
			return (struct sim_zone *)(uintptr_t)zone;
	}
	return NULL;
}

bool sim_pfn_is_ram(const struct gmem_sim *sim, uint64_t pfn)
{
	return zone_of(sim, pfn) != NULL;
}

bool sim_pfn_in_use(const struct gmem_sim *sim, uint64_t pfn)
{
	const struct sim_zone *zone = zone_of(sim, pfn);

	return zone && bit_test(zone->used, pfn - zone->first);
}

unsigned int sim_pfn_node(const struct gmem_sim *sim, uint64_t pfn)
{
	const struct sim_zone *zone = zone_of(sim, pfn);

	return zone ? zone->node : 0;
}

struct sim_page *sim_page_peek(const struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_block *block;

	if (pfn >= sim->ram.max_pfn)
		return NULL;
	block = sim->ram.blocks[pfn / BLOCK_PAGES];
	return block ? &block->pages[pfn % BLOCK_PAGES] : NULL;
}

static struct sim_block *make_block(struct gmem_sim *sim)
{
	struct sim_block *block = calloc(1, sizeof(*block));

	if (!block)
		return NULL;
	block->next = sim->ram.made;
	sim->ram.made = block;
	return block;
}

struct sim_page *sim_page_get(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_block **block;

	if (pfn >= sim->ram.max_pfn)
		return NULL;
	block = &sim->ram.blocks[pfn / BLOCK_PAGES];
	if (!*block)
		*block = make_block(sim);
	return *block ? &(*block)->pages[pfn % BLOCK_PAGES] : NULL;
}

/* Marks page frames that the allocator must never give away. */
static void reserve(struct sim_zone *zone, uint64_t first, uint64_t end)
{
	uint64_t zone_end = zone->first + zone->pages;

	if (first < zone->first)
		first = zone->first;
	if (end > zone_end)
		end = zone_end;
	while (first < end) {
		uint64_t bit = first - zone->first;
		bool whole = bit % WORD_BITS == 0 && end - first >= WORD_BITS;

		zone->used[bit / WORD_BITS] |= whole ? UINT64_MAX : 1ull << bit % WORD_BITS;
		first += whole ? WORD_BITS : 1;
	}
}

static int zone_init(struct gmem_sim *sim, const struct sim_ram_range *range)
{
	struct sim_zone *zone = &sim->ram.zones[sim->ram.zone_count];
	uint64_t words;

	zone->first = range->start >> sim->page_shift;
	zone->pages = (range->end - range->start) >> sim->page_shift;
	zone->node = range->node;
	words = used_words(zone);
	zone->used = map(words * sizeof(*zone->used));
	if (!zone->used)
		return -ENOMEM;
	sim->ram.zone_count++;
	/* The bits past the last page frame are no pages. */
	for (uint64_t bit = zone->pages; bit < words * WORD_BITS; bit++)
		zone->used[bit / WORD_BITS] |= 1ull << bit % WORD_BITS;
	reserve(zone, 0, SIM_MIB >> sim->page_shift); /* never handed out */
	if (zone->first + zone->pages > sim->ram.max_pfn)
		sim->ram.max_pfn = zone->first + zone->pages;
	if (zone->node + 1 > sim->ram.nodes)
		sim->ram.nodes = zone->node + 1;
	return 0;
}

int sim_physmem_init(struct gmem_sim *sim)
{
	const struct sim_model *model = sim->model;
	uint64_t total = 0;
	int err;

	for (unsigned int i = 0; i < SIM_RAM_RANGES && model->ram[i].end; i++) {
		err = zone_init(sim, &model->ram[i]);
		if (err)
			return err;
		total += sim->ram.zones[i].pages;
	}
	sim->ram.blocks = map(blocks_bytes(sim));
	if (!sim->ram.blocks)
		return -ENOMEM;
	/*
	 * Enough for every page in tables of pages and page caches: 8 bytes of table and about 9 of
	 * xarray node a page, and as much again to spare.
	 */
	sim->kmem.first = model->image_physical >> sim->page_shift;
	sim->kmem.pages = total / 64;
	for (unsigned int i = 0; i < sim->ram.zone_count; i++)
		reserve(&sim->ram.zones[i], sim->kmem.first, sim->kmem.first + sim->kmem.pages);
	return 0;
}

void sim_physmem_exit(struct gmem_sim *sim)
{
	struct sim_block *block = sim->ram.made, *next;

	for (unsigned int i = 0; i < sim->ram.zone_count; i++)
		munmap(sim->ram.zones[i].used,
		       used_words(&sim->ram.zones[i]) * sizeof(*sim->ram.zones[i].used));
	for (; block; block = next) {
		next = block->next;
		free(block);
	}
	if (sim->ram.blocks)
		munmap(sim->ram.blocks, blocks_bytes(sim));
}

/* Lowest free page frame of a zone, 0 if it is full. */
static uint64_t zone_take(struct sim_zone *zone)
{
	uint64_t words = used_words(zone);

	for (; zone->hint < words; zone->hint++) {
		uint64_t free_bits = ~zone->used[zone->hint];
		unsigned int bit;

		if (!free_bits)
			continue;
		bit = (unsigned int)__builtin_ctzll(free_bits);
		zone->used[zone->hint] |= 1ull << bit;
		return zone->first + zone->hint * WORD_BITS + bit;
	}
	return 0;
}

/* As the zonelists have it: the node's memory above 4 GiB first, then what is below. */
static uint64_t node_take(struct gmem_sim *sim, unsigned int node)
{
	const uint64_t normal = 4 * SIM_GIB >> sim->page_shift;

	for (int above = 1; above >= 0; above--) {
		for (unsigned int i = 0; i < sim->ram.zone_count; i++) {
			struct sim_zone *zone = &sim->ram.zones[i];
			uint64_t pfn = 0;

			if (zone->node == node && (zone->first >= normal) == above)
				pfn = zone_take(zone);
			if (pfn)
				return pfn;
		}
	}
	return 0;
}

uint64_t sim_node_free(const struct gmem_sim *sim, unsigned int node, uint64_t *total)
{
	uint64_t free_pages = 0;

	*total = 0;
	for (unsigned int i = 0; i < sim->ram.zone_count; i++) {
		const struct sim_zone *zone = &sim->ram.zones[i];

		if (zone->node != node)
			continue;
		*total += zone->pages;
		/* Words below the hint are full. */
		for (uint64_t word = zone->hint; word < used_words(zone); word++)
			free_pages += (unsigned int)__builtin_popcountll(~zone->used[word]);
	}
	return free_pages;
}

/* The node to try first, as the kernel's policy_nodemask() picks it. */
static unsigned int first_node(struct gmem_sim *sim, const struct sim_policy *policy)
{
	unsigned int node = 0;

	/* Weights are 1 unless somebody sets them, and that is interleaving. */
	if (policy->mode == MPOL_INTERLEAVE || policy->mode == GMEM_MPOL_WEIGHTED_INTERLEAVE) {
		/* The counter is the allocating task's, not the file's. */
		do
			node = sim->ram.interleave++ % sim->ram.nodes;
		while (!(policy->nodes >> node & 1));
		return node;
	}
	while (policy->mode != MPOL_DEFAULT && policy->mode != MPOL_LOCAL && policy->nodes &&
	       !(policy->nodes >> node & 1))
		node++;
	return node;
}

static bool may_take(const struct sim_policy *policy, unsigned int node)
{
	if (policy->mode != MPOL_BIND)
		return true;
	return policy->nodes >> node & 1;
}

int sim_page_alloc(struct gmem_sim *sim, const struct sim_policy *policy, uint64_t *pfn)
{
	static const struct sim_policy local = { .mode = MPOL_DEFAULT };
	unsigned int first;

	if (sim->ram.fail_after && --sim->ram.fail_after == 0)
		return -ENOMEM;
	if (!policy)
		policy = &local;
	first = first_node(sim, policy);
	for (unsigned int i = 0; i < sim->ram.nodes; i++) {
		unsigned int node = (first + i) % sim->ram.nodes;

		*pfn = may_take(policy, node) ? node_take(sim, node) : 0;
		if (!*pfn)
			continue;
		if (!sim_page_get(sim, *pfn)) {
			sim_page_free(sim, *pfn);
			return -ENOMEM;
		}
		*sim_page_get(sim, *pfn) = (struct sim_page){ .refs = 1 };
		sim->ram.in_use++;
		return 0;
	}
	return -ENOMEM;
}

void sim_page_free(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_zone *zone = zone_of(sim, pfn);
	struct sim_page *page = sim_page_peek(sim, pfn);
	uint64_t bit = pfn - zone->first;

	zone->used[bit / WORD_BITS] &= ~(1ull << bit % WORD_BITS);
	if (zone->hint > bit / WORD_BITS)
		zone->hint = bit / WORD_BITS;
	if (!page)
		return;
	sim->ram.in_use--;
	*page = (struct sim_page){ 0 };
}

int sim_poison(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_page *page = sim_page_peek(sim, pfn);

	if (!page || !page->mapping)
		return -EINVAL;
	/* kvm_gmem_error_folio(): the guest loses the page, the file keeps it. */
	if (!(page->flags & SIM_PAGE_HWPOISON))
		sim->poisoned++;
	page->flags |= SIM_PAGE_HWPOISON;
	page->flags &= ~(uint32_t)(SIM_PAGE_GUEST | SIM_PAGE_GUEST_PRIVATE);
	return 0;
}
