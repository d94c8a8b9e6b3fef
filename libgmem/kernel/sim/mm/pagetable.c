// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's page tables: the direct map in leaves as large as alignment and machine allow, split
 * down when a page leaves it, and the mapping of the kernel image.
 */
#include "kernel/sim/internal.h"

#define BIT(n) (1ull << (n))
#define IMAGE_SIZE (16 * SIM_MIB)
#define FRAME_52 0x000fffffffffffffull
#define FRAME_50 0x0003ffffffffffffull
#define FRAME_48 0x0000ffffffffffffull

/* How an entry changes. */
struct change {
	uint64_t clear;
	uint64_t set;
	bool inverts; /* the frame of an entry that is not present, against L1TF */
};

/* The entries of a machine. */
struct entries {
	uint64_t present;
	uint64_t writable; /* of these bits, the entry has */
	uint64_t writable_has;
	uint64_t leaf; /* of these bits, an entry above the last level has where it is a leaf */
	uint64_t leaf_has;
	uint64_t table, block, page, image_block, image_page; /* bits of new ones */
	struct change remove, restore, protect;
};

#define X86_PRESENT BIT(0)
#define X86_RW BIT(1)
#define X86_DIRTY BIT(6)
#define X86_PSE BIT(7)
#define X86_GLOBAL BIT(8)
#define X86_TABLE (X86_PRESENT | X86_RW | BIT(5) | X86_DIRTY)
#define X86_PAGE (X86_TABLE | X86_GLOBAL | BIT(63))
#define X86_IMAGE (X86_PRESENT | BIT(5) | X86_GLOBAL)

/* arch/x86/mm/pat/set_memory.c. What is restored is not GLOBAL any more: nobody knows that it was.
 */
static const struct entries x86 = {
	.present = X86_PRESENT,
	.writable = X86_RW,
	.writable_has = X86_RW,
	.leaf = X86_PSE,
	.leaf_has = X86_PSE,
	.table = X86_TABLE,
	.block = X86_PAGE | X86_PSE,
	.page = X86_PAGE,
	.image_block = X86_IMAGE | X86_PSE,
	.image_page = X86_IMAGE,
	.remove = { X86_PRESENT | X86_RW | X86_DIRTY | X86_GLOBAL, 0, true },
	.restore = { 0, X86_PRESENT | X86_RW | X86_DIRTY, true },
	.protect = { X86_RW | X86_DIRTY, 0, false },
};

#define ARM64_VALID BIT(0)
#define ARM64_PAGE BIT(1) /* in tables above the last: a table */
#define ARM64_READ_ONLY BIT(7)
#define ARM64_NOT_GLOBAL BIT(11)
#define ARM64_WRITE BIT(51)
#define ARM64_TABLE 0x1800000000000403ull
#define ARM64_BLOCK 0x00e8000000000405ull /* seen on Linux 7.3.4, as are the others */
#define ARM64_IMAGE 0x0040000000000485ull

/*
 * arch/arm64/mm/pageattr.c. A page that left the linear map has PTE_PRESENT_INVALID, the bit that
 * is PTE_NG of a valid entry.
 */
static const struct entries arm64 = {
	.present = ARM64_VALID,
	.writable = ARM64_READ_ONLY,
	.writable_has = 0,
	.leaf = ARM64_PAGE,
	.leaf_has = 0,
	.table = ARM64_TABLE,
	.block = ARM64_BLOCK,
	.page = ARM64_BLOCK | ARM64_PAGE,
	.image_block = ARM64_IMAGE,
	.image_page = ARM64_IMAGE | ARM64_PAGE,
	.remove = { ARM64_VALID, ARM64_NOT_GLOBAL, false },
	.restore = { ARM64_NOT_GLOBAL | ARM64_READ_ONLY, ARM64_VALID | ARM64_WRITE, false },
	.protect = { ARM64_WRITE, ARM64_READ_ONLY, false },
};

static const struct entries *entries_of(const struct gmem_sim *sim)
{
	return sim->model->arm64 ? &arm64 : &x86;
}

/* An address has so many bits that tables translate. */
static unsigned int address_bits(const struct gmem_sim *sim)
{
	if (sim->model->arm64)
		return sim->model->arm64->va_bits;
	return sim->model->cpu->five_level ? 57 : 48;
}

static bool has_lpa2(const struct gmem_sim *sim)
{
	return sim->model->arm64 && sim->model->arm64->va_bits == 52;
}

