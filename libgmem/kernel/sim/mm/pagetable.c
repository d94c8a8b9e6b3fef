// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's page tables: the direct map in leaves as large as alignment allows, split down
 * when a page leaves it (arch/x86/mm/pat/set_memory.c), and the mapping of the kernel image.
 */
#include "kernel/sim/internal.h"

#define ENTRIES 512u
#define TABLE (SIM_PTE_PRESENT | SIM_PTE_RW | SIM_PTE_ACCESSED | SIM_PTE_DIRTY)
#define LEAF (TABLE | SIM_PTE_GLOBAL | SIM_PTE_NX)
#define IMAGE_LEAF (SIM_PTE_PRESENT | SIM_PTE_ACCESSED | SIM_PTE_GLOBAL)
#define IMAGE_SIZE (16 * SIM_MIB)

/* Depth 1 is a PTE, 2 a PMD, 3 a PUD, 4 a P4D or PGD, 5 a PGD. */
static unsigned int shift_of(unsigned int depth)
{
	return SIM_PAGE_SHIFT + 9 * (depth - 1);
}

static unsigned int top_depth(const struct gmem_sim *sim)
{
	return sim->model->cpu->five_level ? 5 : 4;
}

static uint64_t frame_mask(const struct gmem_sim *sim)
{
	return SIM_PTE_FRAME & ~sim->model->cpu->sme_mask;
}

static uint64_t *entry_at(struct gmem_sim *sim, uint64_t table, uint64_t address,
			  unsigned int depth)
{
	uint64_t *entries = sim_physical(sim, table & frame_mask(sim));

	return &entries[address >> shift_of(depth) & (ENTRIES - 1)];
}

static bool is_leaf(uint64_t entry, unsigned int depth)
{
	return depth == 1 || ((depth == 2 || depth == 3) && entry & SIM_PTE_PSE);
}

static enum sim_level level_of(unsigned int depth)
{
	return depth <= 3 ? (enum sim_level)depth : SIM_LEVEL_NONE;
}

