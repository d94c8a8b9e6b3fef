// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The walker of the direct map: it reads page tables of any geometry that kernel/image/tables.h can
 * describe.
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
#include "kmem/pair.h"

#define CHUNK 64u /* entries that are compared at once; each table is a multiple of it */
#define WINDOW_BYTES \
	(256u << 10) /* children read in one batch, to stay in the second-level cache */
#define WINDOW (WINDOW_BYTES / GMEM_KMEM_REQUEST_MAX) /* tables, where one is one request */
#define TABLE_MAX (64u << 10)			      /* bytes */
#define REQUESTS ((WINDOW_BYTES + TABLE_MAX) / GMEM_KMEM_REQUEST_MAX)
#define RETRIES 4
#define LEVELS_MAX GMEM_TABLE_LEVELS_MAX
#define LEAF_LEVELS 3 /* a page, and leaves of the two levels above it */

/* What the levels above a table allow. */
struct rights {
	bool writable;
	bool executable;
};

/* The children of the table that is being walked at one depth. */
struct window {
	uint64_t *tables;	/* room for a batch, or as many as the range has */
	bool of_reader;		/* that room: see gmem_kmem_room_new() */
	uint16_t index[WINDOW]; /* entry of the parent that each belongs to */
	int results[WINDOW];	/* of reading each */
	unsigned int count;
	unsigned int next; /* the one to hand out */
	/* The entry that led from this depth's table to the next one's. */
	uint64_t link_address;
	uint64_t link;
};

struct walk {
	struct gmem_ctx *ctx;
	const struct gmem_image *image;
	const struct gmem_tables *tables;
	const struct gmem_codec *codec;
	uint64_t page_size;
	size_t table_bytes;
	uint64_t *again;     /* room for a table: the parent of those that are read */
	uint64_t start, end; /* virtual addresses */
	struct gmem_directmap_run run;
	gmem_wanted_fn wanted; /* NULL: all are, with all of their properties */
	uint64_t mask;	       /* bits of an entry that count */
	gmem_directmap_fn fn;
	void *arg;
	struct window windows[LEVELS_MAX]; /* by depth of the parent, the root at 0 */
	struct gmem_kmem_request requests[REQUESTS];
};

static const char reason_changing[] = "the page table kept changing while it was read";
static const char reason_unreadable[] = "a page table could not be read";
static const char reason_left_out[] = "a page table was left out of the dump";
static const char reason_level[] = "a leaf at a level that has none";
static const char reason_reserved[] = "an entry of the last level that is no page";
static const char reason_frame[] = "the entry maps another page frame";

static unsigned int shift_of(const struct walk *walk, int depth)
{
	return gmem_tables_shift(walk->tables, depth);
}

/* Bytes of address that a table of that depth has, as a power of 2. */
static unsigned int covers_of(const struct walk *walk, int depth)
{
	return shift_of(walk, depth) + gmem_tables_index_bits(walk->tables, depth);
}

static unsigned int index_of(const struct walk *walk, uint64_t address, int depth)
{
	unsigned int bits = gmem_tables_index_bits(walk->tables, depth);

	return (unsigned int)(address >> shift_of(walk, depth)) & ((1u << bits) - 1);
}

/* Where the table is that an entry leads to. */
static uint64_t below(const struct walk *walk, uint64_t entry)
{
	return walk->image->page_offset_base + gmem_entry_frame(walk->tables, entry);
}

static int flush_run(struct walk *walk)
{
	walk->run.size = sizeof(walk->run);
	return walk->run.pages ? walk->fn(&walk->run, walk->arg) : 0;
}

/* Ends the current run: what follows is left out. */
static int leave_out(struct walk *walk)
{
	int ret = flush_run(walk);

	walk->run.pages = 0;
	return ret;
}

