// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM_SET_USER_MEMORY_REGION and REGION2: the checks of kvm_vm_ioctl(), kvm_set_memory_region(),
 * kvm_set_memslot() and kvm_arch_prepare_memory_region(), in their order.
 */
#include <linux/kvm.h>
#include <stdlib.h>

#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/kvm/tdx.h"

#define FLAGS_V1 (GMEM_KVM_MEM_LOG_DIRTY_PAGES | GMEM_KVM_MEM_READONLY)
#define MAX_PAGES 0x7fffffffull
#define USER_END_4 0x00007ffffffff000ull /* TASK_SIZE_MAX */
#define USER_END_5 0x00fffffffffff000ull
#define USER_END_ARM64 0x0010000000000000ull /* 52 bits, whatever the CPU has */

typedef struct gmem_kvm_userspace_memory_region2 region_t;

static unsigned int space_count(const struct gmem_sim *sim, const struct sim_vm *vm)
{
	return vm->has_private || sim->model->arm64 ? 1 : 2;
}

static struct sim_slots *space_of(struct sim_vm *vm, const region_t *region)
{
	return &vm->spaces[region->slot >> 16];
}

struct sim_slot *sim_slot_at(const struct sim_vm *vm, uint64_t gfn)
{
	const struct sim_slots *slots = &vm->spaces[0];
	size_t at = sim_slot_index(slots, gfn);

	if (at == slots->count || slots->slots[at]->base_gfn > gfn)
		return NULL;
	return slots->slots[at];
}

/* check_memory_region_flags() */
static int check_flags(const struct gmem_sim *sim, const struct sim_vm *vm, const region_t *region)
{
	bool takes_gmem = !sim->model->gmem.private_vms_only || vm->has_private;
	uint32_t valid = GMEM_KVM_MEM_LOG_DIRTY_PAGES;

	if (takes_gmem)
		valid |= GMEM_KVM_MEM_GUEST_MEMFD;
	if (!vm->has_protected_state)
		valid |= GMEM_KVM_MEM_READONLY;
	if (region->flags & GMEM_KVM_MEM_GUEST_MEMFD)
		valid &= ~FLAGS_V1;
	return region->flags & ~valid ? -EINVAL : 0;
}

static bool is_user_range(const struct gmem_sim *sim, uint64_t start, uint64_t size)
{
	uint64_t end = sim->model->arm64	     ? USER_END_ARM64
		       : sim->model->cpu->five_level ? USER_END_5
						     : USER_END_4;

	return start + size >= start && start + size <= end;
}

/* The first part of kvm_set_memory_region(): what is wrong with the request in itself. */
static int check_region(const struct gmem_sim *sim, const struct sim_vm *vm, const region_t *region)
{
	uint64_t pages = region->memory_size >> sim->page_shift;

	if (check_flags(sim, vm, region))
		return -EINVAL;
	if (region->memory_size & sim->page_mask || region->guest_phys_addr & sim->page_mask)
		return -EINVAL;
	if (region->userspace_addr & sim->page_mask ||
	    !is_user_range(sim, region->userspace_addr, region->memory_size))
		return -EINVAL;
	if (region->flags & GMEM_KVM_MEM_GUEST_MEMFD &&
	    (region->guest_memfd_offset & sim->page_mask ||
	     region->guest_memfd_offset + region->memory_size < region->guest_memfd_offset))
		return -EINVAL;
	if (region->slot >> 16 >= space_count(sim, vm))
		return -EINVAL;
	if (region->guest_phys_addr + region->memory_size < region->guest_phys_addr)
		return -EINVAL;
	return pages > MAX_PAGES ? -EINVAL : 0;
}

/* What slots of existing memory may change: KVM_MR_MOVE and KVM_MR_FLAGS_ONLY. */
static int check_change(const struct gmem_sim *sim, const struct sim_slot *old,
			const region_t *region)
{
	uint32_t fixed = GMEM_KVM_MEM_READONLY | GMEM_KVM_MEM_GUEST_MEMFD;

	if (region->flags & GMEM_KVM_MEM_GUEST_MEMFD)
		return -EINVAL;
	if (region->userspace_addr != old->userspace_addr ||
	    region->memory_size >> sim->page_shift != old->npages ||
	    (region->flags ^ old->flags) & fixed)
		return -EINVAL;
	return 0;
}

