// SPDX-License-Identifier: GPL-2.0-only
/*
 * The secure EPT, in the pages that the kernel added for it. Levels are the module's: 0 is an entry
 * for 4K, 1 for 2M; a table of level n holds entries of level n. Only 4K pages are mapped.
 */
#include <linux/mm.h>
#include "soft.h"

#define LEVEL_MASK 7ULL
#define INFO_MASK 0xfffULL
#define ENTRY_BITS 9
#define STATE_SHIFT 8 /* in RDX of a failing call: tdx_get_sept_state() */

/* An entry is the physical address of a page or a table, and a state; 0 is a free one. */
enum entry_state {
	ENTRY_FREE = 0,
	ENTRY_BLOCKED = 1,
	ENTRY_PENDING = 2,
	ENTRY_PENDING_BLOCKED = 3,
	ENTRY_PRESENT = 4,
	ENTRY_TABLE = 5,
};

static enum entry_state entry_state(u64 entry)
{
	return entry & INFO_MASK;
}

static u64 entry_pa(u64 entry)
{
	return entry & ~INFO_MASK;
}

static unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + ENTRY_BITS * level;
}

static bool gpa_valid(const struct soft_td *td, u64 gpa, unsigned int level)
{
	/* The bit above the private half of the guest's addresses is SHARED. */
	unsigned int width = td->tdcs->sept_levels == 5 ? 51 : 47;

	return level < td->tdcs->sept_levels && !(gpa >> width) &&
	       !(gpa & (BIT_ULL(level_shift(level)) - 1));
}

/* The entry of @level for @gpa, or NULL with @missing the level whose table is not there. */
static u64 *walk(const struct soft_td *td, u64 gpa, unsigned int level, unsigned int *missing)
{
	u64 *table = __va(td->tdr->tdcs[TDCS_PAGES - 1]);

	for (unsigned int at = td->tdcs->sept_levels - 1;; at--) {
		u64 *entry = &table[gpa >> level_shift(at) & (BIT(ENTRY_BITS) - 1)];

		if (at == level)
			return entry;
		if (entry_state(*entry) != ENTRY_TABLE) {
			*missing = at;
			return NULL;
		}
		table = __va(entry_pa(*entry));
	}
}

/* RCX is the entry, RDX its level and state: KVM prints both. */
static u64 wrong_entry(struct tdx_module_args *args, u64 status, u64 entry, unsigned int level)
{
	args->rcx = entry;
	args->rdx = level | (u64)entry_state(entry) << STATE_SHIFT;
	return status | OPERAND_RCX;
}