static bool is_canonical(const struct gmem_sim *sim, uint64_t address)
{
	unsigned int unused = 64 - shift_of(top_depth(sim) + 1);

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

void sim_walk(struct gmem_sim *sim, uint64_t address, struct sim_walk *walk)
{
	uint64_t table = sim->tables.root;

	*walk = (struct sim_walk){ .writable = true };
	if (!is_canonical(sim, address))
		return;
	for (unsigned int depth = top_depth(sim); depth; depth--) {
		walk->entry = entry_at(sim, table, address, depth);
		walk->value = *walk->entry;
		walk->level = level_of(depth);
		walk->writable = walk->writable && walk->value & SIM_PTE_RW;
		/* Only bit 0 counts: PROT_NONE is nothing to the CPU. */
		if (!(walk->value & SIM_PTE_PRESENT))
			return;
		table = walk->value;
		if (is_leaf(walk->value, depth)) {
			uint64_t inside = (1ull << shift_of(depth)) - 1;

			walk->present = true;
			walk->physical =
				(walk->value & frame_mask(sim) & ~inside) | (address & inside);
			return;
		}
	}
}

/* Makes the tables on the way to an entry of that depth. */
static uint64_t *make_entry(struct gmem_sim *sim, uint64_t address, unsigned int leaf_depth)
{
	uint64_t table = sim->tables.root;
	uint64_t *entry = NULL;

	for (unsigned int depth = top_depth(sim); depth >= leaf_depth; depth--) {
		entry = entry_at(sim, table, address, depth);
		if (depth == leaf_depth)
			break;
		if (!*entry) {
			table = sim_table_alloc(sim);
			if (!table)
				return NULL;
			*entry = table | TABLE | sim->model->cpu->sme_mask;
		}
		table = *entry;
	}
	return entry;
}

static int map_leaf(struct gmem_sim *sim, uint64_t address, uint64_t physical, unsigned int depth,
		    uint64_t bits)
{
	uint64_t *entry = make_entry(sim, address, depth);

	if (!entry)
		return -ENOMEM;
	*entry = physical | bits | (depth > 1 ? SIM_PTE_PSE : 0) | sim->model->cpu->sme_mask;
	return 0;
}

/* As init_memory_mapping() does: the largest leaves that fit. */
static int map_range(struct gmem_sim *sim, uint64_t start, uint64_t end)
{
	while (start < end) {
		unsigned int depth = 3;
		int err;

		while (depth > 1 && (start & ((1ull << shift_of(depth)) - 1) ||
				     end - start < 1ull << shift_of(depth)))
			depth--;
		err = map_leaf(sim, sim_va(sim, start), start, depth, LEAF);
		if (err)
			return err;
		sim->tables.mapped[depth]++;
		start += 1ull << shift_of(depth);
	}
	return 0;
}

static int map_image(struct gmem_sim *sim)
{
	uint64_t address = sim->boot.swapper;

	for (uint64_t at = 0; at < IMAGE_SIZE; at += 2 * SIM_MIB) {
		int err =
			map_leaf(sim, address + at, sim->model->image_physical + at, 2, IMAGE_LEAF);
		if (err)
			return err;
	}
	return 0;
}

int sim_pagetable_init(struct gmem_sim *sim)
{
	const struct sim_ram_range *ram = sim->model->ram;
	int err;

	sim->tables.root = sim_table_alloc(sim);
	if (!sim->tables.root)
		return -ENOMEM;
	/* The low megabyte is mapped whole, RAM or not: init_mem_mapping(). */
	err = map_range(sim, 0, SIM_MIB);
	for (unsigned int i = 0; !err && i < SIM_RAM_RANGES && ram[i].end; i++)
		if (ram[i].end > SIM_MIB)
			err = map_range(sim, ram[i].start, ram[i].end);
	return err ? err : map_image(sim);
}

/* Replaces a large leaf by a table of leaves one level down: __split_large_page(). */
static int split(struct gmem_sim *sim, const struct sim_walk *walk)
{
	unsigned int depth = (unsigned int)walk->level;
	uint64_t step = 1ull << shift_of(depth - 1);
	uint64_t table = sim_table_alloc(sim);
	uint64_t value = walk->value;
	uint64_t *entries;

	if (!table)
		return -ENOMEM;
	if (depth == 2)
		value &= ~SIM_PTE_PSE;
	entries = sim_physical(sim, table);
	for (unsigned int i = 0; i < ENTRIES; i++)
		entries[i] = value + i * step;
	*walk->entry = table | TABLE | sim->model->cpu->sme_mask;
	sim->tables.mapped[depth]--;
	sim->tables.mapped[depth - 1] += ENTRIES;
	sim->tables.splits[depth]++;
	return 0;
}

/* The 4K entry of a page of the direct map, large leaves split on the way. */
static int split_down(struct gmem_sim *sim, uint64_t pfn, struct sim_walk *walk)
{
	for (;;) {
		int err;

		sim_walk(sim, sim_va(sim, pfn << SIM_PAGE_SHIFT), walk);
		if (walk->level == SIM_LEVEL_4K)
			return 0;
		if (!walk->present)
			return -EINVAL;
		err = split(sim, walk);
		if (err)
			return err;
	}
}

int sim_direct_map_remove(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;
	int err = split_down(sim, pfn, &walk);

	if (err || !walk.present)
		return err;
	/*
	 * set_direct_map_invalid_noflush(): P, RW, DIRTY and with P also GLOBAL go; the frame of
	 * an entry that is not present is inverted against L1TF.
	 */
	*walk.entry = (walk.value ^ frame_mask(sim)) &
		      ~(SIM_PTE_PRESENT | SIM_PTE_RW | SIM_PTE_DIRTY | SIM_PTE_GLOBAL);
	return 0;
}

int sim_direct_map_restore(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;
	int err = split_down(sim, pfn, &walk);

	if (err)
		return err;
	if (walk.present) {
		*walk.entry |= SIM_PTE_RW | SIM_PTE_DIRTY;
		return 0;
	}
	/* set_direct_map_default_noflush() does not know that the page was GLOBAL. */
	*walk.entry = (walk.value ^ frame_mask(sim)) | SIM_PTE_PRESENT | SIM_PTE_RW | SIM_PTE_DIRTY;
	return 0;
}

int sim_direct_map_split(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;

	return split_down(sim, pfn, &walk);
}
