// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * lib/xarray.c seen from outside: a tree of nodes with 64 slots, on which we hold no lock.
 *
 * A node that is read must say that it belongs to this array, that it hangs in the slot where its
 * parent has it, and that it has the parent's next lower shift. Nodes are freed by RCU and used
 * again for other trees; such a node does not pass this check. Children are read in one batch that
 * ends with their parent's slots. A slot that changed meanwhile is looked at again, a bounded
 * number of times.
 */
#include "kmem/xarray.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"
#include "kmem/pair.h"
#include "kmem/struct_layout.h"

#define SLOTS_MAX 64
#define DEPTH_MAX 12 /* 64 index bits, 6 a level, and one to spare */
#define RETRIES 4
/* The walk's caller is called now and then, even if one run is very long. */
#define RUN_MAX (1u << 16)

/* Entries as include/linux/xarray.h encodes them. */
#define ENTRY_KIND 3u /* these bits are zero in a pointer */
#define ENTRY_INTERNAL 2u
#define ENTRY_NODE_MIN 4096u /* an internal entry above this is a node */
#define ENTRY_SIBLING_MAX 62u
#define ENTRY_RETRY 0x402u

struct level {
	uint64_t *slots;  /* of the node that is being walked: part of its copy */
	uint64_t address; /* of that node */
	uint64_t follows; /* of a leaf: see follows() */
	unsigned int at;  /* the slot that is being walked */
	struct gmem_gather children[SLOTS_MAX];
	uint16_t index[SLOTS_MAX]; /* the slot that each child hangs on */
	unsigned int count;	   /* of children that can be walked */
	unsigned int next;
	unsigned char *room; /* for their copies; NULL until the walk is here */
};

/* What a node must say about itself to be accepted. */
struct place {
	uint64_t parent;     /* 0: it is the first */
	unsigned int offset; /* the parent's slot that it hangs on */
	unsigned int shift;  /* index bits below it */
};

struct walk {
	struct gmem_ctx *ctx;
	const struct gmem_layout *layout;
	uint64_t xarray, first, last, stride;
	unsigned int slots; /* in a node */
	bool values;	    /* value entries are looked for, and no pointers */
	bool lends;	    /* leaves full of pages come as they are */
	struct gmem_xarray_run runs[GMEM_XARRAY_BATCH]; /* not handed on yet: the last may grow */
	size_t count;
	bool lent; /* one of them is a leaf, in the room of the copies */
	gmem_xarray_fn fn;
	void *arg;
	unsigned char *leaf_room; /* for copies of nodes without nodes below: nearly all are such */
	bool leaf_room_of_reader;
	struct level levels[DEPTH_MAX];
};

static const char reason_changing[] = "the page cache kept changing while it was read";
static const char reason_values_changing[] =
	"the memory attributes kept changing while they were read";
static const char reason_left_out[] = "a node of the xarray was left out of the dump";
static const char reason_corrupt[] = "a node of the xarray is not what it should be";

static bool is_internal(uint64_t entry)
{
	return (entry & ENTRY_KIND) == ENTRY_INTERNAL;
}

static bool is_node(uint64_t entry)
{
	return is_internal(entry) && entry > ENTRY_NODE_MIN;
}

static bool is_sibling(uint64_t entry)
{
	return is_internal(entry) && entry >> 2 <= ENTRY_SIBLING_MAX;
}

static bool is_pointer(uint64_t entry)
{
	return entry && !(entry & ENTRY_KIND);
}

static bool is_value(uint64_t entry)
{
	return entry & 1;
}

static bool is_wanted(const struct walk *walk, uint64_t entry)
{
	return walk->values ? is_value(entry) : is_pointer(entry);
}

static int flush_runs(struct walk *walk)
{
	size_t n = walk->count;

	walk->count = 0;
	walk->lent = false;
	return n ? walk->fn(walk->runs, n, walk->arg) : 0;
}

/*
 * Notes a run. It is copied member by member, here and wherever there may be a run for each page:
 * copying a struct in larger words right after it was written makes the CPU wait until it is in the
 * cache.
 */
static int emit(struct walk *walk, uint64_t index, uint64_t count, uint64_t pointer,
		unsigned int order, const char *reason)
{
	int ret = walk->count == GMEM_XARRAY_BATCH ? flush_runs(walk) : 0;
	struct gmem_xarray_run *run = &walk->runs[walk->count++];

	run->index = index;
	run->count = count;
	run->pointer = pointer;
	run->order = order;
	run->reason = reason;
	run->leaf = NULL;
	return ret;
}