/* What the calls on a GPA begin with: RDX is the TD, RCX the GPA and the level. */
static u64 find_entry(struct tdx_module_args *args, struct soft_td *td, unsigned int *level,
		      u64 **entry)
{
	u64 gpa = args->rcx & ~INFO_MASK;
	u64 status = soft_td_find_ready(args->rdx, OPERAND_RDX, td);
	unsigned int missing;

	*level = args->rcx & LEVEL_MASK;
	if (status)
		return status;
	if (td->tdcs->op_state < OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (args->rcx & INFO_MASK & ~LEVEL_MASK || !gpa_valid(td, gpa, *level))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	*entry = walk(td, gpa, *level, &missing);
	if (!*entry)
		return wrong_entry(args, TDX_EPT_WALK_FAILED, 0, missing);
	return TDX_SUCCESS;
}

static u64 take(struct tdx_module_args *args, const struct soft_td *td, u64 *entry, u8 type,
		enum entry_state state, unsigned int level)
{
	u64 status;

	if (entry_state(*entry) != ENTRY_FREE)
		return wrong_entry(args, TDX_EPT_ENTRY_STATE_INCORRECT, *entry, level);
	status = soft_page_take(args->r8, type, td->pa, OPERAND_R8);
	if (status)
		return status;
	*entry = args->r8 | state;
	td->tdr->children++;
	return TDX_SUCCESS;
}

u64 soft_mem_sept_add(struct tdx_module_args *args)
{
	unsigned int level;
	struct soft_td td;
	u64 *entry, status;

	status = find_entry(args, &td, &level, &entry);
	if (status)
		return status;
	if (!level)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	status = take(args, &td, entry, PT_EPT, ENTRY_TABLE, level);
	if (!status)
		memset(__va(args->r8), 0, PAGE_SIZE);
	return status;
}

/*
 * The source page (R9) is looked at, not copied: no guest reads what would be copied, and the
 * target may be out of the direct map, which a real module does not care about.
 */
u64 soft_mem_page_add(struct tdx_module_args *args)
{
	u64 gpa = args->rcx;
	unsigned int level;
	struct soft_td td;
	u64 *entry, status;

	status = find_entry(args, &td, &level, &entry);
	if (status)
		return status;
	if (td.tdcs->op_state != OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (level)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	if (args->r9 & ~PAGE_MASK || args->r9 == args->r8)
		return TDX_OPERAND_INVALID | OPERAND_R9;
	status = take(args, &td, entry, PT_REG, ENTRY_PRESENT, level);
	if (!status)
		soft_measure(td.tdcs, TDH_MEM_PAGE_ADD, gpa);
	return status;
}

u64 soft_mem_page_aug(struct tdx_module_args *args)
{
	unsigned int level;
	struct soft_td td;
	u64 *entry, status;

	status = find_entry(args, &td, &level, &entry);
	if (status)
		return status;
	if (td.tdcs->op_state != OP_RUNNABLE)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (level)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	return take(args, &td, entry, PT_REG, ENTRY_PENDING, level);
}

u64 soft_mem_range_block(struct tdx_module_args *args)
{
	unsigned int level;
	struct soft_td td;
	u64 *entry, status;

	status = find_entry(args, &td, &level, &entry);
	if (status)
		return status;
	switch (entry_state(*entry)) {
	case ENTRY_PRESENT:
		*entry = entry_pa(*entry) | ENTRY_BLOCKED;
		break;
	case ENTRY_PENDING:
		*entry = entry_pa(*entry) | ENTRY_PENDING_BLOCKED;
		break;
	case ENTRY_BLOCKED:
	case ENTRY_PENDING_BLOCKED:
		return wrong_entry(args, TDX_GPA_RANGE_ALREADY_BLOCKED, *entry, level);
	default:
		return wrong_entry(args, TDX_EPT_ENTRY_STATE_INCORRECT, *entry, level);
	}
	soft_pamt(entry_pa(*entry))->epoch = td.tdcs->epoch;
	return TDX_SUCCESS;
}

u64 soft_mem_track(struct tdx_module_args *args)
{
	struct soft_td td;
	u64 status = soft_td_find_ready(args->rcx, OPERAND_RCX, &td);

	if (status)
		return status;
	if (td.tdcs->op_state != OP_RUNNABLE)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	td.tdcs->epoch++;
	return TDX_SUCCESS;
}

/* Blocked, and tracked since: no vCPU of a running TD can still have a translation of it. */
u64 soft_mem_page_remove(struct tdx_module_args *args)
{
	unsigned int level;
	struct soft_td td;
	u64 *entry, status;

	status = find_entry(args, &td, &level, &entry);
	if (status)
		return status;
	if (entry_state(*entry) != ENTRY_BLOCKED && entry_state(*entry) != ENTRY_PENDING_BLOCKED)
		return wrong_entry(args, TDX_EPT_ENTRY_STATE_INCORRECT, *entry, level);
	if (td.tdcs->op_state == OP_RUNNABLE &&
	    soft_pamt(entry_pa(*entry))->epoch == td.tdcs->epoch)
		return TDX_TLB_TRACKING_NOT_DONE | OPERAND_RCX;
	soft_page_free(entry_pa(*entry));
	*entry = ENTRY_FREE;
	td.tdr->children--;
	return TDX_SUCCESS;
}

u64 soft_mr_extend(struct tdx_module_args *args)
{
	u64 gpa = args->rcx & PAGE_MASK;
	unsigned int missing;
	struct soft_td td;
	u64 *entry, status;

	status = soft_td_find_ready(args->rdx, OPERAND_RDX, &td);
	if (status)
		return status;
	if (td.tdcs->op_state != OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (args->rcx & 0xff || !gpa_valid(&td, gpa, 0))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	entry = walk(&td, gpa, 0, &missing);
	if (!entry)
		return wrong_entry(args, TDX_EPT_WALK_FAILED, 0, missing);
	if (entry_state(*entry) != ENTRY_PRESENT)
		return wrong_entry(args, TDX_EPT_ENTRY_STATE_INCORRECT, *entry, 0);
	soft_measure(td.tdcs, TDH_MR_EXTEND, args->rcx);
	return TDX_SUCCESS;
}

bool soft_guest_touch(struct soft_td *td, u64 gpa)
{
	unsigned int missing;
	u64 *entry;

	if (!gpa_valid(td, gpa, 0))
		return true;
	entry = walk(td, gpa, 0, &missing);
	if (!entry)
		return false;
	if (entry_state(*entry) == ENTRY_PENDING)
		*entry = entry_pa(*entry) | ENTRY_PRESENT;
	return entry_state(*entry) == ENTRY_PRESENT;
}
