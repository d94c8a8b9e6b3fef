// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * XArrays in the model's kernel memory, in the form that Documentation/core-api/xarray.rst and
 * include/linux/xarray.h give them: a walker finds nodes, ranges and siblings as on a real kernel.
 */
#include "kernel/sim/internal.h"

#define CHUNK_SHIFT 6u
#define CHUNK 64u

/* struct xa_node; layout.c has the same offsets. */
struct node {
	uint8_t shift;
	uint8_t offset;
	uint8_t count;
	uint8_t values;
	uint64_t parent;
	uint64_t array;
	uint64_t private_list[2];
	uint64_t slots[CHUNK];
	uint64_t marks[3];
};

_Static_assert(sizeof(struct node) == 576, "struct xa_node");
_Static_assert(offsetof(struct node, slots) == 40, "struct xa_node");

static bool is_node(uint64_t entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

static bool is_sibling(uint64_t entry)
{
	return (entry & 3) == 2 && entry >> 2 < CHUNK - 1;
}

static struct node *node_at(struct gmem_sim *sim, uint64_t entry)
{
	return sim_kptr(sim, entry - 2);
}

/* Indices that a slot of a node covers, less one. */
static uint64_t span(unsigned int shift)
{
	return shift >= 64 ? UINT64_MAX : (1ull << shift) - 1;
}

static unsigned int slot_of(const struct node *node, uint64_t index)
{
	return index >> node->shift & (CHUNK - 1);
}

static uint64_t head_of(struct gmem_sim *sim, uint64_t xa)
{
	return sim_get(sim, xa, SIM_XARRAY_HEAD);
}

static uint64_t new_node(struct gmem_sim *sim, uint64_t xa, unsigned int shift)
{
	uint64_t address = sim_object(sim, SIM_XA_NODE);
	struct node *node;

	if (!address)
		return 0;
	node = sim_kptr(sim, address);
	node->shift = (uint8_t)shift;
	node->array = xa;
	return address;
}

uint64_t sim_xa_load(struct gmem_sim *sim, uint64_t xa, uint64_t index)
{
	uint64_t entry = head_of(sim, xa);

	if (!is_node(entry))
		return index ? 0 : entry;
	if (index > span(node_at(sim, entry)->shift + CHUNK_SHIFT))
		return 0;
	while (is_node(entry)) {
		struct node *node = node_at(sim, entry);

		entry = node->slots[slot_of(node, index)];
		if (is_sibling(entry))
			entry = node->slots[entry >> 2];
	}
	return entry;
}

static uint64_t find_below(struct gmem_sim *sim, uint64_t entry, uint64_t *index, uint64_t last)
{
	struct node *node = node_at(sim, entry);
	uint64_t at = *index;

	for (unsigned int slot = slot_of(node, at); slot < CHUNK && at <= last; slot++) {
		uint64_t found = node->slots[slot];

		if (is_sibling(found))
			found = node->slots[found >> 2];
		if (is_node(found)) {
			uint64_t inner = at;

			found = find_below(sim, found, &inner, last);
			at = found ? inner : at;
		}
		if (found) {
			*index = at;
			return found;
		}
		at = (at | span(node->shift)) + 1;
	}
	return 0;
}

uint64_t sim_xa_find(struct gmem_sim *sim, uint64_t xa, uint64_t *index, uint64_t last)
{
	uint64_t entry = head_of(sim, xa);

	if (*index > last)
		return 0;
	if (!is_node(entry))
		return *index ? 0 : entry;
	if (*index > span(node_at(sim, entry)->shift + CHUNK_SHIFT))
		return 0;
	return find_below(sim, entry, index, last);
}

/* Grows the tree until its head is a node of at least that shift that covers last. */
static int expand(struct gmem_sim *sim, uint64_t xa, unsigned int shift, uint64_t last)
{
	uint64_t head = head_of(sim, xa);
	unsigned int top = 0;

	if (is_node(head))
		top = node_at(sim, head)->shift + CHUNK_SHIFT;
	while (!is_node(head) || last > span(top) || top <= shift) {
		unsigned int node_shift = top;
		uint64_t address;
		struct node *node;

		/* An empty tree starts at the height it needs; a full one grows step by step. */
		while (!head && (last > span(node_shift + CHUNK_SHIFT) || node_shift < shift))
			node_shift += CHUNK_SHIFT;
		address = new_node(sim, xa, node_shift);
		if (!address)
			return -ENOMEM;
		node = sim_kptr(sim, address);
		if (head) {
			node->slots[0] = head;
			node->count = 1;
			if (is_node(head))
				node_at(sim, head)->parent = address;
		}
		head = address | 2;
		sim_set(sim, xa, SIM_XARRAY_HEAD, head);
		top = node_shift + CHUNK_SHIFT;
	}
	return 0;
}

/* The node of that shift on the way to index, made if need be. */
static struct node *descend(struct gmem_sim *sim, uint64_t xa, uint64_t index, unsigned int shift)
{
	uint64_t entry = head_of(sim, xa);
	struct node *node = node_at(sim, entry);

	while (node->shift > shift) {
		unsigned int slot = slot_of(node, index);
		uint64_t child = node->slots[slot];

		if (!child) {
			uint64_t address = new_node(sim, xa, node->shift - CHUNK_SHIFT);
			struct node *made;

			if (!address)
				return NULL;
			made = sim_kptr(sim, address);
			made->offset = (uint8_t)slot;
			made->parent = entry - 2;
			child = address | 2;
			node->slots[slot] = child;
			node->count++;
		}
		entry = child;
		node = node_at(sim, entry);
	}
	return node;
}

/* The largest block that begins at first and ends by last: a slot's shift, and how many slots. */
static unsigned int block_at(uint64_t first, uint64_t last, unsigned int *shift)
{
	uint64_t slots;

	*shift = 0;
	while (*shift + CHUNK_SHIFT < 60 && !(first & span(*shift + CHUNK_SHIFT)) &&
	       last - first >= span(*shift + CHUNK_SHIFT))
		*shift += CHUNK_SHIFT;
	slots = (last - first - span(*shift)) / (span(*shift) + 1) + 1;
	if (slots > CHUNK - (first >> *shift & (CHUNK - 1)))
		slots = CHUNK - (first >> *shift & (CHUNK - 1));
	return (unsigned int)slots;
}

static int store_block(struct gmem_sim *sim, uint64_t xa, uint64_t index, unsigned int shift,
		       unsigned int slots, uint64_t entry)
{
	struct node *node;
	unsigned int slot;
	int err;

	err = expand(sim, xa, shift, index + slots * (span(shift) + 1) - 1);
	if (err)
		return err;
	node = descend(sim, xa, index, shift);
	if (!node)
		return -ENOMEM;
	slot = slot_of(node, index);
	for (unsigned int i = 0; i < slots; i++) {
		node->count += !node->slots[slot + i];
		node->slots[slot + i] = i ? (uint64_t)slot << 2 | 2 : entry;
	}
	return 0;
}

int sim_xa_store_range(struct gmem_sim *sim, uint64_t xa, uint64_t first, uint64_t last,
		       uint64_t entry)
{
	uint64_t at = first;

	/* A single entry at index 0 needs no node. */
	if (!last && !is_node(head_of(sim, xa))) {
		sim_set(sim, xa, SIM_XARRAY_HEAD, entry);
		return 0;
	}
	while (at <= last) {
		unsigned int shift;
		unsigned int slots = block_at(at, last, &shift);
		int err = store_block(sim, xa, at, shift, slots, entry);

		if (err) {
			if (at != first)
				sim_xa_erase_range(sim, xa, first, at - 1);
			return err;
		}
		at += slots * (span(shift) + 1);
	}
	return 0;
}

/* A head node with nothing but slot 0 gives way to it, as xas_shrink() does. */
static void shrink(struct gmem_sim *sim, uint64_t xa)
{
	for (;;) {
		uint64_t head = head_of(sim, xa);
		struct node *node;
		uint64_t child;

		if (!is_node(head))
			return;
		node = node_at(sim, head);
		child = node->slots[0];
		if (node->count != 1 || !child || (!is_node(child) && node->shift))
			return;
		if (is_node(child))
			node_at(sim, child)->parent = 0;
		sim_set(sim, xa, SIM_XARRAY_HEAD, child);
		sim_object_free(sim, SIM_XA_NODE, head - 2);
	}
}

/* Frees a node that became empty, and its parents with it. */
static void delete_empty(struct gmem_sim *sim, uint64_t xa, struct node *node, uint64_t address)
{
	while (!node->count) {
		uint64_t parent = node->parent;
		unsigned int offset = node->offset;

		sim_object_free(sim, SIM_XA_NODE, address);
		if (!parent) {
			sim_set(sim, xa, SIM_XARRAY_HEAD, 0);
			return;
		}
		node = sim_kptr(sim, parent);
		node->slots[offset] = 0;
		node->count--;
		address = parent;
	}
	shrink(sim, xa);
}

/* Clears an entry with its siblings; returns the first index behind it. */
static uint64_t clear_entry(struct node *node, unsigned int slot, uint64_t index)
{
	unsigned int end = slot + 1;

	node->slots[slot] = 0;
	node->count--;
	for (; end < CHUNK && node->slots[end] == ((uint64_t)slot << 2 | 2); end++) {
		node->slots[end] = 0;
		node->count--;
	}
	return (index & ~span(node->shift + CHUNK_SHIFT)) + ((uint64_t)end << node->shift);
}

/* Removes the entry that holds index; returns the first index behind that entry. */
static uint64_t erase_at(struct gmem_sim *sim, uint64_t xa, uint64_t index)
{
	uint64_t entry = head_of(sim, xa);
	struct node *node = NULL;
	uint64_t address = 0;
	unsigned int slot = 0;

	if (!is_node(entry)) {
		sim_set(sim, xa, SIM_XARRAY_HEAD, 0);
		return index + 1;
	}
	while (is_node(entry)) {
		address = entry - 2;
		node = sim_kptr(sim, address);
		slot = slot_of(node, index);
		entry = node->slots[slot];
	}
	if (is_sibling(entry))
		slot = (unsigned int)(entry >> 2);
	index = clear_entry(node, slot, index);
	delete_empty(sim, xa, node, address);
	return index;
}

void sim_xa_erase_range(struct gmem_sim *sim, uint64_t xa, uint64_t first, uint64_t last)
{
	while (sim_xa_find(sim, xa, &first, last))
		first = erase_at(sim, xa, first);
}