static unsigned int index_bits(const struct gmem_sim *sim)
{
	return sim->page_shift - 3;
}

/* Depth 1 is a PTE, 2 a PMD, 3 a PUD, 4 a P4D or PGD, 5 a PGD. */
static unsigned int shift_of(const struct gmem_sim *sim, unsigned int depth)
{
	return sim->page_shift + index_bits(sim) * (depth - 1);
}

static unsigned int top_depth(const struct gmem_sim *sim)
{
	return (address_bits(sim) - sim->page_shift + index_bits(sim) - 1) / index_bits(sim);
}

/* The bits of an entry that hold a physical address, and what an address makes of them. */
static uint64_t frame_mask(const struct gmem_sim *sim)
{
	uint64_t mask = !sim->model->arm64 ? FRAME_52 : has_lpa2(sim) ? FRAME_50 : FRAME_48;

	return mask & ~sim->page_mask & ~sim->model->cpu->sme_mask;
}

static uint64_t frame_of(const struct gmem_sim *sim, uint64_t entry)
{
	uint64_t high = has_lpa2(sim) ? (entry & 3ull << 8) << 42 : 0;

	return (entry & frame_mask(sim)) | high;
}

static uint64_t make_leaf(const struct gmem_sim *sim, uint64_t physical, uint64_t bits)
{
	/* Without LPA2 these are the shareability: inner. */
	uint64_t low = has_lpa2(sim)	   ? physical >> 42 & 3ull << 8
		       : sim->model->arm64 ? 3ull << 8
					   : 0;

	return (physical & frame_mask(sim)) | low | bits | sim->model->cpu->sme_mask;
}

static uint64_t make_table(const struct gmem_sim *sim, uint64_t physical)
{
	uint64_t low = has_lpa2(sim) ? physical >> 42 & 3ull << 8 : 0;

	return (physical & frame_mask(sim)) | low | entries_of(sim)->table |
	       sim->model->cpu->sme_mask;
}

static uint64_t *entry_at(struct gmem_sim *sim, uint64_t table, uint64_t address,
			  unsigned int depth)
{
	unsigned int shift = shift_of(sim, depth);
	unsigned int bits = depth == top_depth(sim) ? address_bits(sim) - shift : index_bits(sim);
	uint64_t *entries = sim_physical(sim, table);

	return &entries[address >> shift & ((1ull << bits) - 1)];
}

/* Whether such a machine has leaves of that depth: x86-64 and arm64 with 4K pages have PUDs. */
static bool may_be_leaf(const struct gmem_sim *sim, unsigned int depth)
{
	return depth <= 2 || (depth == 3 && sim->page_shift == 12);
}

static bool is_leaf(const struct gmem_sim *sim, uint64_t entry, unsigned int depth)
{
	const struct entries *entries = entries_of(sim);

	return depth == 1 ||
	       (may_be_leaf(sim, depth) && (entry & entries->leaf) == entries->leaf_has);
}

static bool is_writable(const struct gmem_sim *sim, uint64_t entry)
{
	return (entry & entries_of(sim)->writable) == entries_of(sim)->writable_has;
}

static enum sim_level level_of(unsigned int depth)
{
	return depth <= 3 ? (enum sim_level)depth : SIM_LEVEL_NONE;
}

/* x86-64 extends the highest bit; on arm64 the kernel's half has ones above it. */
static bool is_canonical(const struct gmem_sim *sim, uint64_t address)
{
	unsigned int unused = 64 - address_bits(sim);

	if (sim->model->arm64)
		return address >> (64 - unused) == ~0ull >> (64 - unused);
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
		walk->writable = walk->writable && is_writable(sim, walk->value);
		/* Only bit 0 counts: PROT_NONE is nothing to the CPU. */
		if (!(walk->value & entries_of(sim)->present))
			return;
		table = frame_of(sim, walk->value);
		if (is_leaf(sim, walk->value, depth)) {
			uint64_t inside = (1ull << shift_of(sim, depth)) - 1;

			walk->present = true;
			walk->physical = (table & ~inside) | (address & inside);
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
			*entry = make_table(sim, table);
		}
		table = frame_of(sim, *entry);
	}
	return entry;
}

static int map_leaf(struct gmem_sim *sim, uint64_t address, uint64_t physical, unsigned int depth,
		    uint64_t bits)
{
	uint64_t *entry = make_entry(sim, address, depth);

	if (!entry)
		return -ENOMEM;
	*entry = make_leaf(sim, physical, bits);
	return 0;
}