/* count entries of one index each, with pointers that grow by the stride. */
static int emit_ones(struct walk *walk, uint64_t index, uint64_t pointer, uint64_t count)
{
	struct gmem_xarray_run *run = walk->count ? &walk->runs[walk->count - 1] : NULL;

	if (run && !run->order && !run->reason && !run->leaf && run->count < RUN_MAX &&
	    index == run->index + run->count &&
	    pointer == run->pointer + run->count * walk->stride) {
		run->count += count;
		return 0;
	}
	return emit(walk, index, count, pointer, 0, NULL);
}

static int emit_unknown(struct walk *walk, uint64_t index, uint64_t count, const char *reason)
{
	if (index < walk->first) {
		count -= walk->first - index;
		index = walk->first;
	}
	if (count - 1 > walk->last - index)
		count = walk->last - index + 1;
	return emit(walk, index, count, 0, 0, reason);
}

static const char *changing_of(const struct walk *walk)
{
	return walk->values ? reason_values_changing : reason_changing;
}

/* A dump does not change. If it lacks the node that an entry leads to, that is the reason. */
static const char *why_unread(const struct walk *walk, uint64_t entry, const char *otherwise)
{
	uint64_t word;

	if (walk->ctx->kernel->ops->dump && is_node(entry) &&
	    gmem_kmem_read_pointer(walk->ctx, entry - ENTRY_INTERNAL, &word) ==
		    -GMEM_KERNEL_NOT_RECORDED)
		return reason_left_out;
	return otherwise;
}

/* Slots that a pointer at slot i covers: itself and the siblings behind it. */
static unsigned int covered(const struct walk *walk, const uint64_t *slots, unsigned int i)
{
	unsigned int n = 1;

	while (i + n < walk->slots && is_sibling(slots[i + n]) && slots[i + n] >> 2 == i)
		n++;
	return n;
}

/*
 * Where the entry of slot i begins: there, or where its sibling leads. A sibling that leads to no
 * pointer, or to one that ends before it, was half written (xas_store() and xas_split() go through
 * the slots one by one, xas_descend() looks again where it finds a node): slot i itself.
 */
static unsigned int entry_of(const struct walk *walk, const uint64_t *slots, unsigned int i)
{
	uint64_t head = i < walk->slots && is_sibling(slots[i]) ? slots[i] >> 2 : i;

	if (head < i && is_wanted(walk, slots[head]) &&
	    head + covered(walk, slots, (unsigned int)head) > i)
		return (unsigned int)head;
	return i;
}

static unsigned int log2_of(uint64_t count)
{
	return 63 - (unsigned int)__builtin_clzll(count);
}

/* Whether each slot of a leaf is the first one plus so many strides; no branch but at the end. */
static bool all_follow(const struct walk *walk, const uint64_t *slots)
{
	return gmem_words_step(slots, walk->slots, slots[0], walk->stride, UINT64_MAX);
}

/* Whether each slot of a leaf has a page: a pointer of the kernel's has its highest bit set. */
static bool all_pages(const struct walk *walk, const uint64_t *slots)
{
	gmem_pair kinds = { 0, 0 }, set = { UINT64_MAX, UINT64_MAX };

	for (unsigned int i = 0; i < walk->slots; i += 2) {
		gmem_pair next = *(const gmem_pair *)&slots[i];

		kinds |= next;
		set &= next;
	}
	return !((kinds[0] | kinds[1]) & ENTRY_KIND) && (set[0] & set[1]) >> 63;
}

/*
 * A bit for each slot of a leaf: set if the next slot has its pointer plus the stride. This is the
 * hot path. If memory is in pieces, no branch can be predicted, so it has none.
 */
static uint64_t follows(const struct walk *walk, const uint64_t *slots, bool all)
{
	unsigned int i = walk->slots - 1;
	uint64_t mask = 0, stride = walk->stride;

	if (all)
		return (1ull << i) - 1;
	while (i--)
		mask = 2 * mask + (((slots[i] + stride) ^ slots[i + 1]) < 1);
	return mask;
}

/* How many entries of one index each, this slot being the first, go on by the stride. */
static unsigned int alike(const struct walk *walk, const struct level *level, unsigned int last)
{
	unsigned int i = level->at, n = 1 + (unsigned int)__builtin_ctzll(~(level->follows >> i));

	if (n > last - i + 1)
		n = last - i + 1;
	/* The last one may be large: siblings behind it tell. */
	if (i + n < walk->slots && is_sibling(level->slots[i + n]))
		n--;
	return n;
}

