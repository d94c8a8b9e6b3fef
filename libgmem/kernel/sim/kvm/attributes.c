// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM_SET_MEMORY_ATTRIBUTES: kvm_vm_ioctl_set_mem_attributes(). Attributes belong to the VM, not
 * to memslots; they are kept as ranges because a call may cover the whole address space.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/search.h"
#include "kernel/sim/kvm/in_place.h"

static bool ends_before(const void *entry, const void *gfn)
{
	return ((const struct sim_gfn_range *)entry)->last < *(const uint64_t *)gfn;
}

/* The first range that ends at or behind gfn. */
static size_t find(const struct sim_attributes *attributes, uint64_t gfn)
{
	return gmem_lower_bound(attributes->ranges, attributes->count, sizeof(*attributes->ranges),
				ends_before, &gfn);
}

bool sim_attributes_has(const struct sim_attributes *attributes, uint64_t gfn)
{
	size_t at = find(attributes, gfn);

	return at < attributes->count && attributes->ranges[at].first <= gfn;
}

bool sim_gfn_is_private(const struct sim_vm *vm, uint64_t gfn)
{
	const struct sim_slot *slot;

	if (!vm->in_place)
		return sim_attributes_has(&vm->attributes, gfn);
	slot = sim_slot_at(vm, gfn);
	return slot && slot->gmem &&
	       sim_in_place_is_private(slot->gmem, slot->pgoff + gfn - slot->base_gfn);
}

static bool is_all(const struct sim_attributes *attributes, uint64_t first, uint64_t last,
		   bool is_private)
{
	size_t at = find(attributes, first);

	if (at == attributes->count)
		return !is_private;
	if (is_private)
		return attributes->ranges[at].first <= first && attributes->ranges[at].last >= last;
	return attributes->ranges[at].first > last;
}

/* Rewrites the list: what is outside stays, the range is added or not, neighbours join. */
int sim_attributes_assign(struct sim_attributes *attributes, uint64_t first, uint64_t last,
			  bool is_private)
{
	struct sim_gfn_range *ranges = calloc(attributes->count + 2, sizeof(*ranges));
	struct sim_gfn_range added = { first, last };
	size_t n = 0, at = 0;

	if (!ranges)
		return -ENOMEM;
	for (; at < attributes->count && attributes->ranges[at].first < first; at++) {
		struct sim_gfn_range old = attributes->ranges[at];

		if (old.last + 1 < first + !is_private) {
			ranges[n++] = old;
		} else if (is_private) {
			added.first = old.first;
			added.last = old.last > added.last ? old.last : added.last;
		} else {
			ranges[n++] = (struct sim_gfn_range){ old.first, first - 1 };
			if (old.last > last)
				ranges[n++] = (struct sim_gfn_range){ last + 1, old.last };
		}
	}
	for (; at < attributes->count && attributes->ranges[at].first <= last + is_private; at++) {
		struct sim_gfn_range old = attributes->ranges[at];

		if (is_private)
			added.last = old.last > added.last ? old.last : added.last;
		else if (old.last > last)
			ranges[n++] = (struct sim_gfn_range){ last + 1, old.last };
	}
	if (is_private)
		ranges[n++] = added;
	for (; at < attributes->count; at++)
		ranges[n++] = attributes->ranges[at];
	free(attributes->ranges);
	attributes->ranges = ranges;
	attributes->count = n;
	return 0;
}

#define LAST_GFN (UINT64_MAX >> sim->page_shift)
#define ONE_BY_ONE 512u /* pages */

/*
 * The entries that mem_attr_array has for a range. KVM stores one for each page; so does the model
 * where they are few, and else larger ones: a range may be all addresses that there are.
 */
static int store_range(struct gmem_sim *sim, uint64_t xa, const struct sim_gfn_range *range)
{
	const uint64_t entry = GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE << 1 | 1; /* xa_mk_value() */
	int err = 0;

	if (range->last - range->first >= ONE_BY_ONE)
		return sim_xa_store_range(sim, xa, range->first, range->last, entry);
	for (uint64_t gfn = range->first; !err && gfn <= range->last; gfn++)
		err = sim_xa_store_range(sim, xa, gfn, gfn, entry);
	return err;
}

