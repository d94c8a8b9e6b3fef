// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The walker of the direct map: x86-64 page tables with 4 or 5 levels, leaves of 1G, 2M and 4K.
 *
 * Present means what the CPU takes for present: bit 0, at every level. The kernel's own
 * pte_present() also takes PROT_NONE entries, on which an access faults.
 *
 * The tables are live. Children of a table are read in one batch that ends with the table itself;
 * an entry that changed meanwhile is looked at again, a bounded number of times, and is unknown
 * after that. Each leaf must map the frame that the direct map has there, or it is unknown too.
 */
#include "kmem/pagetable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"

#define ENTRIES 512
#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITABLE (1ull << 1)
#define ENTRY_ACCESSED (1ull << 5)
#define ENTRY_DIRTY (1ull << 6)
#define ENTRY_LARGE (1ull << 7) /* in tables above the last: a leaf */
#define ENTRY_GLOBAL (1ull << 8)
#define ENTRY_NX (1ull << 63)
/* The CPU sets these by itself: no change of the mapping. */
#define ENTRY_VOLATILE (ENTRY_ACCESSED | ENTRY_DIRTY)

#define TABLE_BYTES (ENTRIES * sizeof(uint64_t))
#define WINDOW 64 /* children read in one batch: 256 KiB, to stay in the second-level cache */
#define RETRIES 4
#define LEVELS_MAX 5

_Static_assert(TABLE_BYTES == GMEM_KMEM_REQUEST_MAX, "a table is one request");

/* What the levels above a table allow. */
struct rights {
	bool writable;
	bool executable;
};

/* The children of the table that is being walked at one depth. */
struct window {
	uint64_t (*tables)[ENTRIES]; /* room for WINDOW, or as many as the range has */
	uint16_t index[WINDOW];	     /* entry of the parent that each belongs to */
	bool readable[WINDOW];
	unsigned int count;
	unsigned int next; /* the one to hand out */
	/* The entry that led from this depth's table to the next one's. */
	uint64_t link_address;
	uint64_t link;
};

struct walk {
	struct gmem_ctx *ctx;
	const struct gmem_image *image;
	uint64_t start, end; /* virtual addresses */
	struct gmem_directmap_run run;
	gmem_directmap_fn fn;
	void *arg;
	struct window windows[LEVELS_MAX]; /* by depth of the parent, the root at 0 */
	struct gmem_kmem_request requests[WINDOW + 1];
};

static const char reason_changing[] = "the page table kept changing while it was read";
static const char reason_unreadable[] = "a page table could not be read";
static const char reason_level[] = "a leaf at a level that has none";
static const char reason_frame[] = "the entry maps another page frame";

int gmem_pagetable_known(struct gmem_ctx *ctx)
{
	const char *machine = ctx->kernel->ops->machine;

	if (!strcmp(machine, "x86_64"))
		return 0;
	return gmem_fail(ctx, -ENOTSUP,
			 "the page tables of %s are not known to this version of libgmem: what is "
			 "in the direct map can be told on x86-64 only",
			 strcmp(machine, "aarch64") ? machine : "arm64");
}

static unsigned int shift_of(const struct walk *walk, int depth)
{
	return 12 + 9 * (unsigned int)(walk->image->levels - 1 - depth);
}

static unsigned int index_of(uint64_t address, unsigned int shift)
{
	return (address >> shift) & (ENTRIES - 1);
}

static int flush_run(struct walk *walk)
{
	walk->run.size = sizeof(walk->run);
	return walk->run.pages ? walk->fn(&walk->run, walk->arg) : 0;
}

/* Adds [address, end) to the current run if it is alike, else starts a new one. */
static int emit(struct walk *walk, uint64_t address, uint64_t end,
		const struct gmem_directmap_run *kind)
{
	struct gmem_directmap_run *run = &walk->run;
	int ret;

	if (address < walk->start)
		address = walk->start;
	if (end > walk->end)
		end = walk->end;
	if (run->pages && run->direct_map == kind->direct_map && run->level == kind->level &&
	    run->writable == kind->writable && run->executable == kind->executable &&
	    run->global == kind->global && run->reason == kind->reason) {
		run->pages += (end - address) / GMEM_PAGE_SIZE;
		return 0;
	}
	ret = flush_run(walk);
	*run = *kind;
	run->pfn = (address - walk->image->page_offset_base) / GMEM_PAGE_SIZE;
	run->pages = (end - address) / GMEM_PAGE_SIZE;
	return ret;
}

