// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stage 2 of arm64: the caches are kept by hand, through the linear map, on CPUs that do not keep
 * them by themselves. After gmem_abort() in arch/arm64/kvm/mmu.c, and stage2_map_walker_try_leaf()
 * and stage2_unmap_walker() in arch/arm64/kvm/hyp/pgtable.c.
 */
#include "kernel/sim/kvm/kvm.h"

int sim_stage2_map(struct gmem_sim *sim, struct sim_vm *vm, uint64_t pfn, bool executes)
{
	static const char *const clean[] = { "dcache_clean_inval_poc",
					     "stage2_map_walker_try_leaf",
					     "stage2_map_walker",
					     "__kvm_pgtable_walk",
					     "kvm_pgtable_stage2_map",
					     "gmem_abort",
					     "kvm_handle_guest_abort",
					     "handle_exit",
					     NULL };
	static const char *const invalidate[] = { "icache_inval_pou",
						  "stage2_map_walker_try_leaf",
						  "stage2_map_walker",
						  "__kvm_pgtable_walk",
						  "kvm_pgtable_stage2_map",
						  "gmem_abort",
						  "kvm_handle_guest_abort",
						  "handle_exit",
						  NULL };
	const struct sim_arm64 *arm64 = sim->model->arm64;
	int err = 0;

	if (!arm64->fwb)
		err = sim_touch_direct_map(sim, pfn, SIM_ACCESS_CACHE, clean);
	if (!err && executes && !arm64->dic)
		err = sim_touch_direct_map(sim, pfn, SIM_ACCESS_CACHE, invalidate);
	return sim_vm_result(vm, err);
}

int sim_stage2_unmap(struct gmem_sim *sim, uint64_t pfn)
{
	static const char *const clean[] = { "dcache_clean_inval_poc", "stage2_unmap_walker",
					     "__kvm_pgtable_walk",     "kvm_pgtable_walk",
					     "__unmap_stage2_range",   "kvm_unmap_gfn_range",
					     "kvm_gmem_invalidate",    "kvm_gmem_punch_hole",
					     "kvm_gmem_fallocate",     NULL };

	return sim->model->arm64->fwb ? 0 : sim_touch_direct_map(sim, pfn, SIM_ACCESS_CACHE, clean);
}
