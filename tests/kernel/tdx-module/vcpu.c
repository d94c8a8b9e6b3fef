// SPDX-License-Identifier: GPL-2.0-only
/* vCPUs of TDs: TDH.VP.*. */
#include <linux/mm.h>
#include <asm/vmx.h>
#include "soft.h"

/* Fields of TDVPS have no index beside their class and code. */
#define FIELD_LIMIT BIT_ULL(63)

static u64 find_vcpu(u64 pa, struct soft_td *td, struct soft_tdvps **vp)
{
	u64 status = soft_page_check(pa, PT_TDVPR, OPERAND_RCX);

	if (status)
		return status;
	*vp = __va(pa);
	return soft_td_find_ready((*vp)->tdr, OPERAND_TDR, td);
}

/* Calls on a vCPU bring it to the CPU that makes them, from nowhere but not from another one. */
static u64 associate(struct soft_td *td, struct soft_tdvps *vp)
{
	int cpu = raw_smp_processor_id();

	if (vp->state != VCPU_READY)
		return TDX_VCPU_STATE_INCORRECT | OPERAND_TDVPR;
	if (vp->cpu == cpu)
		return TDX_SUCCESS;
	if (vp->cpu >= 0)
		return TDX_VCPU_ASSOCIATED | OPERAND_TDVPR;
	vp->cpu = cpu;
	td->tdcs->nr_associated++;
	return TDX_SUCCESS;
}