/* The entry at the level's slot, of that index. *taken: the slots that it and its run took. */
static int emit_entry(struct walk *walk, const struct level *level, unsigned int last,
		      unsigned int shift, uint64_t index, unsigned int *taken)
{
	uint64_t pointer = level->slots[level->at], count;

	*taken = shift ? 0 : alike(walk, level, last);
	if (*taken)
		return emit_ones(walk, index, pointer, *taken);
	*taken = covered(walk, level->slots, level->at);
	count = (uint64_t)*taken << shift;
	return emit(walk, index, count, pointer, log2_of(count), NULL);
}

/*
 * Room for the copies of a level's children. It is made when it is needed: trees are three or four
 * levels deep, those of small files one.
 */
static unsigned char *room_of(struct walk *walk, struct level *level, bool leaves)
{
	size_t size = GMEM_GATHER_ROOM(walk->layout->node_size);

	if (leaves && !walk->leaf_room)
		walk->leaf_room = gmem_kmem_room_new(walk->ctx, size, &walk->leaf_room_of_reader);
	if (!leaves && !level->room)
		level->room = malloc(size);
	return leaves ? walk->leaf_room : level->room;
}

/*
 * Reads the nodes below slots i..last of a level, and the slots again behind them. Keeps the
 * children before the first slot that changed.
 */
static int fill_level(struct walk *walk, int depth, unsigned int i, unsigned int last, bool leaves)
{
	struct level *level = &walk->levels[depth];
	size_t size = walk->layout->node_size;
	uint64_t again[SLOTS_MAX];
	struct gmem_kmem_request parent = {
		.address = level->address + walk->layout->offset[GMEM_NODE_SLOTS],
		.buffer = again,
		.length = walk->slots * 8,
	};
	unsigned char *room = room_of(walk, level, leaves);
	unsigned int n = 0;
	int ret = leaves && walk->lent ? flush_runs(walk) : 0; /* before their room is used again */

	if (ret)
		return ret;
	if (!room)
		return gmem_no_memory(walk->ctx, "a walk of the page cache");
	for (; i <= last; i++) {
		if (!is_node(level->slots[i]))
			continue;
		level->index[n] = (uint16_t)i;
		level->children[n++].address = level->slots[i] - ENTRY_INTERNAL;
	}
	ret = gmem_gather(walk->ctx, level->children, n, (uint32_t)size, room, &parent);
	if (ret)
		return ret;
	level->count = level->next = 0;
	for (unsigned int k = 0; !parent.result && k < n; k++) {
		unsigned int at = level->index[k];

		if (again[at] != level->slots[at] || !level->children[k].object)
			break;
		level->count = k + 1;
	}
	return 0;
}

/*
 * Looks at a slot anew, before it is tried again. *gone: the node is no longer part of the tree, so
 * that nothing follows from what its slots say (the kernel empties a node that it frees). To find
 * out, everything that leads to the node is read after the slot: the head, and the slot of each
 * node above.
 */
static int refresh_slot(struct walk *walk, int depth, unsigned int i, bool *gone)
{
	size_t slots = walk->layout->offset[GMEM_NODE_SLOTS];
	struct level *level = &walk->levels[depth];
	struct gmem_kmem_request requests[DEPTH_MAX + 1];
	uint64_t links[DEPTH_MAX];
	int ret;

	level->count = 0;
	requests[0] = (struct gmem_kmem_request){
		.address = level->address + slots + i * 8ull,
		.buffer = &level->slots[i],
		.length = 8,
	};
	for (int above = 0; above <= depth; above++)
		requests[above + 1] = (struct gmem_kmem_request){
			.address = above ? walk->levels[above - 1].address + slots +
						   walk->levels[above - 1].at * 8ull
					 : walk->xarray + walk->layout->offset[GMEM_XARRAY_HEAD],
			.buffer = &links[above],
			.length = 8,
		};
	ret = gmem_kmem_read_batch(walk->ctx, requests, (size_t)depth + 2);
	if (ret)
		return ret;
	*gone = requests[0].result;
	for (int above = 0; above <= depth; above++)
		if (requests[above + 1].result ||
		    links[above] != walk->levels[above].address + ENTRY_INTERNAL)
			*gone = true;
	return 0;
}

/* Whether a copy of a node says that it is the one that belongs there. */
static bool node_fits(const struct walk *walk, const unsigned char *node, const struct place *place)
{
	const struct gmem_layout *layout = walk->layout;

	return gmem_layout_read(layout, node, GMEM_NODE_ARRAY, 8) == walk->xarray &&
	       gmem_layout_read(layout, node, GMEM_NODE_PARENT, 8) == place->parent &&
	       gmem_layout_read(layout, node, GMEM_NODE_SHIFT, 1) == place->shift &&
	       (!place->parent ||
		gmem_layout_read(layout, node, GMEM_NODE_OFFSET, 1) == place->offset);
}

