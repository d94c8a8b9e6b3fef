// SPDX-License-Identifier: GPL-2.0-only
/* A TD's life: TDH.MNG.* and TDH.MR.FINALIZE. */
#include <linux/mm.h>
#include <linux/topology.h>
#include <asm/vmx.h>
#include "../../../../kvm/vmx/tdx_arch.h"
#include "soft.h"

#define FIELD_TSC_OFFSET 0x110000000000000aULL
#define FIELD_TSC_MULTIPLIER 0x110000000000000bULL
#define FIELD_CPUID_VALUES 0x9410000300000000ULL

#define TSC_UNIT_MIN 4	 /* 100 MHz, in units of 25 MHz */
#define TSC_UNIT_MAX 400 /* 10 GHz */
#define NO_SUBLEAF (~0u)

/* What a TD's vCPU sees where nothing was configured. Made up; x2APIC is what KVM insists on. */
static const struct soft_cpuid guest_cpuid[] = {
	{ 0x0, NO_SUBLEAF, 0x21, 0x756e6547, 0x6c65746e, 0x49656e69 },
	{ 0x1, NO_SUBLEAF, 0x000806f8, 0x00010800, 0x77fefbff, 0xbfebfbff },
	{ 0x4, 0, 0x7c004121, 0x01c0003f, 0x0000003f, 0 },
	{ 0x7, 0, 0x00000000, 0xf1bf07ab, 0x1b415f4e, 0xbfc14410 },
	{ 0x21, 0, 0, 0x65746e49, 0x20202020, 0x5844546c },
	{ 0x80000000, NO_SUBLEAF, 0x80000008, 0, 0, 0 },
	{ 0x80000008, NO_SUBLEAF, 0x00003034, 0, 0, 0 },
};

u64 soft_td_find(u64 tdr_pa, u32 operand, struct soft_td *td)
{
	u64 status = soft_page_check(tdr_pa, PT_TDR, operand);

	if (status)
		return status;
	td->pa = tdr_pa;
	td->tdr = __va(tdr_pa);
	td->tdcs = td->tdr->nr_tdcs > 0 ? __va(td->tdr->tdcs[0]) : NULL;
	td->cpuid = td->tdr->nr_tdcs > 1 ? __va(td->tdr->tdcs[1]) : NULL;
	return TDX_SUCCESS;
}

u64 soft_td_find_ready(u64 tdr_pa, u32 operand, struct soft_td *td)
{
	u64 status = soft_td_find(tdr_pa, operand, td);

	if (status)
		return status;
	if (td->tdr->lifecycle != TD_KEYS_CONFIGURED)
		return TDX_LIFECYCLE_STATE_INCORRECT | OPERAND_TDR;
	if (td->tdr->nr_tdcs < TDCS_PAGES)
		return TDX_TDCS_NOT_ALLOCATED | OPERAND_TDCS;
	return TDX_SUCCESS;
}

/* Which calls were made, in which order: any function that depends on both shows that. */
void soft_measure(struct soft_tdcs *tdcs, u64 leaf, u64 gpa)
{
	tdcs->measurement = (tdcs->measurement ^ leaf) * 0x100000001b3ULL;
	tdcs->measurement = (tdcs->measurement ^ gpa) * 0x100000001b3ULL;
}

u64 soft_mng_create(struct tdx_module_args *args)
{
	struct soft_tdr *tdr = __va(args->rcx);
	u64 status = soft_page_check(args->rcx, PT_NDA, OPERAND_RCX);

	if (!status)
		status = soft_key_assign(args->rdx);
	if (status)
		return status;
	status = soft_page_take(args->rcx, PT_TDR, 0, OPERAND_RCX);
	if (status)
		return status;
	memset(tdr, 0, PAGE_SIZE);
	tdr->hkid = args->rdx;
	tdr->lifecycle = TD_HKID_ASSIGNED;
	return TDX_SUCCESS;
}

/* On one CPU of each package. */
u64 soft_mng_key_config(struct tdx_module_args *args)
{
	unsigned int package = topology_physical_package_id(raw_smp_processor_id());
	struct soft_td td;
	u64 status = soft_td_find(args->rcx, OPERAND_RCX, &td);

	if (status)
		return status;
	if (td.tdr->lifecycle != TD_HKID_ASSIGNED)
		return TDX_LIFECYCLE_STATE_INCORRECT | OPERAND_TDR;
	if (td.tdr->packages & BIT(package))
		return TDX_KEY_CONFIGURED;
	td.tdr->packages |= BIT(package);
	if (hweight_long(td.tdr->packages) == topology_max_packages())
		td.tdr->lifecycle = TD_KEYS_CONFIGURED;
	return TDX_SUCCESS;
}