/* Adds [address, end) to the current run if it is alike, else starts a new one. */
static int emit(struct walk *walk, uint64_t address, uint64_t end,
		const struct gmem_directmap_run *kind)
{
	struct gmem_directmap_run *run = &walk->run;
	int ret;

	if (address < walk->start)
		address = walk->start;
	if (end - 1 > walk->end - 1) /* 0 is the end of the last entry of all */
		end = walk->end;
	if (run->pages && run->direct_map == kind->direct_map && run->level == kind->level &&
	    run->writable == kind->writable && run->executable == kind->executable &&
	    run->global == kind->global && run->reason == kind->reason) {
		run->pages += (end - address) >> walk->tables->page_shift;
		return 0;
	}
	ret = flush_run(walk);
	*run = *kind;
	run->pfn = gmem_image_pfn(walk->image, address);
	run->pages = (end - address) >> walk->tables->page_shift;
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

/*
 * A leaf so many levels above the last one; entries that follow it up to end are known to continue
 * it.
 */
static int emit_leaf(struct walk *walk, uint64_t address, uint64_t end, uint64_t entry, int above,
		     struct rights rights)
{
	unsigned int shift = shift_of(walk, walk->tables->levels - 1 - above);
	uint64_t frame = gmem_entry_frame(walk->tables, entry) & ~((1ull << shift) - 1);
	struct gmem_directmap_run kind = {
		.direct_map = GMEM_DIRECT_MAP_MAPPED,
		.level = (enum gmem_level)(GMEM_LEVEL_PTE + above),
		.writable = rights.writable && gmem_entry_has(entry, walk->codec->writable),
		.executable = !walk->wanted && rights.executable &&
			      gmem_entry_has(entry, walk->codec->executable),
		.global = !walk->wanted && gmem_entry_has(entry, walk->codec->global),
	};

	if (above >= LEAF_LEVELS)
		return emit_unknown(walk, address, end, reason_level);
	if (!above && !gmem_entry_has(entry, walk->codec->page))
		return emit_unknown(walk, address, end, reason_reserved);
	if (frame != address - walk->image->page_offset_base)
		return emit_unknown(walk, address, end, reason_frame);
	return emit(walk, address, end, &kind);
}

/*
 * How many of n entries go on where the first one, which leads to no table, begins: all not
 * present, or each the next frame of that size with the same flags. Chunks are compared without a
 * branch for each entry, so that tables are read at the speed of memory.
 */
static unsigned int alike(const struct walk *walk, const uint64_t *entries, unsigned int n,
			  uint64_t size)
{
	uint64_t step = entries[0] & walk->codec->present ? size : 0;
	uint64_t mask = step ? walk->mask : walk->codec->present;
	uint64_t expected = entries[0];
	unsigned int done = 0;

	while (n - done >= CHUNK &&
	       gmem_words_step(entries + done, CHUNK, expected + done * step, step, mask))
		done += CHUNK;
	for (unsigned int i = done; i < n; i++)
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
		unsigned int n = alike(walk, table + first, last - first + 1, walk->page_size);
		uint64_t address = base + first * walk->page_size;
		uint64_t end = address + n * walk->page_size;

		if (table[first] & walk->codec->present)
			ret = emit_leaf(walk, address, end, table[first], 0, rights);
		else
			ret = emit_unmapped(walk, address, end);
		first += n;
	}
	return ret;
}

static bool is_table(const struct walk *walk, uint64_t entry)
{
	return gmem_entry_has(entry, walk->codec->table);
}

/* Whether a page frame that an entry's table maps is wanted; address is the first one that it has.
 */
static bool is_wanted(const struct walk *walk, uint64_t address, unsigned int shift)
{
	return !walk->wanted || walk->wanted(gmem_image_pfn(walk->image, address),
					     1ull << (shift - walk->tables->page_shift), walk->arg);
}

static bool differs(const struct walk *walk, uint64_t a, uint64_t b)
{
	return (a ^ b) & ~walk->codec->volatile_bits;
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
		    differs(walk, links[above], walk->windows[above].link))
			return false;
	return true;
}

/* Requests for a range of memory, as large as they may be. Returns how many. */
static size_t plan_read(struct gmem_kmem_request *requests, uint64_t address, void *buffer,
			size_t length)
{
	size_t n = 0;

	for (size_t at = 0; at < length; at += requests[n++].length)
		requests[n] = (struct gmem_kmem_request){
			.address = address + at,
			.buffer = (char *)buffer + at,
			.length = length - at < GMEM_KMEM_REQUEST_MAX ? (uint32_t)(length - at)
								      : GMEM_KMEM_REQUEST_MAX,
		};
	return n;
}

/* Result of reading the parts of a table: the first failure. */
static int result_of(const struct gmem_kmem_request *requests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (requests[i].result)
			return requests[i].result;
	return 0;
}

/* Bytes of a table of that depth: the root may be a part of a page. */
static size_t bytes_of(const struct walk *walk, int depth)
{
	return sizeof(uint64_t) << gmem_tables_index_bits(walk->tables, depth);
}

static uint64_t *table_at(const struct walk *walk, const struct window *window, unsigned int slot)
{
	return window->tables + slot * (walk->table_bytes / sizeof(uint64_t));
}