static int walk_node(struct walk *walk, int depth, unsigned char *node, uint64_t address,
		     uint64_t base, unsigned int shift);

/* A slot that holds a node. *again: it could not be read this time, look at the slot anew. */
static int walk_child(struct walk *walk, int depth, unsigned int i, unsigned int last,
		      uint64_t index, unsigned int shift, bool *again)
{
	struct level *level = &walk->levels[depth];
	unsigned int below = shift - walk->layout->node_bits;
	const struct place place = {
		.parent = level->address,
		.offset = i,
		.shift = below,
	};
	unsigned char *child;
	int ret = 0;

	*again = true;
	if (depth + 1 >= DEPTH_MAX || shift < walk->layout->node_bits)
		return 0;
	if (level->next >= level->count || level->index[level->next] != i)
		ret = fill_level(walk, depth, i, last, !below);
	if (ret || level->next >= level->count || level->index[level->next] != i)
		return ret;
	child = level->children[level->next++].object;
	if (!node_fits(walk, child, &place))
		return 0;
	*again = false;
	return walk_node(walk, depth + 1, child, level->slots[i] - ENTRY_INTERNAL, index, below);
}

/* Hands on a leaf as it is. */
static int emit_whole(struct walk *walk, uint64_t index, uint64_t *slots)
{
	int ret = emit(walk, index, walk->slots, slots[0], 0, NULL);

	walk->runs[walk->count - 1].leaf = slots;
	walk->lent = true;
	return ret;
}

/* Whether all slots of a leaf are asked for, and are to be handed on as they are. */
static bool is_whole(const struct walk *walk, const uint64_t *slots, uint64_t base)
{
	return walk->lends && base >= walk->first && walk->last - base >= walk->slots - 1 &&
	       all_pages(walk, slots);
}

/* The slots of one node; base is the index that its first slot has. */
static int walk_node(struct walk *walk, int depth, unsigned char *node, uint64_t address,
		     uint64_t base, unsigned int shift)
{
	struct level *level = &walk->levels[depth];
	unsigned int first = walk->first > base ? (unsigned int)((walk->first - base) >> shift) : 0;
	uint64_t reach = (walk->last - base) >> shift;
	unsigned int last = reach < walk->slots ? (unsigned int)reach : walk->slots - 1;
	unsigned int retries = 0, taken;
	bool gone, all;
	int ret = 0;

	level->slots = (uint64_t *)(node + walk->layout->offset[GMEM_NODE_SLOTS]);
	level->address = address;
	level->count = 0;
	all = !shift && all_follow(walk, level->slots);
	if (!shift && !all && is_whole(walk, level->slots, base))
		return emit_whole(walk, base, level->slots);
	level->follows = shift ? 0 : follows(walk, level->slots, all);
	first = entry_of(walk, level->slots, first); /* the range may begin inside a large one */
	for (unsigned int i = first; !ret && i <= last; i += taken) {
		uint64_t entry = level->slots[i];
		uint64_t index = base + ((uint64_t)i << shift);
		/* Siblings are taken with their pointer: one that is met alone is a stray. */
		bool again = entry == ENTRY_RETRY || is_sibling(entry);

		taken = 1;
		level->at = i;
		if (is_wanted(walk, entry))
			ret = emit_entry(walk, level, last, shift, index, &taken);
		else if (is_node(entry))
			ret = walk_child(walk, depth, i, last, index, shift, &again);
		if (ret || !again) {
			retries = 0;
			continue;
		}
		ret = refresh_slot(walk, depth, i, &gone);
		level->follows = shift ? 0 : follows(walk, level->slots, false);
		gmem_log(walk->ctx, GMEM_LOG_DEBUG,
			 "page cache: slot %u of a node at depth %d changed while it was read", i,
			 depth);
		if (!ret && !gone && ++retries <= RETRIES) {
			taken = 0;
		} else if (!ret) {
			ret = emit_unknown(walk, index, 1ull << shift,
					   why_unread(walk, level->slots[i], changing_of(walk)));
			retries = 0;
		}
	}
	return ret;
}