u64 soft_mng_addcx(struct tdx_module_args *args)
{
	struct soft_td td;
	u64 status = soft_td_find(args->rdx, OPERAND_RDX, &td);

	if (status)
		return status;
	if (td.tdr->lifecycle != TD_KEYS_CONFIGURED)
		return TDX_LIFECYCLE_STATE_INCORRECT | OPERAND_TDR;
	if (td.tdr->nr_tdcs == TDCS_PAGES)
		return TDX_TDCX_NUM_INCORRECT | OPERAND_TDR;
	status = soft_page_take(args->rcx, PT_TDCX, td.pa, OPERAND_RCX);
	if (status)
		return status;
	memset(__va(args->rcx), 0, PAGE_SIZE);
	td.tdr->tdcs[td.tdr->nr_tdcs++] = args->rcx;
	td.tdr->children++;
	if (td.tdr->nr_tdcs == TDCS_PAGES)
		((struct soft_tdcs *)__va(td.tdr->tdcs[0]))->op_state = OP_UNINITIALIZED;
	return TDX_SUCCESS;
}

static u64 check_params(const struct td_params *params)
{
	u64 eptp = params->eptp_controls;

	if (params->attributes & ~soft_attributes_fixed0 ||
	    soft_attributes_fixed1 & ~params->attributes)
		return TDX_OPERAND_INVALID | OPERAND_ATTRIBUTES;
	if (params->xfam & ~soft_xfam_fixed0 || soft_xfam_fixed1 & ~params->xfam)
		return TDX_OPERAND_INVALID | OPERAND_XFAM;
	if (!params->max_vcpus)
		return TDX_OPERAND_INVALID | OPERAND_MAX_VCPUS;
	if (eptp != (VMX_EPTP_MT_WB | VMX_EPTP_PWL_4) && eptp != (VMX_EPTP_MT_WB | VMX_EPTP_PWL_5))
		return TDX_OPERAND_INVALID | OPERAND_EPTP_CONTROLS;
	/* A guest of 52 address bits needs the fifth level. */
	if (params->config_flags & TDX_CONFIG_FLAGS_MAX_GPAW &&
	    eptp != (VMX_EPTP_MT_WB | VMX_EPTP_PWL_5))
		return TDX_OPERAND_INVALID | OPERAND_EPTP_CONTROLS;
	if (params->tsc_frequency < TSC_UNIT_MIN || params->tsc_frequency > TSC_UNIT_MAX)
		return TDX_OPERAND_INVALID | OPERAND_TSC_FREQUENCY;
	for (unsigned int i = 0; i < soft_nr_cpuid_config; i++) {
		const struct tdx_cpuid_value *value = &params->cpuid_values[i];
		const struct soft_cpuid *config = &soft_cpuid_config[i];

		if (value->eax & ~config->eax || value->ebx & ~config->ebx ||
		    value->ecx & ~config->ecx || value->edx & ~config->edx)
			return TDX_OPERAND_INVALID | OPERAND_CPUID_CONFIG;
	}
	return TDX_SUCCESS;
}

static struct soft_cpuid *find_cpuid(struct soft_td_cpuid *cpuid, u32 leaf, u32 subleaf)
{
	for (u32 i = 0; i < cpuid->count; i++)
		if (cpuid->entries[i].leaf == leaf && cpuid->entries[i].subleaf == subleaf)
			return &cpuid->entries[i];
	return NULL;
}

/* A register that the VMM left at 0 keeps what it had: no address width, say, is none of 0 bits. */
static void configure(u32 *value, u32 wanted, u32 configurable)
{
	if (wanted)
		*value = (*value & ~configurable) | wanted;
}

static void set_cpuid(struct soft_td_cpuid *cpuid, const struct td_params *params)
{
	memcpy(cpuid->entries, guest_cpuid, sizeof(guest_cpuid));
	cpuid->count = ARRAY_SIZE(guest_cpuid);
	for (unsigned int i = 0; i < soft_nr_cpuid_config; i++) {
		const struct tdx_cpuid_value *value = &params->cpuid_values[i];
		const struct soft_cpuid *config = &soft_cpuid_config[i];
		struct soft_cpuid *entry = find_cpuid(cpuid, config->leaf, config->subleaf);

		if (!entry)
			continue;
		configure(&entry->eax, value->eax, config->eax);
		configure(&entry->ebx, value->ebx, config->ebx);
		configure(&entry->ecx, value->ecx, config->ecx);
		configure(&entry->edx, value->edx, config->edx);
	}
}

