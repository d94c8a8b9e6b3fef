// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Private memory of TDs: pages into the secure EPT and out of it. The kernel flushes a page
 * through the direct map before it gives the page away, and never asks whether it is there.
 */
#include "kernel/sim/kvm/tdx.h"

#define CHUNK_SIZE 256u /* TDX_EXTENDMR_CHUNKSIZE */

/* The tables that are missing on the way: tdx_sept_link_private_spt(). */
static int add_tables(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gpa)
{
	struct sim_seamcall_args args = { .gpa = gpa };

	for (args.level = vm->td->sept_top; args.level; args.level--) {
		int err;

		if (sim_module_has_sept(&vm->td->module, gpa, args.level))
			continue;
		err = sim_td_control_page(sim, vm->td, &args.pfn);
		if (!err)
			err = sim_td_seamcall(sim, vm, TDH_MEM_SEPT_ADD, &args);
		if (err)
			return err;
	}
	return 0;
}

/* tdh_mem_page_add() and tdh_mem_page_aug(): the flush, then the SEAMCALL. */
static int give_page(struct gmem_sim *sim, struct sim_vm *vm, enum sim_seamcall leaf,
		     const struct sim_seamcall_args *args, const char *const *chain)
{
	int err = sim_touch_direct_map(sim, args->pfn, SIM_ACCESS_READ, chain);

	return err ? err : sim_td_seamcall(sim, vm, leaf, args);
}

int sim_td_map(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gfn, uint64_t pfn)
{
	static const char *const add[] = {
		"clflush_cache_range",
		"tdh_mem_page_add",
		"tdx_mem_page_add",
		"tdx_sept_set_private_spte",
		"kvm_tdp_mmu_map",
		"kvm_tdp_page_fault",
		"kvm_tdp_map_page",
		"tdx_gmem_post_populate",
		"kvm_gmem_populate",
		"tdx_vcpu_init_mem_region",
		"tdx_vcpu_unlocked_ioctl",
		"kvm_vcpu_ioctl",
		NULL,
	};
	static const char *const aug[] = {
		"clflush_cache_range",	 "tdh_mem_page_aug",
		"tdx_mem_page_aug",	 "tdx_sept_set_private_spte",
		"kvm_tdp_mmu_map",	 "kvm_tdp_page_fault",
		"kvm_mmu_do_page_fault", "kvm_tdp_map_page",
		"kvm_vcpu_ioctl",	 NULL,
	};
	struct sim_seamcall_args args = { .gpa = gfn << sim->page_shift, .pfn = pfn };
	int err = add_tables(sim, vm, args.gpa);

	if (err)
		return err;
	if (vm->td->state == SIM_TD_STATE_RUNNABLE)
		return give_page(sim, vm, TDH_MEM_PAGE_AUG, &args, aug);
	return give_page(sim, vm, TDH_MEM_PAGE_ADD, &args, add);
}

int sim_td_remove(struct gmem_sim *sim, struct sim_vm *vm, uint64_t pfn)
{
	static const char *const chain[] = {
		"tdx_quirk_reset_paddr",       "tdx_sept_remove_leaf_spte",
		"handle_changed_spte",	       "tdp_mmu_zap_leafs",
		"kvm_tdp_mmu_unmap_gfn_range", "kvm_unmap_gfn_range",
		"kvm_gmem_invalidate_begin",   NULL,
	};
	static const enum sim_seamcall steps[] = { TDH_MEM_RANGE_BLOCK, TDH_MEM_TRACK,
						   TDH_MEM_PAGE_REMOVE, TDH_PHYMEM_PAGE_WBINVD };
	struct sim_seamcall_args args = { .pfn = pfn };

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (steps[i] == TDH_MEM_TRACK && vm->td->state != SIM_TD_STATE_RUNNABLE)
			continue;
		/*
		 * A zap cannot report an error: the VM is marked as bugged, and the call goes on.
		 */
		if (sim_td_seamcall(sim, vm, steps[i], &args))
			return 0;
	}
	return sim_td_quirk_reset(sim, pfn, chain);
}

static int measure_page(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gpa)
{
	for (uint64_t offset = 0; offset < sim->page_size; offset += CHUNK_SIZE) {
		struct sim_seamcall_args args = { .gpa = gpa + offset };
		int err = sim_td_seamcall(sim, vm, TDH_MR_EXTEND, &args);

		if (err)
			return err;
	}
	return 0;
}

