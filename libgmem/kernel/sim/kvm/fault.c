// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Guest page faults: the page of a gfn is found, cleared, taken out of the direct map, and mapped.
 * Also the way back. Modelled on kvm_mmu_faultin_pfn(), kvm_gmem_get_pfn() and kvm_tdp_mmu_map().
 */
#include <sys/mman.h>

#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/kvm/snp.h"
#include "kernel/sim/kvm/tdx.h"
#include "kernel/sim/mm/mmap.h"

int sim_gmem_leave_direct_map(struct gmem_sim *sim, struct sim_inode *inode, uint64_t pfn)
{
	struct sim_page *page = sim_page_get(sim, pfn);
	int err;

	if (!(inode->gmem_flags & SIM_GMEM_NO_DIRECT_MAP) || page->flags & SIM_PAGE_NO_DIRECT_MAP)
		return 0;
	err = sim_direct_map_remove(sim, pfn);
	if (!err)
		page->flags |= SIM_PAGE_NO_DIRECT_MAP;
	return err;
}

/* A new page is cleared through the direct map. */
static int clear(struct gmem_sim *sim, uint64_t pfn)
{
	static const char *const x86[] = {
		"clear_page_erms",	    "clear_highpage",	  "kvm_gmem_get_pfn",
		"kvm_mmu_faultin_pfn_gmem", "kvm_tdp_page_fault", "kvm_mmu_do_page_fault",
		"kvm_tdp_map_page",	    "kvm_vcpu_ioctl",	  NULL
	};
	static const char *const arm64[] = {
		"__pi_clear_page", "kvm_gmem_get_pfn", "gmem_abort", "kvm_handle_guest_abort",
		"handle_exit",	   "kvm_vcpu_ioctl",   NULL
	};

	return sim_touch_direct_map(sim, pfn, SIM_ACCESS_WRITE, sim->model->arm64 ? arm64 : x86);
}

static int get_pfn(struct gmem_sim *sim, struct sim_vm *vm, const struct sim_slot *slot,
		   uint64_t gfn, uint64_t *pfn)
{
	struct sim_inode *inode;
	struct sim_page *page;
	int err;

	if (!slot->gmem)
		return -EFAULT;
	if (slot->gmem->stuck)
		return -GMEM_KERNEL_OOPS;
	inode = slot->gmem->inode;
	err = sim_inode_get_page(sim, inode, slot->pgoff + gfn - slot->base_gfn, pfn);
	if (err)
		return err;
	page = sim_page_get(sim, *pfn);
	if (page->flags & SIM_PAGE_HWPOISON)
		return -EHWPOISON;
	if (!(page->flags & SIM_PAGE_UPTODATE)) {
		err = clear(sim, *pfn);
		if (err)
			return sim_vm_result(vm, err);
		page->flags |= SIM_PAGE_UPTODATE;
	}
	return sim_gmem_leave_direct_map(sim, inode, *pfn);
}

/* From the guest_memfd: private pages, and all pages of a GMEM_ONLY slot. */
static int map_gmem(struct gmem_sim *sim, struct sim_vm *vm, const struct sim_slot *slot,
		    uint64_t gfn, bool is_private, bool executes)
{
	uint32_t mapped = SIM_PAGE_GUEST | (is_private ? SIM_PAGE_GUEST_PRIVATE : 0);
	struct sim_page *page;
	uint64_t pfn;
	int err;

	err = get_pfn(sim, vm, slot, gfn, &pfn);
	if (err)
		return err;
	page = sim_page_get(sim, pfn);
	/* What was mapped as data is invalidated when it is first executed (stage2_attr_walker()).
	 */
	if (page->flags & SIM_PAGE_GUEST && !executes)
		return 0;
	if (sim->model->arm64)
		err = sim_stage2_map(sim, vm, pfn, executes);
	else if (is_private && vm->td)
		err = sim_td_map(sim, vm, gfn, pfn);
	else if (is_private)
		err = sim_snp_make_private(sim, vm, pfn);
	if (!err)
		page->flags |= mapped;
	return err;
}

/* From the user's mapping, through GUP. */
static int map_user(struct gmem_sim *sim, const struct sim_slot *slot, uint64_t gfn)
{
	return sim_user_access(sim,
			       slot->userspace_addr + ((gfn - slot->base_gfn) << sim->page_shift));
}

/*
 * pkvm_mem_abort() does not ask guest_memfd for the page. It pins the one behind userspace_addr,
 * and refuses it if it cannot be swapped.
 */
static int pkvm_mem_abort(struct gmem_sim *sim, const struct sim_slot *slot, uint64_t gfn)
{
	const struct sim_vma *vma =
		sim_vma_at(sim, slot->userspace_addr + ((gfn - slot->base_gfn) << sim->page_shift));

	if ((vma && !(vma->prot & PROT_WRITE)) || map_user(sim, slot, gfn))
		return -EFAULT;
	return vma && vma->file && vma->file->inode->fs == SIM_FS_GMEM ? -EIO : 0;
}

int sim_map_gfn(struct gmem_sim *sim, struct sim_vm *vm, uint64_t gfn, bool is_private,
		bool executes)
{
	const struct sim_slot *slot = sim_slot_at(vm, gfn);
	bool has_gmem = slot && slot->flags & GMEM_KVM_MEM_GUEST_MEMFD;

	if (is_private && !has_gmem)
		return -EFAULT;
	if (!slot)
		return -ENOENT;
	if (vm->is_protected)
		return pkvm_mem_abort(sim, slot, gfn);
	if (is_private || slot->flags & SIM_SLOT_GMEM_ONLY)
		return map_gmem(sim, vm, slot, gfn, is_private, executes);
	return map_user(sim, slot, gfn);
}

int sim_zap_pages(struct gmem_sim *sim, struct sim_vm *vm, const struct sim_inode *inode,
		  uint64_t first, uint64_t last, enum sim_zap which)
{
	uint64_t index = first;
	uint64_t pfn;
	int err = 0;

	for (; !err && (pfn = sim_inode_next(sim, inode, &index, last)); index++) {
		struct sim_page *page = sim_page_get(sim, pfn);
		bool is_private = page->flags & SIM_PAGE_GUEST_PRIVATE;

		if (!(page->flags & SIM_PAGE_GUEST) ||
		    !(which & (is_private ? SIM_ZAP_PRIVATE : SIM_ZAP_SHARED)))
			continue;
		page->flags &= ~(uint32_t)(SIM_PAGE_GUEST | SIM_PAGE_GUEST_PRIVATE);
		if (is_private && vm->td)
			err = sim_td_remove(sim, vm, pfn);
		else if (sim->model->arm64)
			err = sim_stage2_unmap(sim, pfn);
	}
	return sim_vm_result(vm, err);
}