static int emit_unmapped(struct walk *walk, uint64_t address, uint64_t end)
{
	static const struct gmem_directmap_run kind = { .direct_map = GMEM_DIRECT_MAP_UNMAPPED };

	return emit(walk, address, end, &kind);
}

static int emit_unknown(struct walk *walk, uint64_t address, uint64_t end, const char *reason)
{
	struct gmem_directmap_run kind = { .direct_map = GMEM_DIRECT_MAP_UNKNOWN,
					   .reason = reason };

	return emit(walk, address, end, &kind);
}

/* A leaf at that level; entries that follow it up to end are known to continue it. */
static int emit_leaf(struct walk *walk, uint64_t address, uint64_t end, uint64_t entry,
		     unsigned int shift, struct rights rights)
{
	uint64_t frame = entry & walk->image->frame_mask & ~((1ull << shift) - 1);
	struct gmem_directmap_run kind = {
		.direct_map = GMEM_DIRECT_MAP_MAPPED,
		.level = shift == 12   ? GMEM_LEVEL_PTE
			 : shift == 21 ? GMEM_LEVEL_PMD
				       : GMEM_LEVEL_PUD,
		.writable = rights.writable && (entry & ENTRY_WRITABLE),
		.executable = rights.executable && !(entry & ENTRY_NX),
		.global = entry & ENTRY_GLOBAL,
	};

	if (shift > 30)
		return emit_unknown(walk, address, end, reason_level);
	if (frame != address - walk->image->page_offset_base)
		return emit_unknown(walk, address, end, reason_frame);
	return emit(walk, address, end, &kind);
}

/*
 * How many of n entries go on where the first one begins: all not present, or each the next frame
 * with the same flags. Whole tables are tested without a branch an entry, which compilers turn
 * into vector code: a direct map of 4K pages is read at the speed of memory.
 */
static unsigned int alike(const uint64_t *entries, unsigned int n)
{
	uint64_t step = entries[0] & ENTRY_PRESENT ? GMEM_PAGE_SIZE : 0;
	uint64_t mask = step ? ~ENTRY_VOLATILE : ENTRY_PRESENT;
	uint64_t differs = 0, expected = entries[0];

	if (n == ENTRIES) {
		for (unsigned int i = 0; i < ENTRIES; i++)
			differs |= (entries[i] ^ (expected + i * step)) & mask;
		if (!differs)
			return n;
	}
	for (unsigned int i = 1; i < n; i++)
		if ((entries[i] ^ (expected + i * step)) & mask)
			return i;
	return n;
}

/* The last level: first to last are entries of the table that begins at address 'base'. */
static int walk_leaves(struct walk *walk, const uint64_t *table, uint64_t base, unsigned int first,
		       unsigned int last, struct rights rights)
{
	int ret = 0;

	while (!ret && first <= last) {
		unsigned int n = alike(table + first, last - first + 1);
		uint64_t address = base + (uint64_t)first * GMEM_PAGE_SIZE;
		uint64_t end = address + (uint64_t)n * GMEM_PAGE_SIZE;

		if (table[first] & ENTRY_PRESENT)
			ret = emit_leaf(walk, address, end, table[first], 12, rights);
		else
			ret = emit_unmapped(walk, address, end);
		first += n;
	}
	return ret;
}

static bool is_table(uint64_t entry)
{
	return (entry & ENTRY_PRESENT) && !(entry & ENTRY_LARGE);
}

/* Whether the entries that led to the table at that depth still do. */
static bool is_linked(struct walk *walk, int depth)
{
	struct gmem_kmem_request requests[LEVELS_MAX];
	uint64_t links[LEVELS_MAX];

	for (int above = 0; above < depth; above++)
		requests[above] = (struct gmem_kmem_request){
			.address = walk->windows[above].link_address,
			.buffer = &links[above],
			.length = sizeof(links[above]),
		};
	if (depth && gmem_kmem_read_batch(walk->ctx, requests, (size_t)depth))
		return false;
	for (int above = 0; above < depth; above++)
		if (requests[above].result ||
		    ((links[above] ^ walk->windows[above].link) & ~ENTRY_VOLATILE))
			return false;
	return true;
}

