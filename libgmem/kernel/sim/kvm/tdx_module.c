// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A TDX module. It checks what the kernel could get wrong: the life of a TD, the tables of its
 * secure EPT, and the owner of each page (the PAMT, kept in the page records). It touches no page
 * through the kernel's tables: it works on physical addresses.
 */
#include "kernel/sim/kvm/tdx_module.h"

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull
#define LEVEL_SHIFT 56u
#define TABLE_SHIFT 12u /* of the module's own page size */

typedef uint64_t (*seamcall_fn)(struct gmem_sim *sim, struct sim_module_td *td,
				const struct sim_seamcall_args *args);

static uint64_t sept_key(uint64_t gpa, unsigned int level)
{
	return (uint64_t)level << LEVEL_SHIFT | gpa >> (TABLE_SHIFT + 9 * level);
}

bool sim_module_has_sept(const struct sim_module_td *td, uint64_t gpa, unsigned int level)
{
	return sim_keys_has(&td->sept, sept_key(gpa, level));
}

/* MRTD depends on which calls were made in which order; any hash shows that. */
static void measure(struct sim_module_td *td, uint64_t leaf, uint64_t gpa)
{
	if (!td->measurement)
		td->measurement = FNV_OFFSET;
	td->measurement = (td->measurement ^ leaf) * FNV_PRIME;
	td->measurement = (td->measurement ^ gpa) * FNV_PRIME;
}

static uint64_t mng_create(struct gmem_sim *sim, struct sim_module_td *td,
			   const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	if (td->lifecycle != SIM_TD_NONE)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	td->lifecycle = SIM_TD_HKID_ASSIGNED;
	return SIM_TDX_SUCCESS;
}

/* It is done once for each package; the second call finds it done. */
static uint64_t mng_key_config(struct gmem_sim *sim, struct sim_module_td *td,
			       const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	if (td->lifecycle != SIM_TD_HKID_ASSIGNED && td->lifecycle != SIM_TD_KEYS_CONFIGURED)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	td->lifecycle = SIM_TD_KEYS_CONFIGURED;
	return SIM_TDX_SUCCESS;
}

static uint64_t mng_addcx(struct gmem_sim *sim, struct sim_module_td *td,
			  const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	if (td->lifecycle != SIM_TD_KEYS_CONFIGURED)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	td->control_pages++;
	return SIM_TDX_SUCCESS;
}

static uint64_t mng_init(struct gmem_sim *sim, struct sim_module_td *td,
			 const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	if (td->lifecycle != SIM_TD_KEYS_CONFIGURED)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	if (td->control_pages < SIM_TDCS_PAGES)
		return SIM_TDX_TDCS_NOT_ALLOCATED;
	td->lifecycle = SIM_TD_INITIALIZED;
	return SIM_TDX_SUCCESS;
}

/* Commands that a TD must be initialized for, and not finalized yet. */
static uint64_t before_finalize(struct gmem_sim *sim, struct sim_module_td *td,
				const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	return td->lifecycle == SIM_TD_INITIALIZED ? SIM_TDX_SUCCESS
						   : SIM_TDX_LIFECYCLE_STATE_INCORRECT;
}

static uint64_t vp_create(struct gmem_sim *sim, struct sim_module_td *td,
			  const struct sim_seamcall_args *args)
{
	uint64_t status = before_finalize(sim, td, args);

	if (!status)
		td->vcpus++;
	return status;
}

static uint64_t sept_add(struct gmem_sim *sim, struct sim_module_td *td,
			 const struct sim_seamcall_args *args)
{
	(void)sim;
	if (td->lifecycle != SIM_TD_INITIALIZED && td->lifecycle != SIM_TD_FINALIZED)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	if (sim_module_has_sept(td, args->gpa, args->level))
		return SIM_TDX_EPT_ENTRY_STATE_INCORRECT | SIM_TDX_OPERAND_RCX;
	/* The kernel's model has no way to tell the module that memory ran out. */
	return sim_keys_add(&td->sept, sept_key(args->gpa, args->level)) ? SIM_TDX_OPERAND_BUSY
									 : SIM_TDX_SUCCESS;
}

/* A page for the guest: a table to put it in, and a page that is nobody's. */
static uint64_t take_page(struct gmem_sim *sim, const struct sim_module_td *td,
			  const struct sim_seamcall_args *args)
{
	struct sim_page *page = sim_page_get(sim, args->pfn);

	if (!sim_module_has_sept(td, args->gpa, 1))
		return SIM_TDX_EPT_WALK_FAILED | SIM_TDX_OPERAND_RCX;
	if (!page || page->flags & SIM_PAGE_TD)
		return SIM_TDX_PAGE_METADATA_INCORRECT;
	page->flags |= SIM_PAGE_TD;
	return SIM_TDX_SUCCESS;
}

static uint64_t page_add(struct gmem_sim *sim, struct sim_module_td *td,
			 const struct sim_seamcall_args *args)
{
	uint64_t status = before_finalize(sim, td, args);

	if (!status)
		status = take_page(sim, td, args);
	if (!status)
		measure(td, TDH_MEM_PAGE_ADD, args->gpa);
	return status;
}