/*
 * The page of the file. The removal series excludes TDs; in the what-if a folio leaves the
 * direct map here, in __kvm_gmem_get_pfn(), as the test kernel has it: before PAGE.ADD.
 */
static int populate_folio(struct gmem_sim *sim, const struct sim_slot *slot, uint64_t gfn,
			  uint64_t *pfn)
{
	struct sim_inode *inode = slot->gmem->inode;
	int err = sim_inode_get_page(sim, inode, slot->pgoff + gfn - slot->base_gfn, pfn);

	if (err)
		return err;
	if (sim_page_get(sim, *pfn)->flags & SIM_PAGE_HWPOISON)
		return -EHWPOISON;
	return sim_gmem_leave_direct_map(sim, inode, *pfn);
}

/* kvm_gmem_populate() with tdx_gmem_post_populate(), for one page. */
static int populate(struct gmem_sim *sim, struct sim_vm *vm, uint64_t source, uint64_t gpa,
		    bool measured)
{
	uint64_t gfn = gpa >> sim->page_shift;
	const struct sim_slot *slot = sim_slot_at(vm, gfn);
	struct sim_page *page;
	uint64_t pfn;
	int err;

	if (sim->signal_pending)
		return -EINTR;
	if (!slot || !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD))
		return -EINVAL;
	if (!slot->gmem || (source && sim_user_access(sim, source)))
		return -EFAULT;
	err = populate_folio(sim, slot, gfn, &pfn);
	if (err)
		return err;
	if (!sim_gfn_is_private(vm, gfn))
		return -EINVAL;
	page = sim_page_get(sim, pfn);
	/* Mapped already: RET_PF_SPURIOUS, which populate takes for a failure. */
	if (page->flags & SIM_PAGE_GUEST)
		return -EIO;
	err = sim_td_map(sim, vm, gfn, pfn);
	if (err)
		return err;
	page->flags |= SIM_PAGE_GUEST | SIM_PAGE_GUEST_PRIVATE;
	if (measured)
		err = measure_page(sim, vm, gpa);
	if (!err)
		page->flags |= SIM_PAGE_UPTODATE;
	return err;
}

static bool is_private_gpa(const struct gmem_sim *sim, const struct sim_vm *vm, uint64_t gpa)
{
	uint64_t shared = sim_td_shared_gfn(vm);

	return shared && !(gpa >> sim->page_shift & shared);
}

/* nr_pages counts modulo 2^64 bytes. */
static int check_region(const struct gmem_sim *sim, const struct sim_vm *vm,
			const struct gmem_kvm_tdx_init_mem_region *region)
{
	uint64_t size = region->nr_pages << sim->page_shift;

	/* In-place conversion: without a source the page's own content goes in. */
	if (!region->source_addr && !vm->in_place)
		return -EINVAL;
	if (region->source_addr & sim->page_mask || region->gpa & sim->page_mask ||
	    !region->nr_pages || region->gpa + size <= region->gpa)
		return -EINVAL;
	return is_private_gpa(sim, vm, region->gpa) &&
			       is_private_gpa(sim, vm, region->gpa + size - 1)
		       ? 0
		       : -EINVAL;
}

int sim_td_init_mem_region(struct gmem_sim *sim, struct sim_vcpu *vcpu,
			   const struct gmem_kvm_tdx_cmd *cmd)
{
	bool measured = cmd->flags & GMEM_KVM_TDX_MEASURE_MEMORY_REGION;
	struct gmem_kvm_tdx_init_mem_region region;
	int err = 0;

	if (!vcpu->initialized || cmd->flags & ~GMEM_KVM_TDX_MEASURE_MEMORY_REGION)
		return -EINVAL;
	if (sim_copy_from_user(&region, cmd->data, sizeof(region)))
		return -EFAULT;
	if (check_region(sim, vcpu->vm, &region))
		return -EINVAL;
	while (!err && region.nr_pages) {
		err = populate(sim, vcpu->vm, region.source_addr, region.gpa, measured);
		if (err)
			break;
		region.source_addr += region.source_addr ? sim->page_size : 0;
		region.gpa += sim->page_size;
		region.nr_pages--;
	}
	if (err == -GMEM_KERNEL_OOPS)
		return err;
	/* Copied back on success and on an error of the loop, which progress does not hide. */
	if (sim_copy_to_user(cmd->data, &region, sizeof(region)))
		return -EFAULT;
	return err;
}