/*
 * Reads the children of entries first..last of a table, as many as fit the window, and the table
 * itself behind them. Where an entry changed meanwhile, the table takes the new entry over and
 * the child is dropped: the walk comes back to that entry. *gone: the table itself is no longer
 * part of the tree (it may be empty by now, which says nothing of the mapping).
 */
static int fill_window(struct walk *walk, int depth, uint64_t table_address, uint64_t *table,
		       unsigned int first, unsigned int last, bool *gone)
{
	struct window *window = &walk->windows[depth];
	uint64_t again[ENTRIES];
	unsigned int n = 0, kept = 0;
	int ret;

	for (unsigned int i = first; i <= last && n < WINDOW; i++) {
		if (!is_table(table[i]))
			continue;
		window->index[n] = (uint16_t)i;
		walk->requests[n] = (struct gmem_kmem_request){
			.address = walk->image->page_offset_base +
				   (table[i] & walk->image->frame_mask),
			.buffer = window->tables[n],
			.length = TABLE_BYTES,
		};
		n++;
	}
	walk->requests[n] = (struct gmem_kmem_request){
		.address = table_address,
		.buffer = again,
		.length = TABLE_BYTES,
	};
	ret = gmem_kmem_read_batch(walk->ctx, walk->requests, n + 1);
	if (ret)
		return ret;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = window->index[i];
		bool changed =
			walk->requests[n].result || ((again[at] ^ table[at]) & ~ENTRY_VOLATILE);

		if (changed) { /* the later ones are read anew when they come up */
			*gone = walk->requests[n].result || !is_linked(walk, depth);
			if (!*gone)
				table[at] = again[at];
			break;
		}
		window->readable[i] = !walk->requests[i].result;
		kept = i + 1;
	}
	window->count = kept;
	window->next = 0;
	return 0;
}

static int walk_table(struct walk *walk, int depth, uint64_t table_address, uint64_t *table,
		      uint64_t base, struct rights rights);

/* An entry that points to a table: finds the child in the window and goes down. */
static int walk_child(struct walk *walk, int depth, uint64_t table_address, uint64_t *table,
		      uint64_t base, unsigned int at, unsigned int last, struct rights rights,
		      bool *again)
{
	struct window *window = &walk->windows[depth];
	unsigned int shift = shift_of(walk, depth);
	uint64_t address = base + ((uint64_t)at << shift);
	unsigned int slot;
	bool gone = false;
	int ret;

	*again = false;
	if (window->next >= window->count || window->index[window->next] != at) {
		ret = fill_window(walk, depth, table_address, table, at, last, &gone);
		if (ret)
			return ret;
	}
	if (gone)
		return emit_unknown(walk, address, address + (1ull << shift), reason_changing);
	if (window->next >= window->count || window->index[window->next] != at) {
		*again = true;
		return 0;
	}
	slot = window->next++;
	if (!window->readable[slot])
		return emit_unknown(walk, address, address + (1ull << shift), reason_unreadable);
	window->link_address = table_address + at * sizeof(*table);
	window->link = table[at];
	rights.writable = rights.writable && (table[at] & ENTRY_WRITABLE);
	rights.executable = rights.executable && !(table[at] & ENTRY_NX);
	return walk_table(walk, depth + 1,
			  walk->image->page_offset_base + (table[at] & walk->image->frame_mask),
			  window->tables[slot], address, rights);
}