/* Reads the head and, where it is a node, that node. Returns 1 if it has to be read again. */
static int read_head(struct walk *walk, uint64_t *head, unsigned char *node, unsigned int *shift)
{
	struct gmem_ctx *ctx = walk->ctx;
	uint64_t at = walk->xarray + walk->layout->offset[GMEM_XARRAY_HEAD], again;
	int ret = gmem_kmem_read_pointer(ctx, at, head);

	if (ret || !is_node(*head))
		return ret;
	ret = gmem_kmem_read(ctx, *head - ENTRY_INTERNAL, node, walk->layout->node_size);
	if (ret && ret != -EFAULT && ret != -GMEM_KERNEL_NOT_RECORDED)
		return ret;
	if (gmem_kmem_read_pointer(ctx, at, &again) || again != *head || ret)
		return 1;
	*shift = (unsigned int)gmem_layout_read(walk->layout, node, GMEM_NODE_SHIFT, 1);
	if (*shift + walk->layout->node_bits > 64 || *shift % walk->layout->node_bits ||
	    !node_fits(walk, node, &(struct place){ .shift = *shift }))
		return 1;
	return 0;
}

static int walk_head(struct walk *walk)
{
	unsigned char node[GMEM_KMEM_REQUEST_MAX] __attribute__((aligned(8)));
	unsigned int shift = 0;
	uint64_t head = 0;
	int ret = 1;

	for (int tries = 0; ret == 1 && tries <= RETRIES; tries++)
		ret = read_head(walk, &head, node, &shift);
	if (ret == 1)
		return emit_unknown(walk, walk->first, walk->last - walk->first + 1,
				    why_unread(walk, head, reason_corrupt));
	if (ret)
		return gmem_fail(walk->ctx, ret, "an xarray of the kernel cannot be read: %s",
				 gmem_kmem_words(walk->ctx, ret));
	if (is_wanted(walk, head) && walk->first == 0)
		return emit_ones(walk, 0, head, 1);
	if (!is_node(head))
		return 0;
	/* Past what the tree reaches there is nothing. */
	if (shift + walk->layout->node_bits < 64) {
		uint64_t end = (1ull << (shift + walk->layout->node_bits)) - 1;

		if (walk->first > end)
			return 0;
		if (walk->last > end)
			walk->last = end;
	}
	ret = walk_node(walk, 0, node, head - ENTRY_INTERNAL, 0, shift);
	return !ret && walk->lent ? flush_runs(walk) : ret; /* node may be lent */
}

static void free_rooms(struct walk *walk)
{
	gmem_kmem_room_free(walk->ctx, walk->leaf_room, walk->leaf_room_of_reader);
	for (size_t depth = 0; depth < DEPTH_MAX; depth++)
		free(walk->levels[depth].room);
}

static int walk_array(struct gmem_ctx *ctx, const struct walk *asked)
{
	struct walk *walk = malloc(sizeof(*walk));
	int ret;

	if (!walk)
		return gmem_no_memory(ctx, "a walk of an xarray");
	*walk = *asked;
	walk->ctx = ctx;
	ret = gmem_layout_get(ctx, &walk->layout);
	if (ret)
		goto out;
	walk->slots = 1u << walk->layout->node_bits;
	walk->lends = walk->lends && walk->slots == GMEM_LEAF_SLOTS;
	ret = walk_head(walk);
	if (!ret)
		ret = flush_runs(walk);
	free_rooms(walk);
out:
	free(walk);
	return ret;
}

int gmem_xarray_walk(struct gmem_ctx *ctx, uint64_t xarray, uint64_t first, uint64_t last,
		     uint64_t stride, gmem_xarray_fn fn, void *arg)
{
	const struct walk walk = {
		.xarray = xarray,
		.first = first,
		.last = last,
		.stride = stride,
		.fn = fn,
		.arg = arg,
	};

	return walk_array(ctx, &walk);
}

int gmem_xarray_pages(struct gmem_ctx *ctx, uint64_t xarray, uint64_t first, uint64_t last,
		      uint64_t stride, gmem_xarray_fn fn, void *arg)
{
	const struct walk walk = {
		.xarray = xarray,
		.first = first,
		.last = last,
		.stride = stride,
		.lends = true,
		.fn = fn,
		.arg = arg,
	};

	return walk_array(ctx, &walk);
}

int gmem_xarray_values(struct gmem_ctx *ctx, uint64_t xarray, uint64_t first, uint64_t last,
		       gmem_xarray_fn fn, void *arg)
{
	const struct walk walk = {
		.xarray = xarray,
		.first = first,
		.last = last,
		.values = true,
		.fn = fn,
		.arg = arg,
	};

	return walk_array(ctx, &walk);
}
