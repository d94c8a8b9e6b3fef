// SPDX-License-Identifier: GPL-2.0-only
/* Where SEAMCALLs arrive: which leaf is which function, one at a time. */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/nospec.h>
#include <linux/spinlock.h>
#include "soft.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "tdx_soft."

#define LEAF_MASK 0xffff

bool tdx_soft_module __ro_after_init;

static int __init tdx_soft_module_setup(char *text)
{
	return kstrtobool(text ?: "on", &tdx_soft_module);
}
early_param("tdx_soft_module", tdx_soft_module_setup);

/*
 * Failures that a test asks for: the fail_after-th call of fail_leaf from now on answers
 * fail_status instead. Written under /sys/module/tdx_soft/parameters.
 */
static unsigned int fail_leaf;
module_param(fail_leaf, uint, 0600);
static unsigned int fail_after;
module_param(fail_after, uint, 0600);
static unsigned long long fail_status;
module_param(fail_status, ullong, 0600);

/*
 * A module takes its locks by trying once and says TDX_OPERAND_BUSY; this one waits. Contention is
 * had through fail_status.
 */
static DEFINE_RAW_SPINLOCK(soft_lock);

static const soft_seamcall_fn seamcalls[] = {
	[TDH_VP_ENTER] = soft_vp_enter,
	[TDH_MNG_ADDCX] = soft_mng_addcx,
	[TDH_MEM_PAGE_ADD] = soft_mem_page_add,
	[TDH_MEM_SEPT_ADD] = soft_mem_sept_add,
	[TDH_VP_ADDCX] = soft_vp_addcx,
	[TDH_MEM_PAGE_AUG] = soft_mem_page_aug,
	[TDH_MEM_RANGE_BLOCK] = soft_mem_range_block,
	[TDH_MNG_KEY_CONFIG] = soft_mng_key_config,
	[TDH_MNG_CREATE] = soft_mng_create,
	[TDH_VP_CREATE] = soft_vp_create,
	[TDH_MNG_RD] = soft_mng_rd,
	[TDH_MR_EXTEND] = soft_mr_extend,
	[TDH_MR_FINALIZE] = soft_mr_finalize,
	[TDH_VP_FLUSH] = soft_vp_flush,
	[TDH_MNG_VPFLUSHDONE] = soft_mng_vpflushdone,
	[TDH_MNG_KEY_FREEID] = soft_mng_key_freeid,
	[TDH_MNG_INIT] = soft_mng_init,
	[TDH_VP_INIT] = soft_vp_init,
	[TDH_PHYMEM_PAGE_RDMD] = soft_phymem_page_rdmd,
	[TDH_VP_RD] = soft_vp_rd,
	[TDH_PHYMEM_PAGE_RECLAIM] = soft_phymem_page_reclaim,
	[TDH_MEM_PAGE_REMOVE] = soft_mem_page_remove,
	[TDH_SYS_KEY_CONFIG] = soft_sys_key_config,
	[TDH_SYS_INIT] = soft_sys_init,
	[TDH_SYS_RD] = soft_sys_rd,
	[TDH_SYS_LP_INIT] = soft_sys_lp_init,
	[TDH_SYS_TDMR_INIT] = soft_sys_tdmr_init,
	[TDH_MEM_TRACK] = soft_mem_track,
	[TDH_PHYMEM_CACHE_WB] = soft_phymem_cache_wb,
	[TDH_PHYMEM_PAGE_WBINVD] = soft_phymem_page_wbinvd,
	[TDH_VP_WR] = soft_vp_wr,
	[TDH_SYS_CONFIG] = soft_sys_config,
	[TDH_SYS_DISABLE] = soft_sys_disable,
};

static bool is_sys_leaf(unsigned int leaf)
{
	return leaf == TDH_SYS_INIT || leaf == TDH_SYS_LP_INIT || leaf == TDH_SYS_RD ||
	       leaf == TDH_SYS_CONFIG || leaf == TDH_SYS_KEY_CONFIG || leaf == TDH_SYS_TDMR_INIT ||
	       leaf == TDH_SYS_DISABLE;
}

static u64 call(unsigned int leaf, struct tdx_module_args *args)
{
	if (leaf >= ARRAY_SIZE(seamcalls) || !seamcalls[leaf])
		return TDX_OPERAND_INVALID; /* of RAX, which is operand 0 */
	if (!is_sys_leaf(leaf) && !soft_sys_ready())
		return TDX_SYS_NOT_READY;
	if (fail_after && leaf == fail_leaf && !--fail_after)
		return fail_status;
	return seamcalls[leaf](args);
}

u64 tdx_soft_seamcall(u64 fn, struct tdx_module_args *args)
{
	unsigned long flags;
	u64 status;

	/* The P-SEAMLDR's leaves; there is none. */
	if (fn & BIT_ULL(63))
		return TDX_SEAMCALL_VMFAILINVALID;

	raw_spin_lock_irqsave(&soft_lock, flags);
	status = call(fn & LEAF_MASK, args);
	raw_spin_unlock_irqrestore(&soft_lock, flags);
	return status;
}
