// SPDX-License-Identifier: LGPL-2.1-or-later
/* The memslots of one address space, by guest frame number and by id. */
#include <stdlib.h>
#include <string.h>

#include "kernel/search.h"
#include "kernel/sim/kvm/kvm.h"

struct sim_slot *sim_slot_by_id(const struct sim_slots *slots, uint32_t id)
{
	return id < slots->ids ? slots->by_id[id] : NULL;
}

static bool ends_before(const void *entry, const void *gfn)
{
	const struct sim_slot *slot = *(struct sim_slot *const *)entry;

	return slot->base_gfn + slot->npages <= *(const uint64_t *)gfn;
}

size_t sim_slot_index(const struct sim_slots *slots, uint64_t gfn)
{
	return gmem_lower_bound(slots->slots, slots->count, sizeof(slots->slots[0]), ends_before,
				&gfn);
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