/* On arm64 the linear map is in pages, unless the CPU can split blocks that are in use. */
static unsigned int largest_leaf(const struct gmem_sim *sim)
{
	if (sim->model->arm64 && !sim->model->arm64->bbml3)
		return 1;
	return may_be_leaf(sim, 3) ? 3 : 2;
}

/* As init_memory_mapping() does: the largest leaves that fit. */
static int map_range(struct gmem_sim *sim, uint64_t start, uint64_t end)
{
	const struct entries *entries = entries_of(sim);

	while (start < end) {
		unsigned int depth = largest_leaf(sim);
		int err;

		while (depth > 1 && (start & ((1ull << shift_of(sim, depth)) - 1) ||
				     end - start < 1ull << shift_of(sim, depth)))
			depth--;
		err = map_leaf(sim, sim_va(sim, start), start, depth,
			       depth > 1 ? entries->block : entries->page);
		if (err)
			return err;
		sim->tables.mapped[depth]++;
		start += 1ull << shift_of(sim, depth);
	}
	return 0;
}

static int map_image(struct gmem_sim *sim)
{
	const struct entries *entries = entries_of(sim);
	unsigned int depth = sim->page_shift == 12 ? 2 : 1;

	for (uint64_t at = 0; at < IMAGE_SIZE; at += 1ull << shift_of(sim, depth)) {
		int err = map_leaf(sim, sim->boot.swapper + at, sim->model->image_physical + at,
				   depth, depth > 1 ? entries->image_block : entries->image_page);

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
	/* Of a PC the low megabyte is mapped whole, RAM or not: init_mem_mapping(). */
	err = sim->model->arm64 ? 0 : map_range(sim, 0, SIM_MIB);
	for (unsigned int i = 0; !err && i < SIM_RAM_RANGES && ram[i].end; i++)
		if (ram[i].end > SIM_MIB)
			err = map_range(sim, ram[i].start, ram[i].end);
	return err ? err : map_image(sim);
}

/*
 * Replaces a large leaf by a table of leaves one level down: __split_large_page(), and
 * split_kernel_leaf_mapping() of arm64.
 */
static int split(struct gmem_sim *sim, const struct sim_walk *walk)
{
	const struct entries *entries = entries_of(sim);
	unsigned int depth = (unsigned int)walk->level;
	uint64_t step = 1ull << shift_of(sim, depth - 1);
	uint64_t table = sim_table_alloc(sim);
	uint64_t value = walk->value;
	uint64_t count = sim->page_size / sizeof(value);
	uint64_t *below;

	if (!table)
		return -ENOMEM;
	if (depth == 2)
		value ^= entries->leaf;
	below = sim_physical(sim, table);
	for (uint64_t i = 0; i < count; i++)
		below[i] = value + i * step;
	*walk->entry = make_table(sim, table);
	sim->tables.mapped[depth]--;
	sim->tables.mapped[depth - 1] += count;
	sim->tables.splits[depth]++;
	return 0;
}

/* The PTE of a page of the direct map, large leaves split on the way. */
static int split_down(struct gmem_sim *sim, uint64_t pfn, struct sim_walk *walk)
{
	for (;;) {
		int err;

		sim_walk(sim, sim_va(sim, pfn << sim->page_shift), walk);
		if (walk->level == SIM_LEVEL_PTE)
			return 0;
		if (!walk->present)
			return -EINVAL;
		err = split(sim, walk);
		if (err)
			return err;
	}
}

static void apply(const struct gmem_sim *sim, const struct sim_walk *walk,
		  const struct change *change, bool invert)
{
	uint64_t value = walk->value ^ (change->inverts && invert ? frame_mask(sim) : 0);

	*walk->entry = (value & ~change->clear) | change->set;
}

int sim_direct_map_remove(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;
	int err = split_down(sim, pfn, &walk);

	if (!err && walk.present)
		apply(sim, &walk, &entries_of(sim)->remove, true);
	return err;
}

int sim_direct_map_restore(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;
	int err = split_down(sim, pfn, &walk);

	if (!err)
		apply(sim, &walk, &entries_of(sim)->restore, !walk.present);
	return err;
}

int sim_direct_map_protect(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;
	int err = split_down(sim, pfn, &walk);

	if (!err)
		apply(sim, &walk, &entries_of(sim)->protect, false);
	return err;
}

int sim_direct_map_split(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_walk walk;

	return split_down(sim, pfn, &walk);
}