u64 soft_mng_init(struct tdx_module_args *args)
{
	const struct td_params *params = __va(args->rdx);
	struct soft_td td;
	u64 status = soft_td_find_ready(args->rcx, OPERAND_RCX, &td);

	if (status)
		return status;
	if (td.tdcs->op_state != OP_UNINITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (args->rdx & (sizeof(*params) - 1))
		return TDX_OPERAND_INVALID | OPERAND_RDX;
	status = check_params(params);
	if (status)
		return status;
	td.tdcs->attributes = params->attributes;
	td.tdcs->xfam = params->xfam;
	td.tdcs->max_vcpus = params->max_vcpus;
	td.tdcs->sept_levels = params->config_flags & TDX_CONFIG_FLAGS_MAX_GPAW ? 5 : 4;
	td.tdcs->measurement = 0xcbf29ce484222325ULL;
	set_cpuid(td.cpuid, params);
	td.tdcs->op_state = OP_INITIALIZED;
	return TDX_SUCCESS;
}

/* CPUID_VALUES: bit 16 is bit 31 of the leaf, 15:9 the leaf, 8:1 the sub-leaf, 0 which half. */
static u64 read_cpuid(struct soft_td *td, u64 field, u64 *value)
{
	u32 leaf = (field >> 9 & 0x7f) | (field & BIT(16) ? 0x80000000 : 0);
	u32 subleaf = field & BIT(8) ? NO_SUBLEAF : field >> 1 & 0x7f;
	const struct soft_cpuid *entry = find_cpuid(td->cpuid, leaf, subleaf);

	if (!entry)
		return TDX_METADATA_FIELD_NOT_READABLE | OPERAND_RDX;
	*value =
		field & 1 ? entry->ecx | (u64)entry->edx << 32 : entry->eax | (u64)entry->ebx << 32;
	return TDX_SUCCESS;
}

u64 soft_mng_rd(struct tdx_module_args *args)
{
	struct soft_td td;
	u64 status = soft_td_find_ready(args->rcx, OPERAND_RCX, &td);

	args->r8 = 0;
	if (status)
		return status;
	if (td.tdcs->op_state < OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	if (args->rdx == FIELD_TSC_OFFSET)
		return TDX_SUCCESS;
	if (args->rdx == FIELD_TSC_MULTIPLIER) {
		args->r8 = BIT_ULL(48); /* 1 */
		return TDX_SUCCESS;
	}
	if ((args->rdx & ~0x1ffffULL) == FIELD_CPUID_VALUES)
		return read_cpuid(&td, args->rdx, &args->r8);
	return TDX_METADATA_FIELD_ID_INCORRECT | OPERAND_RDX;
}

u64 soft_mr_finalize(struct tdx_module_args *args)
{
	struct soft_td td;
	u64 status = soft_td_find_ready(args->rcx, OPERAND_RCX, &td);

	if (status)
		return status;
	if (td.tdcs->op_state != OP_INITIALIZED)
		return TDX_OP_STATE_INCORRECT | OPERAND_TDCS;
	td.tdcs->op_state = OP_RUNNABLE;
	return TDX_SUCCESS;
}

/* No vCPU may have state on a CPU any more; then the key is on its way out. */
u64 soft_mng_vpflushdone(struct tdx_module_args *args)
{
	struct soft_td td;
	u64 status = soft_td_find(args->rcx, OPERAND_RCX, &td);

	if (status)
		return status;
	if (td.tdr->lifecycle != TD_HKID_ASSIGNED && td.tdr->lifecycle != TD_KEYS_CONFIGURED)
		return TDX_LIFECYCLE_STATE_INCORRECT | OPERAND_TDR;
	if (td.tdcs && td.tdcs->nr_associated)
		return TDX_FLUSHVP_NOT_DONE;
	soft_key_block(td.tdr->hkid);
	td.tdr->lifecycle = TD_BLOCKED;
	return TDX_SUCCESS;
}

u64 soft_mng_key_freeid(struct tdx_module_args *args)
{
	struct soft_td td;
	u64 status = soft_td_find(args->rcx, OPERAND_RCX, &td);

	if (status)
		return status;
	if (td.tdr->lifecycle != TD_BLOCKED)
		return TDX_LIFECYCLE_STATE_INCORRECT | OPERAND_TDR;
	if (!soft_key_free(td.tdr->hkid))
		return TDX_WBCACHE_NOT_COMPLETE | OPERAND_TDR;
	td.tdr->lifecycle = TD_TEARDOWN;
	return TDX_SUCCESS;
}