static bool overlaps(const struct sim_slots *slots, const struct sim_slot *except, uint64_t first,
		     uint64_t pages)
{
	for (size_t at = sim_slot_index(slots, first); at < slots->count; at++) {
		if (slots->slots[at]->base_gfn >= first + pages)
			return false;
		if (slots->slots[at] != except)
			return true;
	}
	return false;
}

/* kvm_arch_prepare_memory_region() of arm64: the VM's addresses, and no memory without mmap. */
static int prepare_arm64(const struct gmem_sim *sim, const struct sim_vm *vm,
			 const region_t *region, const struct sim_gmem *gmem)
{
	uint64_t end = (region->guest_phys_addr + region->memory_size) >> sim->page_shift;

	if (end > 1ull << vm->ipa_bits >> sim->page_shift)
		return -EFAULT;
	return gmem && !(gmem->inode->gmem_flags & SIM_GMEM_MMAP) ? -EINVAL : 0;
}

/* kvm_arch_prepare_memory_region(): what the MMU can map, and no shared alias of a TD. */
static int prepare(const struct gmem_sim *sim, const struct sim_vm *vm, const region_t *region,
		   const struct sim_gmem *gmem)
{
	uint64_t last = (region->guest_phys_addr + region->memory_size - 1) >> sim->page_shift;
	unsigned int bits = sim->model->pre_fault ? sim->model->cpu->physical_bits : 52;

	if (sim->model->arm64)
		return prepare_arm64(sim, vm, region, gmem);
	if (last >> (bits - sim->page_shift))
		return -EINVAL;
	return last & sim_td_shared_gfn(vm) ? -EINVAL : 0;
}

static void write_slot(struct gmem_sim *sim, const struct sim_slot *slot)
{
	sim_set(sim, slot->address, SIM_SLOT_BASE_GFN, slot->base_gfn);
	sim_set(sim, slot->address, SIM_SLOT_NPAGES, slot->npages);
	sim_set(sim, slot->address, SIM_SLOT_USERSPACE, slot->userspace_addr);
	sim_set(sim, slot->address, SIM_SLOT_FLAGS, slot->flags);
	sim_set(sim, slot->address, SIM_SLOT_ID, slot->id);
	sim_set(sim, slot->address, SIM_SLOT_AS_ID, slot->as_id);
	sim_set(sim, slot->address, SIM_SLOT_GMEM_PGOFF, slot->pgoff);
}

static struct sim_slot *new_slot(struct gmem_sim *sim, const region_t *region)
{
	struct sim_slot *slot = calloc(1, sizeof(*slot));

	if (!slot)
		return NULL;
	slot->address = sim_object(sim, SIM_KVM_SLOT);
	if (!slot->address) {
		free(slot);
		return NULL;
	}
	slot->id = region->slot & 0xffff;
	slot->as_id = region->slot >> 16;
	slot->base_gfn = region->guest_phys_addr >> sim->page_shift;
	slot->npages = region->memory_size >> sim->page_shift;
	slot->userspace_addr = region->userspace_addr;
	slot->flags = region->flags;
	return slot;
}

static void free_slot(struct gmem_sim *sim, struct sim_slot *slot)
{
	sim_object_free(sim, SIM_KVM_SLOT, slot->address);
	free(slot);
}

/* kvm_gmem_prepare_binding(): the file and the range of it. */
static int find_gmem(struct gmem_sim *sim, const struct sim_vm *vm, const region_t *region,
		     struct sim_gmem **out)
{
	struct sim_file *file = sim_fd_file(sim, (int)region->guest_memfd);
	uint64_t end;

	/* fget() takes no O_PATH descriptors. */
	if (!file || file->path_only)
		return -EBADF;
	*out = sim_gmem_of(file);
	if (!*out || (*out)->vm != vm)
		return -EINVAL;
	end = region->guest_memfd_offset + region->memory_size;
	/* The sum was a loff_t: past its largest value it looked small (seen on 6.18). */
	if (sim->model->gmem.signed_offsets)
		return (int64_t)end > (int64_t)(*out)->inode->size ? -EINVAL : 0;
	return end > (*out)->inode->size ? -EINVAL : 0;
}