u64 soft_vp_create(struct tdx_module_args *args)
{
	struct soft_tdvps *vp = __va(args->rcx);
	struct soft_td td;
	u64 status = soft_td_find_ready(args->rdx, OPERAND_RDX, &td);

	if (status)
		return status;
	if (td.tdcs->op_state != OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	status = soft_page_take(args->rcx, PT_TDVPR, td.pa, OPERAND_RCX);
	if (status)
		return status;
	BUILD_BUG_ON(sizeof(*vp) > PAGE_SIZE);
	memset(vp, 0, PAGE_SIZE);
	vp->tdr = td.pa;
	vp->cpu = -1;
	td.tdr->children++;
	return TDX_SUCCESS;
}

u64 soft_vp_addcx(struct tdx_module_args *args)
{
	struct soft_tdvps *vp;
	struct soft_td td;
	u64 status = soft_page_check(args->rdx, PT_TDVPR, OPERAND_RDX);

	if (status)
		return status;
	vp = __va(args->rdx);
	status = soft_td_find_ready(vp->tdr, OPERAND_TDR, &td);
	if (status)
		return status;
	if (vp->state != VCPU_UNINITIALIZED)
		return TDX_VCPU_STATE_INCORRECT | OPERAND_TDVPR;
	if (vp->nr_tdcx == TDCX_PAGES)
		return TDX_TDVPX_NUM_INCORRECT | OPERAND_TDVPR;
	status = soft_page_take(args->rcx, PT_TDCX, td.pa, OPERAND_RCX);
	if (status)
		return status;
	vp->tdcx[vp->nr_tdcx++] = args->rcx;
	td.tdr->children++;
	return TDX_SUCCESS;
}

u64 soft_vp_init(struct tdx_module_args *args)
{
	struct soft_tdvps *vp;
	struct soft_td td;
	u64 status = find_vcpu(args->rcx, &td, &vp);

	if (status)
		return status;
	if (td.tdcs->op_state != OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (vp->state != VCPU_UNINITIALIZED)
		return TDX_VCPU_STATE_INCORRECT | OPERAND_TDVPR;
	if (vp->nr_tdcx != TDCX_PAGES)
		return TDX_TDVPX_NUM_INCORRECT | OPERAND_TDVPR;
	if (td.tdcs->nr_vcpus == td.tdcs->max_vcpus)
		return TDX_MAX_VCPUS_EXCEEDED | OPERAND_TDCS;
	td.tdcs->nr_vcpus++;
	vp->rcx = args->rdx;
	vp->state = VCPU_READY;
	return associate(&td, vp);
}

/* A field that was never written is 0. NULL: there is no room for one more. */
static u64 *find_field(struct soft_tdvps *vp, u64 id)
{
	for (u32 i = 0; i < vp->nr_fields; i++)
		if (vp->fields[i].id == id)
			return &vp->fields[i].value;
	if (vp->nr_fields == SOFT_FIELDS)
		return NULL;
	vp->fields[vp->nr_fields].id = id;
	return &vp->fields[vp->nr_fields++].value;
}

u64 soft_vp_rd(struct tdx_module_args *args)
{
	struct soft_tdvps *vp;
	struct soft_td td;
	u64 status = find_vcpu(args->rcx, &td, &vp);
	u64 *field;

	args->r8 = 0;
	if (!status)
		status = associate(&td, vp);
	if (status)
		return status;
	field = find_field(vp, args->rdx);
	if (!field)
		return TDX_METADATA_FIELD_NOT_READABLE | OPERAND_RDX;
	args->r8 = *field;
	return TDX_SUCCESS;
}

/* The bits of R9 only; R8 is what was there before. */
u64 soft_vp_wr(struct tdx_module_args *args)
{
	struct soft_tdvps *vp;
	struct soft_td td;
	u64 status = find_vcpu(args->rcx, &td, &vp);
	u64 *field, old;

	if (!status)
		status = associate(&td, vp);
	if (status)
		return status;
	field = args->rdx & FIELD_LIMIT ? NULL : find_field(vp, args->rdx);
	if (!field)
		return TDX_METADATA_FIELD_NOT_WRITABLE | OPERAND_RDX;
	old = *field;
	*field = (old & ~args->r9) | (args->r8 & args->r9);
	args->r8 = old;
	return TDX_SUCCESS;
}

u64 soft_vp_flush(struct tdx_module_args *args)
{
	struct soft_tdvps *vp;
	struct soft_td td;
	u64 status = find_vcpu(args->rcx, &td, &vp);

	if (status)
		return status;
	if (vp->cpu < 0)
		return TDX_VCPU_NOT_ASSOCIATED;
	if (vp->cpu != raw_smp_processor_id())
		return TDX_VCPU_ASSOCIATED | OPERAND_TDVPR;
	vp->cpu = -1;
	td.tdcs->nr_associated--;
	return TDX_SUCCESS;
}

/* A TD exit for a page that the secure EPT does not have: KVM adds one, or tells userspace. */
static u64 exit_ept_violation(struct tdx_module_args *args, u64 gpa)
{
	*args = (struct tdx_module_args){ .rcx = EPT_VIOLATION_ACC_WRITE, .r8 = gpa };
	return TDX_SUCCESS | EXIT_REASON_EPT_VIOLATION;
}

/* TDG.VP.VMCALL<ReportFatalError>: the guest has nothing more to do. */
static u64 exit_done(struct tdx_module_args *args)
{
	*args = (struct tdx_module_args){ .r11 = TDVMCALL_REPORT_FATAL_ERROR };
	return TDX_SUCCESS | EXIT_REASON_TDCALL;
}

/*
 * No guest code can run here. Every guest is the same one: it writes to the page that RCX names (as
 * KVM_TDX_INIT_VCPU gave it; 0 is none), accepting it first if it was added while the TD ran, then
 * it reports a fatal error.
 */
u64 soft_vp_enter(struct tdx_module_args *args)
{
	struct soft_tdvps *vp;
	struct soft_td td;
	u64 status = find_vcpu(args->rcx, &td, &vp);
	u64 gpa;

	if (!status)
		status = associate(&td, vp);
	if (status)
		return status;
	if (td.tdcs->op_state != OP_RUNNABLE)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	gpa = vp->rcx & PAGE_MASK;
	if (gpa && !soft_guest_touch(&td, gpa))
		return exit_ept_violation(args, gpa);
	return exit_done(args);
}