/* kvm->mem_attr_array, made anew. */
static int lay_out(struct gmem_sim *sim, const struct sim_vm *vm,
		   const struct sim_attributes *attributes)
{
	uint64_t xa = sim_member(sim, vm->address, SIM_KVM_ATTRIBUTES);
	int err = 0;

	sim_xa_erase_range(sim, xa, 0, LAST_GFN);
	for (size_t i = 0; !err && i < attributes->count; i++)
		err = store_range(sim, xa, &attributes->ranges[i]);
	return err;
}

void sim_attributes_exit(struct gmem_sim *sim, struct sim_vm *vm)
{
	if (vm->address)
		sim_xa_erase_range(sim, sim_member(sim, vm->address, SIM_KVM_ATTRIBUTES), 0,
				   LAST_GFN);
	free(vm->attributes.ranges);
}

/*
 * The call changes all of the range or nothing: kvm_vm_set_mem_attributes() reserves its entries
 * before it stores one.
 */
static int assign(struct gmem_sim *sim, struct sim_vm *vm, uint64_t first, uint64_t last,
		  bool is_private)
{
	struct sim_attributes changed = { .count = vm->attributes.count };
	int err;

	if (changed.count) {
		changed.ranges = malloc(changed.count * sizeof(*changed.ranges));
		if (!changed.ranges)
			return -ENOMEM;
		memcpy(changed.ranges, vm->attributes.ranges,
		       changed.count * sizeof(*changed.ranges));
	}
	err = sim_attributes_assign(&changed, first, last, is_private);
	if (!err) {
		err = lay_out(sim, vm, &changed);
		if (err)
			lay_out(sim, vm, &vm->attributes); /* there was memory for that */
	}
	if (err) {
		free(changed.ranges);
		return err;
	}
	free(vm->attributes.ranges);
	vm->attributes = changed;
	return 0;
}

/*
 * Memory that becomes private loses its shared mappings, memory that becomes shared its private
 * ones: kvm_pre_set_memory_attributes(). Nothing is copied or freed.
 */
static int zap_range(struct gmem_sim *sim, struct sim_vm *vm, uint64_t first, uint64_t last,
		     enum sim_zap which)
{
	struct sim_slots *slots = &vm->spaces[0];

	for (size_t at = sim_slot_index(slots, first); at < slots->count; at++) {
		const struct sim_slot *slot = slots->slots[at];
		uint64_t from = slot->base_gfn > first ? slot->base_gfn : first;
		uint64_t to = slot->base_gfn + slot->npages - 1;
		int err;

		if (slot->base_gfn > last)
			break;
		if (!slot->gmem)
			continue;
		err = sim_zap_pages(sim, vm, slot->gmem->inode, slot->pgoff + from - slot->base_gfn,
				    slot->pgoff + (to < last ? to : last) - slot->base_gfn, which);
		if (err)
			return err;
	}
	return 0;
}

int sim_vm_set_attributes(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vm *vm = object;
	struct gmem_kvm_memory_attributes attributes;
	uint64_t supported = vm->has_private ? GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	uint64_t first, last;
	bool is_private;
	int err;

	if (!sim->model->attributes || vm->in_place)
		return -ENOTTY;
	if (sim_copy_from_user(&attributes, arg, sizeof(attributes)))
		return -EFAULT;
	if (attributes.flags || attributes.attributes & ~supported)
		return -EINVAL;
	if (!attributes.size || attributes.address + attributes.size < attributes.address)
		return -EINVAL;
	if ((attributes.address | attributes.size) & sim->page_mask)
		return -EINVAL;
	first = attributes.address >> sim->page_shift;
	last = first + (attributes.size >> sim->page_shift) - 1;
	is_private = attributes.attributes & GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE;
	if (is_all(&vm->attributes, first, last, is_private))
		return 0;
	err = zap_range(sim, vm, first, last, is_private ? SIM_ZAP_SHARED : SIM_ZAP_PRIVATE);
	return err ? err : assign(sim, vm, first, last, is_private);
}
