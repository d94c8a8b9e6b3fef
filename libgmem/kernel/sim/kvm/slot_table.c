// SPDX-License-Identifier: LGPL-2.1-or-later
/* The memslots of one address space, by guest frame number and by id. */
#include <stdlib.h>
#include <string.h>

#include "kernel/sim/kvm/kvm.h"

struct sim_slot *sim_slot_by_id(const struct sim_slots *slots, uint32_t id)
{
	return id < slots->ids ? slots->by_id[id] : NULL;
}

size_t sim_slot_index(const struct sim_slots *slots, uint64_t gfn)
{
	size_t low = 0, high = slots->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct sim_slot *slot = slots->slots[middle];

		if (slot->base_gfn + slot->npages <= gfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int grow_ids(struct sim_slots *slots, uint32_t id)
{
	size_t size = slots->ids ? slots->ids : 8;
	struct sim_slot **by_id;

	while (size <= id)
		size *= 2;
	by_id = realloc(slots->by_id, size * sizeof(*by_id));
	if (!by_id)
		return -ENOMEM;
	memset(by_id + slots->ids, 0, (size - slots->ids) * sizeof(*by_id));
	slots->by_id = by_id;
	slots->ids = size;
	return 0;
}

static int grow_slots(struct sim_slots *slots)
{
	size_t size = slots->size ? 2 * slots->size : 8;
	struct sim_slot **grown = realloc(slots->slots, size * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	slots->slots = grown;
	slots->size = size;
	return 0;
}

int sim_slot_insert(struct sim_slots *slots, struct sim_slot *slot)
{
	size_t at = sim_slot_index(slots, slot->base_gfn);

	if (slot->id >= slots->ids && grow_ids(slots, slot->id))
		return -ENOMEM;
	if (slots->count == slots->size && grow_slots(slots))
		return -ENOMEM;
	memmove(slots->slots + at + 1, slots->slots + at,
		(slots->count - at) * sizeof(*slots->slots));
	slots->slots[at] = slot;
	slots->by_id[slot->id] = slot;
	slots->count++;
	return 0;
}

void sim_slot_remove(struct sim_slots *slots, const struct sim_slot *slot)
{
	size_t at = sim_slot_index(slots, slot->base_gfn);

	slots->count--;
	memmove(slots->slots + at, slots->slots + at + 1,
		(slots->count - at) * sizeof(*slots->slots));
	slots->by_id[slot->id] = NULL;
}
