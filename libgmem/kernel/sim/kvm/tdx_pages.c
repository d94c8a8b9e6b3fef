// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pages between the kernel and the TDX module, and the calls into it. */
#include "kernel/sim/kvm/tdx.h"

int sim_td_control_page(struct gmem_sim *sim, struct sim_td *td, uint64_t *pfn)
{
	static const char *const chain[] = { "clflush_cache_range", "tdx_clflush_page",
					     "tdh_mng_addcx", "kvm_vm_ioctl", NULL };
	uint64_t address = sim_kalloc(sim, sim->page_size);
	int err;

	if (!address)
		return -ENOMEM;
	err = sim_keys_add(&td->control, address);
	if (err) {
		sim_kfree(sim, address, sim->page_size);
		return err;
	}
	*pfn = (address - sim->model->page_offset_base) >> sim->page_shift;
	/* The kernel's own pages are flushed too; nobody took them out of the direct map. */
	return sim_touch_direct_map(sim, *pfn, SIM_ACCESS_READ, chain);
}

int sim_td_quirk_reset(struct gmem_sim *sim, uint64_t pfn, const char *const *chain)
{
	if (!sim->model->cpu->tdx_pw_mce)
		return 0;
	return sim_touch_direct_map(sim, pfn, SIM_ACCESS_WRITE, chain);
}

/* tdx_reclaim_page() of everything that the TD still had. */
void sim_td_reclaim_pages(struct gmem_sim *sim, struct sim_td *td)
{
	static const char *const chain[] = { "tdx_quirk_reset_paddr", "tdx_reclaim_page",
					     "tdx_vm_destroy", "kvm_destroy_vm", NULL };

	for (size_t i = 0; i < td->control.count; i++) {
		uint64_t address = td->control.keys[i];
		uint64_t pfn = (address - sim->model->page_offset_base) >> sim->page_shift;

		/* A page that cannot be reclaimed leaks, because it still has the key. */
		if (td->module.lifecycle != SIM_TD_NONE &&
		    sim_seamcall(sim, &td->module, TDH_PHYMEM_PAGE_RECLAIM,
				 &(struct sim_seamcall_args){ .pfn = pfn }))
			continue;
		sim_td_quirk_reset(sim, pfn, chain);
		sim_kfree(sim, address, sim->page_size);
	}
	sim_keys_free(&td->control);
}

int sim_td_seamcall(struct gmem_sim *sim, struct sim_vm *vm, enum sim_seamcall leaf,
		    const struct sim_seamcall_args *args)
{
	uint64_t status;

	/* Contention is retried inside the kernel, for as long as it takes. */
	do
		status = sim_seamcall(sim, &vm->td->module, leaf, args);
	while ((status & SIM_TDX_CLASS) == SIM_TDX_OPERAND_BUSY);
	if (!status)
		return 0;
	sim_log(sim, "kvm_intel: SEAMCALL leaf %d failed: 0x%llx", (int)leaf,
		(unsigned long long)status);
	sim_vm_bug(sim, vm);
	return -EIO;
}
