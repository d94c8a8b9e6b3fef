// SPDX-License-Identifier: GPL-2.0-only
/*
 * The physical address metadata table: what each 4K page is to the module, and which TD has it. It
 * is kept in the memory that the kernel gave for it.
 */
#include <linux/mm.h>
#include <linux/sizes.h>
#include "soft.h"

#define TYPE_MASK (PAGE_SIZE - 1)
/* What one TDH.SYS.TDMR.INIT does. */
#define INIT_STEP SZ_64M

struct tdmr {
	u64 base, size;
	struct soft_pamt *pamt;
	u64 initialized; /* up to this address */
	struct tdmr_reserved_area reserved[SOFT_MAX_RESERVED];
};

static struct tdmr tdmrs[SOFT_MAX_TDMRS];
static u64 nr_tdmrs;

static struct tdmr *find_tdmr(u64 pa)
{
	for (u64 i = 0; i < nr_tdmrs; i++)
		if (pa >= tdmrs[i].base && pa - tdmrs[i].base < tdmrs[i].size)
			return &tdmrs[i];
	return NULL;
}

/* Of a page in an initialized part of a TDMR, or NULL. */
struct soft_pamt *soft_pamt(u64 pa)
{
	struct tdmr *tdmr = find_tdmr(pa);

	if (!tdmr || pa >= tdmr->initialized)
		return NULL;
	return &tdmr->pamt[(pa - tdmr->base) >> PAGE_SHIFT];
}

u8 soft_page_type(const struct soft_pamt *pamt)
{
	return pamt->owner_and_type & TYPE_MASK;
}

u64 soft_page_owner(const struct soft_pamt *pamt)
{
	return pamt->owner_and_type & ~TYPE_MASK;
}

u64 soft_page_check(u64 pa, u8 type, u32 operand)
{
	struct soft_pamt *pamt = soft_pamt(pa);

	if (pa & TYPE_MASK)
		return TDX_OPERAND_INVALID | operand;
	if (!pamt)
		return TDX_OPERAND_ADDR_RANGE_ERROR | operand;
	if (soft_page_type(pamt) != type)
		return TDX_PAGE_METADATA_INCORRECT | operand;
	return TDX_SUCCESS;
}

u64 soft_page_take(u64 pa, u8 type, u64 owner, u32 operand)
{
	u64 status = soft_page_check(pa, PT_NDA, operand);

	if (!status)
		*soft_pamt(pa) = (struct soft_pamt){ .owner_and_type = owner | type };
	return status;
}

void soft_page_free(u64 pa)
{
	*soft_pamt(pa) = (struct soft_pamt){ .owner_and_type = PT_NDA };
}

/* From TDH.SYS.CONFIG: @list has the physical addresses of @count TDMR_INFOs. */
void soft_pamt_configure(const u64 *list, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		const struct tdmr_info *info = __va(list[i]);

		tdmrs[i].base = info->base;
		tdmrs[i].size = info->size;
		tdmrs[i].pamt = __va(info->pamt_4k_base);
		tdmrs[i].initialized = info->base;
		memcpy(tdmrs[i].reserved, info->reserved_areas, sizeof(tdmrs[i].reserved));
	}
	nr_tdmrs = count;
}

static bool is_reserved(const struct tdmr *tdmr, u64 offset)
{
	for (unsigned int i = 0; i < SOFT_MAX_RESERVED && tdmr->reserved[i].size; i++)
		if (offset >= tdmr->reserved[i].offset &&
		    offset - tdmr->reserved[i].offset < tdmr->reserved[i].size)
			return true;
	return false;
}

/* A part of it; RDX is where the next one begins. */
u64 soft_tdmr_init(struct tdx_module_args *args)
{
	struct tdmr *tdmr = find_tdmr(args->rcx);
	u64 end;

	if (!tdmr || tdmr->base != args->rcx)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	end = min(tdmr->initialized + INIT_STEP, tdmr->base + tdmr->size);
	for (u64 offset = tdmr->initialized - tdmr->base; offset < end - tdmr->base;
	     offset += PAGE_SIZE)
		tdmr->pamt[offset >> PAGE_SHIFT] = (struct soft_pamt){
			.owner_and_type = is_reserved(tdmr, offset) ? PT_RSVD : PT_NDA,
		};
	tdmr->initialized = end;
	args->rdx = end;
	return TDX_SUCCESS;
}

u64 soft_phymem_page_rdmd(struct tdx_module_args *args)
{
	const struct soft_pamt *pamt = soft_pamt(args->rcx);

	if (!pamt)
		return TDX_OPERAND_ADDR_RANGE_ERROR | OPERAND_RCX;
	args->rcx = soft_page_type(pamt);
	args->rdx = soft_page_owner(pamt);
	args->r8 = TDX_PS_4K;
	args->r9 = pamt->epoch;
	return TDX_SUCCESS;
}

/* A TD whose key is gone gives its pages back, the TDR last. */
u64 soft_phymem_page_reclaim(struct tdx_module_args *args)
{
	u64 pa = args->rcx;
	struct soft_pamt *pamt = soft_pamt(pa);
	struct soft_tdr *tdr;
	u64 owner;
	u8 type;

	if (pa & TYPE_MASK)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	if (!pamt)
		return TDX_OPERAND_ADDR_RANGE_ERROR | OPERAND_RCX;
	type = soft_page_type(pamt);
	owner = type == PT_TDR ? pa : soft_page_owner(pamt);
	args->rcx = type;
	args->rdx = owner;
	args->r8 = TDX_PS_4K;
	if (type == PT_NDA || type == PT_RSVD)
		return TDX_PAGE_METADATA_INCORRECT | OPERAND_RCX;
	tdr = __va(owner);
	if (tdr->lifecycle != TD_TEARDOWN)
		return TDX_LIFECYCLE_STATE_INCORRECT | OPERAND_TDR;
	if (type == PT_TDR && tdr->children)
		return TDX_TD_ASSOCIATED_PAGES_EXIST | OPERAND_TDR;
	if (type != PT_TDR)
		tdr->children--;
	soft_page_free(pa);
	return TDX_SUCCESS;
}

/* Of a page that the module no longer has, with the KeyID above the address's bits. */
u64 soft_phymem_page_wbinvd(struct tdx_module_args *args)
{
	u64 hkid = args->rcx >> boot_cpu_data.x86_phys_bits;

	if (!soft_key_is_private(hkid))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	return soft_page_check(args->rcx & (BIT_ULL(boot_cpu_data.x86_phys_bits) - 1), PT_NDA,
			       OPERAND_RCX);
}