/* Depth is that of this table: the root's is 0. base is the first address that it maps. */
static int walk_table(struct walk *walk, int depth, uint64_t table_address, uint64_t *table,
		      uint64_t base, struct rights rights)
{
	unsigned int shift = shift_of(walk, depth), retries = 0;
	uint64_t covers = 1ull << (shift + 9);
	unsigned int first = walk->start > base ? index_of(walk->start, shift) : 0;
	unsigned int last =
		walk->end - base < covers ? index_of(walk->end - 1, shift) : ENTRIES - 1;
	int ret = 0;

	if (shift == 12)
		return walk_leaves(walk, table, base, first, last, rights);
	walk->windows[depth].count = 0;
	for (unsigned int i = first; !ret && i <= last;) {
		uint64_t address = base + ((uint64_t)i << shift);
		uint64_t end = address + (1ull << shift);
		bool again = false;

		if (is_table(table[i]))
			ret = walk_child(walk, depth, table_address, table, base, i, last, rights,
					 &again);
		else if (table[i] & ENTRY_PRESENT)
			ret = emit_leaf(walk, address, end, table[i], shift, rights);
		else
			ret = emit_unmapped(walk, address, end);
		if (again) {
			gmem_log(walk->ctx, GMEM_LOG_DEBUG,
				 "page tables: entry %u at depth %d changed while it was read", i,
				 depth);
			if (++retries <= RETRIES)
				continue;
			ret = emit_unknown(walk, address, end, reason_changing);
		}
		retries = 0;
		i++;
	}
	return ret;
}

static int walk_root(struct walk *walk)
{
	uint64_t root[ENTRIES];
	unsigned int shift = shift_of(walk, 0);
	uint64_t covers = 1ull << (shift + 9);
	struct rights rights = { .writable = true, .executable = true };
	int ret = gmem_kmem_read(walk->ctx, walk->image->root, root, sizeof(root));

	if (ret)
		return gmem_fail(walk->ctx, ret, "the kernel's page directory cannot be read: %s",
				 gmem_error_words(ret));
	return walk_table(walk, 0, walk->image->root, root, walk->start & ~(covers - 1), rights);
}

/* Tables of that depth that the range needs in one batch: one, for a page. */
static size_t window_tables(const struct walk *walk, int depth)
{
	unsigned int shift = shift_of(walk, depth);
	uint64_t entries = ((walk->end - 1) >> shift) - (walk->start >> shift) + 1;

	return entries < WINDOW ? (size_t)entries : WINDOW;
}

static int allocate_windows(struct walk *walk)
{
	for (int depth = 0; depth < walk->image->levels - 1; depth++) {
		walk->windows[depth].tables = malloc(window_tables(walk, depth) * TABLE_BYTES);
		if (!walk->windows[depth].tables)
			return gmem_no_memory(walk->ctx, "a walk of the page tables");
	}
	return 0;
}

static void free_windows(struct walk *walk)
{
	for (int depth = 0; depth < LEVELS_MAX; depth++)
		free(walk->windows[depth].tables);
}

int gmem_pagetable_walk(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			uint64_t pages, gmem_directmap_fn fn, void *arg)
{
	uint64_t region_pages = (image->region_end - image->page_offset_base) / GMEM_PAGE_SIZE;
	uint64_t inside = pfn >= region_pages ? 0 : region_pages - pfn;
	struct walk *walk = calloc(1, sizeof(*walk));
	int ret;

	if (!walk)
		return gmem_no_memory(ctx, "a walk of the page tables");
	walk->ctx = ctx;
	walk->image = image;
	walk->fn = fn;
	walk->arg = arg;
	if (inside > pages)
		inside = pages;
	walk->start = image->page_offset_base + pfn * GMEM_PAGE_SIZE;
	walk->end = walk->start + inside * GMEM_PAGE_SIZE;
	ret = inside ? allocate_windows(walk) : 0;
	if (!ret && inside)
		ret = walk_root(walk);
	if (!ret && pages > inside) { /* past the region nothing is the direct map */
		walk->start = walk->end;
		walk->end = walk->start + (pages - inside) * GMEM_PAGE_SIZE;
		ret = emit_unmapped(walk, walk->start, walk->end);
	}
	if (!ret)
		ret = flush_run(walk);
	free_windows(walk);
	free(walk);
	return ret;
}

static int keep_run(const struct gmem_directmap_run *run, void *arg)
{
	*(struct gmem_directmap_run *)arg = *run;
	return 0;
}

int gmem_pagetable_lookup(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			  struct gmem_directmap_run *run)
{
	return gmem_pagetable_walk(ctx, image, pfn, 1, keep_run, run);
}