/*
 * Reads the children of entries first..last of a table, as many as fit the window, and the table
 * itself behind them. If an entry changed meanwhile, the table takes the new entry, the child is
 * dropped, and the walk comes back to that entry. *gone: the table itself is no longer part of the
 * tree (it may be empty by now, which says nothing of the mapping).
 */
static int fill_window(struct walk *walk, int depth, uint64_t table_address, uint64_t *table,
		       uint64_t base, unsigned int first, unsigned int last, bool *gone)
{
	size_t each = walk->table_bytes / GMEM_KMEM_REQUEST_MAX, own, planned = 0;
	struct window *window = &walk->windows[depth];
	unsigned int n = 0, kept = 0;
	bool seen;
	int ret;

	for (unsigned int i = first; i <= last && n < WINDOW / each; i++) {
		if (!is_table(walk, table[i]) ||
		    !is_wanted(walk, base + ((uint64_t)i << shift_of(walk, depth)),
			       shift_of(walk, depth)))
			continue;
		window->index[n] = (uint16_t)i;
		planned += plan_read(walk->requests + planned, below(walk, table[i]),
				     table_at(walk, window, n), walk->table_bytes);
		n++;
	}
	own = plan_read(walk->requests + planned, table_address, walk->again,
			bytes_of(walk, depth));
	ret = gmem_kmem_read_batch(walk->ctx, walk->requests, planned + own);
	if (ret)
		return ret;
	seen = !result_of(walk->requests + planned, own);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = window->index[i];

		/* The later ones are read anew when they come up. */
		if (!seen || differs(walk, walk->again[at], table[at])) {
			*gone = !seen || !is_linked(walk, depth);
			if (!*gone)
				table[at] = walk->again[at];
			break;
		}
		window->results[i] = result_of(walk->requests + i * each, each);
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
		ret = fill_window(walk, depth, table_address, table, base, at, last, &gone);
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
	if (window->results[slot])
		return emit_unknown(walk, address, address + (1ull << shift),
				    window->results[slot] == -GMEM_KERNEL_NOT_RECORDED
					    ? reason_left_out
					    : reason_unreadable);
	window->link_address = table_address + at * sizeof(*table);
	window->link = table[at];
	rights.writable = rights.writable && gmem_entry_has(table[at], walk->codec->table_writable);
	rights.executable =
		rights.executable && gmem_entry_has(table[at], walk->codec->table_executable);
	return walk_table(walk, depth + 1, below(walk, table[at]), table_at(walk, window, slot),
			  address, rights);
}

/* Depth is that of this table: the root's is 0. base is the first address that it maps. */
static int walk_table(struct walk *walk, int depth, uint64_t table_address, uint64_t *table,
		      uint64_t base, struct rights rights)
{
	unsigned int shift = shift_of(walk, depth), retries = 0;
	uint64_t covers = 1ull << covers_of(walk, depth);
	unsigned int first = walk->start > base ? index_of(walk, walk->start, depth) : 0;
	unsigned int last =
		index_of(walk, walk->end - base < covers ? walk->end - 1 : covers - 1, depth);
	int above = walk->tables->levels - 1 - depth, ret = 0;

	if (!above)
		return walk_leaves(walk, table, base, first, last, rights);
	walk->windows[depth].count = 0;
	for (unsigned int i = first; !ret && i <= last;) {
		uint64_t address = base + ((uint64_t)i << shift), size = 1ull << shift;
		bool again = false, is_parent = is_table(walk, table[i]);
		unsigned int n = is_parent ? 1 : alike(walk, table + i, last - i + 1, size);
		uint64_t end = address + n * size;

		if (is_parent && !is_wanted(walk, address, shift))
			ret = leave_out(walk);
		else if (is_parent)
			ret = walk_child(walk, depth, table_address, table, base, i, last, rights,
					 &again);
		else if (table[i] & walk->codec->present)
			ret = emit_leaf(walk, address, end, table[i], above, rights);
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
		i += n;
	}
	return ret;
}