static int create(struct gmem_sim *sim, struct sim_vm *vm, const region_t *region)
{
	struct sim_slots *slots = space_of(vm, region);
	struct sim_gmem *gmem = NULL;
	struct sim_slot *slot;
	int err;

	if (overlaps(slots, NULL, region->guest_phys_addr >> sim->page_shift,
		     region->memory_size >> sim->page_shift))
		return -EEXIST;
	slot = new_slot(sim, region);
	if (!slot)
		return -ENOMEM;
	err = 0;
	if (region->flags & GMEM_KVM_MEM_GUEST_MEMFD)
		err = find_gmem(sim, vm, region, &gmem);
	if (!err)
		err = prepare(sim, vm, region, gmem);
	if (!err && gmem) {
		slot->pgoff = region->guest_memfd_offset >> sim->page_shift;
		err = sim_gmem_bind(sim, gmem, slot);
	}
	if (err)
		goto free_slot;
	err = sim_slot_insert(slots, slot);
	if (err)
		goto unbind;
	write_slot(sim, slot);
	vm->slot_pages += slot->npages;
	return 0;
unbind:
	sim_gmem_unbind(sim, slot);
free_slot:
	free_slot(sim, slot);
	return err;
}

/* The guest loses its mappings first; the file keeps its pages. */
static int delete (struct gmem_sim *sim, struct sim_vm *vm, struct sim_slots *slots,
		   struct sim_slot *slot)
{
	int err = 0;

	if (slot->gmem)
		err = sim_zap_pages(sim, vm, slot->gmem->inode, slot->pgoff,
				    slot->pgoff + slot->npages - 1, SIM_ZAP_ALL);
	if (err)
		return err;
	sim_gmem_unbind(sim, slot);
	sim_slot_remove(slots, slot);
	vm->slot_pages -= slot->npages;
	free_slot(sim, slot);
	return 0;
}

static int change(struct gmem_sim *sim, struct sim_vm *vm, struct sim_slot *slot,
		  const region_t *region)
{
	uint64_t base = region->guest_phys_addr >> sim->page_shift;
	struct sim_slots *slots = space_of(vm, region);
	int err = 0;

	if (base != slot->base_gfn) {
		if (overlaps(slots, slot, base, slot->npages))
			return -EEXIST;
		err = prepare(sim, vm, region, NULL);
		if (err)
			return err;
		sim_slot_remove(slots, slot);
		slot->base_gfn = base;
		err = sim_slot_insert(slots, slot);
	}
	slot->flags = region->flags;
	write_slot(sim, slot);
	return err;
}

static int set_region(struct gmem_sim *sim, struct sim_vm *vm, const region_t *region)
{
	struct sim_slots *slots;
	struct sim_slot *slot;
	int err;

	if ((region->slot & 0xffff) >= sim_user_slots(sim))
		return -EINVAL;
	err = check_region(sim, vm, region);
	if (err)
		return err;
	slots = space_of(vm, region);
	slot = sim_slot_by_id(slots, region->slot & 0xffff);
	if (!region->memory_size)
		return slot ? delete (sim, vm, slots, slot) : -EINVAL;
	if (!slot)
		return create(sim, vm, region);
	err = check_change(sim, slot, region);
	return err ? err : change(sim, vm, slot, region);
}

int sim_vm_set_region(struct gmem_sim *sim, void *object, uint64_t arg)
{
	region_t region = { 0 };

	if (sim_copy_from_user(&region, arg, sizeof(struct kvm_userspace_memory_region)))
		return -EFAULT;
	if (region.flags & ~FLAGS_V1)
		return -EINVAL;
	return set_region(sim, object, &region);
}

int sim_vm_set_region2(struct gmem_sim *sim, void *object, uint64_t arg)
{
	region_t region;

	if (sim_copy_from_user(&region, arg, sizeof(region)))
		return -EFAULT;
	return set_region(sim, object, &region);
}

void sim_slots_exit(struct gmem_sim *sim, struct sim_vm *vm)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct sim_slots *slots = &vm->spaces[i];

		for (size_t at = 0; at < slots->count; at++)
			free_slot(sim, slots->slots[at]);
		free(slots->slots);
		free(slots->by_id);
	}
}