static uint64_t page_aug(struct gmem_sim *sim, struct sim_module_td *td,
			 const struct sim_seamcall_args *args)
{
	if (td->lifecycle != SIM_TD_FINALIZED)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	return take_page(sim, td, args);
}

static uint64_t mr_extend(struct gmem_sim *sim, struct sim_module_td *td,
			  const struct sim_seamcall_args *args)
{
	uint64_t status = before_finalize(sim, td, args);

	if (!status)
		measure(td, TDH_MR_EXTEND, args->gpa);
	return status;
}

static uint64_t mr_finalize(struct gmem_sim *sim, struct sim_module_td *td,
			    const struct sim_seamcall_args *args)
{
	uint64_t status = before_finalize(sim, td, args);

	if (!status)
		td->lifecycle = SIM_TD_FINALIZED;
	return status;
}

static uint64_t range_block(struct gmem_sim *sim, struct sim_module_td *td,
			    const struct sim_seamcall_args *args)
{
	struct sim_page *page = sim_page_get(sim, args->pfn);

	(void)td;
	if (!page || !(page->flags & SIM_PAGE_TD) || page->flags & SIM_PAGE_TD_BLOCKED)
		return SIM_TDX_EPT_ENTRY_STATE_INCORRECT | SIM_TDX_OPERAND_RCX;
	page->flags |= SIM_PAGE_TD_BLOCKED;
	return SIM_TDX_SUCCESS;
}

static uint64_t page_remove(struct gmem_sim *sim, struct sim_module_td *td,
			    const struct sim_seamcall_args *args)
{
	struct sim_page *page = sim_page_get(sim, args->pfn);

	(void)td;
	if (!page || !(page->flags & SIM_PAGE_TD_BLOCKED))
		return SIM_TDX_EPT_ENTRY_STATE_INCORRECT | SIM_TDX_OPERAND_RCX;
	page->flags &= ~(uint32_t)(SIM_PAGE_TD | SIM_PAGE_TD_BLOCKED);
	return SIM_TDX_SUCCESS;
}

static uint64_t vp_flush(struct gmem_sim *sim, struct sim_module_td *td,
			 const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	td->vcpus_flushed++;
	return SIM_TDX_SUCCESS;
}

static uint64_t vpflushdone(struct gmem_sim *sim, struct sim_module_td *td,
			    const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	if (td->vcpus_flushed < td->vcpus)
		return SIM_TDX_FLUSHVP_NOT_DONE;
	td->lifecycle = SIM_TD_BLOCKED;
	return SIM_TDX_SUCCESS;
}

static uint64_t key_freeid(struct gmem_sim *sim, struct sim_module_td *td,
			   const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	if (td->lifecycle != SIM_TD_BLOCKED)
		return SIM_TDX_LIFECYCLE_STATE_INCORRECT;
	td->lifecycle = SIM_TD_TEARDOWN;
	return SIM_TDX_SUCCESS;
}

/* Pages can be reclaimed only from a TD that no longer has its key. */
static uint64_t page_reclaim(struct gmem_sim *sim, struct sim_module_td *td,
			     const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)args;
	return td->lifecycle == SIM_TD_TEARDOWN ? SIM_TDX_SUCCESS
						: SIM_TDX_LIFECYCLE_STATE_INCORRECT;
}

static uint64_t always(struct gmem_sim *sim, struct sim_module_td *td,
		       const struct sim_seamcall_args *args)
{
	(void)sim;
	(void)td;
	(void)args;
	return SIM_TDX_SUCCESS;
}

static const seamcall_fn seamcalls[64] = {
	[TDH_MNG_ADDCX] = mng_addcx,
	[TDH_MEM_PAGE_ADD] = page_add,
	[TDH_MEM_SEPT_ADD] = sept_add,
	[TDH_VP_ADDCX] = before_finalize,
	[TDH_MEM_PAGE_AUG] = page_aug,
	[TDH_MEM_RANGE_BLOCK] = range_block,
	[TDH_MNG_KEY_CONFIG] = mng_key_config,
	[TDH_MNG_CREATE] = mng_create,
	[TDH_VP_CREATE] = vp_create,
	[TDH_MR_EXTEND] = mr_extend,
	[TDH_MR_FINALIZE] = mr_finalize,
	[TDH_VP_FLUSH] = vp_flush,
	[TDH_MNG_VPFLUSHDONE] = vpflushdone,
	[TDH_MNG_KEY_FREEID] = key_freeid,
	[TDH_MNG_INIT] = mng_init,
	[TDH_VP_INIT] = before_finalize,
	[TDH_PHYMEM_PAGE_RECLAIM] = page_reclaim,
	[TDH_MEM_PAGE_REMOVE] = page_remove,
	[TDH_MEM_TRACK] = always,
	[TDH_PHYMEM_CACHE_WB] = always,
	[TDH_PHYMEM_PAGE_WBINVD] = always,
};

uint64_t sim_seamcall(struct gmem_sim *sim, struct sim_module_td *td, enum sim_seamcall leaf,
		      const struct sim_seamcall_args *args)
{
	struct sim_module *module = &sim->module;

	module->calls[leaf]++;
	if (module->fail_leaf == leaf && module->fail_after && --module->fail_after == 0)
		return module->fail_status;
	return seamcalls[leaf](sim, td, args);
}