static int walk_root(struct walk *walk)
{
	uint64_t covers = 1ull << covers_of(walk, 0);
	struct rights rights = { .writable = true, .executable = true };
	uint64_t *root = malloc(bytes_of(walk, 0));
	int ret = root ? gmem_kmem_read(walk->ctx, walk->image->root, root, bytes_of(walk, 0))
		       : gmem_no_memory(walk->ctx, "a walk of the page tables");

	if (ret == -GMEM_KERNEL_NOT_RECORDED)
		ret = gmem_fail(walk->ctx, -ENODATA,
				"the kernel's page directory was left out of the dump");
	else if (ret && root)
		gmem_fail(walk->ctx, ret, "the kernel's page directory cannot be read: %s",
			  gmem_kmem_words(walk->ctx, ret));
	if (!ret)
		ret = walk_table(walk, 0, walk->image->root, root, walk->start & ~(covers - 1),
				 rights);
	free(root);
	return ret;
}

/* Tables of that depth that the range needs in one batch: one, for a page. */
static size_t window_tables(const struct walk *walk, int depth)
{
	unsigned int shift = shift_of(walk, depth);
	uint64_t entries = ((walk->end - 1) >> shift) - (walk->start >> shift) + 1;
	size_t room = WINDOW_BYTES / walk->table_bytes;

	return entries < room ? (size_t)entries : room;
}

/* Nearly all tables are of the last level, so that their copies are not copied again. */
static int allocate_windows(struct walk *walk)
{
	int parents = walk->tables->levels - 1;
	bool all = true;

	walk->again = malloc(walk->table_bytes);
	for (int depth = 0; depth < parents; depth++) {
		struct window *window = &walk->windows[depth];
		size_t size = window_tables(walk, depth) * walk->table_bytes;

		window->tables = depth == parents - 1
					 ? gmem_kmem_room_new(walk->ctx, size, &window->of_reader)
					 : malloc(size);
		all = all && window->tables;
	}
	return all && walk->again ? 0 : gmem_no_memory(walk->ctx, "a walk of the page tables");
}

static void free_windows(struct walk *walk)
{
	for (int depth = 0; depth < LEVELS_MAX; depth++)
		gmem_kmem_room_free(walk->ctx, walk->windows[depth].tables,
				    walk->windows[depth].of_reader);
	free(walk->again);
}

/* Walks page frames that lie in the direct map's region. */
static int walk_inside(struct walk *walk, uint64_t pfn, uint64_t end)
{
	int ret;

	walk->start = gmem_image_address(walk->image, pfn);
	walk->end = gmem_image_address(walk->image, end);
	ret = allocate_windows(walk);
	if (!ret)
		ret = walk_root(walk);
	free_windows(walk);
	return ret;
}

/* Page frames that have no address in the region are not in the direct map. */
static int walk_outside(struct walk *walk, uint64_t pfn, uint64_t end)
{
	walk->start = gmem_image_address(walk->image, pfn);
	walk->end = gmem_image_address(walk->image, end);
	return emit_unmapped(walk, walk->start, walk->end);
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* The bits of an entry that tell whether it is a leaf, where it leads to and who may write. */
static uint64_t bits_of_states(const struct walk *walk)
{
	return walk->codec->present | walk->codec->table.mask | walk->codec->page.mask |
	       walk->codec->writable.mask | walk->tables->frame_mask | walk->tables->high_mask;
}

int gmem_pagetable_states(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			  uint64_t pages, gmem_wanted_fn wanted, gmem_directmap_fn fn, void *arg)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	uint64_t end = pfn + pages, first, last;
	int ret = 0;

	if (!walk)
		return gmem_no_memory(ctx, "a walk of the page tables");
	walk->ctx = ctx;
	walk->image = image;
	walk->tables = &image->tables;
	walk->codec = image->tables.codec;
	walk->page_size = 1ull << image->tables.page_shift;
	walk->table_bytes = 1ull << image->tables.page_shift;
	walk->wanted = wanted;
	walk->mask = wanted ? bits_of_states(walk) : ~walk->codec->volatile_bits;
	walk->fn = fn;
	walk->arg = arg;
	gmem_image_region(image, &first, &last);
	first = clamp(first, pfn, end);
	last = clamp(last, first, end);
	if (pfn < first)
		ret = walk_outside(walk, pfn, first);
	if (!ret && first < last)
		ret = walk_inside(walk, first, last);
	if (!ret && last < end)
		ret = walk_outside(walk, last, end);
	if (!ret)
		ret = flush_run(walk);
	free(walk);
	return ret;
}

int gmem_pagetable_walk(struct gmem_ctx *ctx, const struct gmem_image *image, uint64_t pfn,
			uint64_t pages, gmem_directmap_fn fn, void *arg)
{
	return gmem_pagetable_states(ctx, image, pfn, pages, NULL, fn, arg);
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
