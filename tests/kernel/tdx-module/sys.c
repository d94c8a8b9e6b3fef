// SPDX-License-Identifier: GPL-2.0-only
/* TDH.SYS.*: the module is initialized, configured, and tells about itself. */
#include <linux/cpumask.h>
#include <linux/topology.h>
#include "soft.h"

enum sys_state {
	SYS_NONE,
	SYS_INITIALIZED,
	SYS_CONFIGURED,
	SYS_READY,
	SYS_DISABLED,
};

static enum sys_state state;
static struct cpumask initialized_cpus;
static unsigned long keyed_packages;
static u64 global_keyid;

/* DEBUG and SEPT_VE_DISABLE may be set, nothing has to be. */
const u64 soft_attributes_fixed0 = TDX_TD_ATTR_DEBUG | TDX_TD_ATTR_SEPT_VE_DISABLE;
const u64 soft_attributes_fixed1;
/* x87 and SSE must be there; AVX, AVX-512, PT, PKRU, CET, AMX may. */
const u64 soft_xfam_fixed0 = 0x61be7;
const u64 soft_xfam_fixed1 = 3;

#define NO_SUBLEAF (~0u)

/* Bits that a VMM may configure, by leaf. */
const struct soft_cpuid soft_cpuid_config[] = {
	{ 0x1, NO_SUBLEAF, 0x0fff3fff, 0x00ff0000, 0x00000080, 0 },
	{ 0x4, 0, 0xffffc000, 0xffffffff, 0xffffffff, 0 },
	{ 0x4, 1, 0xffffc000, 0xffffffff, 0xffffffff, 0 },
	{ 0x7, 0, 0, 0xd02f0a18, 0x1b415f6e, 0x00814410 },
	{ 0x14, 0, 0x00000001, 0, 0, 0 },
	{ 0x80000008, NO_SUBLEAF, 0x000000ff, 0x00000200, 0, 0 },
};

const unsigned int soft_nr_cpuid_config = ARRAY_SIZE(soft_cpuid_config);

/* Global metadata that Linux reads (tdx_global_metadata.c), by field ID. */
static const struct {
	u64 id;
	u64 value;
} fields[] = {
	{ 0x0800000100000003, 5 },  /* minor version */
	{ 0x0800000100000004, 1 },  /* major version */
	{ 0x0800000100000005, 99 }, /* update; no module of Intel's has this one */
	/* NO_RBP_MOD and TOPOLOGY_ENUM; no update at run time. */
	{ 0x0A00000300000008, TDX_FEATURES0_NO_RBP_MOD | BIT_ULL(20) },
	{ 0x9100000100000008, SOFT_MAX_TDMRS },
	{ 0x9100000100000009, SOFT_MAX_RESERVED },
	{ 0x9100000100000010, sizeof(struct soft_pamt) }, /* 4K entries */
	{ 0x9100000100000011, sizeof(struct soft_pamt) }, /* 2M */
	{ 0x9100000100000012, sizeof(struct soft_pamt) }, /* 1G */
	{ 0x9800000100000000, PAGE_SIZE },		  /* TDR */
	{ 0x9800000100000100, TDCS_PAGES *PAGE_SIZE },
	{ 0x9800000100000200, (1 + TDCX_PAGES) * PAGE_SIZE }, /* TDVPS: TDVPR too */
	{ 0x9900000100000004, ARRAY_SIZE(soft_cpuid_config) },
	{ 0x9900000100000008, 576 }, /* vCPUs a TD */
};

#define FIELD_ATTRIBUTES_FIXED0 0x1900000300000000
#define FIELD_ATTRIBUTES_FIXED1 0x1900000300000001
#define FIELD_XFAM_FIXED0 0x1900000300000002
#define FIELD_XFAM_FIXED1 0x1900000300000003
#define FIELD_CPUID_LEAVES 0x9900000300000400
#define FIELD_CPUID_VALUES 0x9900000300000500

bool soft_sys_ready(void)
{
	return state == SYS_READY;
}

u64 soft_sys_init(struct tdx_module_args *args)
{
	if (state != SYS_NONE)
		return TDX_SYS_INIT_NOT_PENDING;
	if (args->rcx)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	state = SYS_INITIALIZED;
	return TDX_SUCCESS;
}

u64 soft_sys_lp_init(struct tdx_module_args *args)
{
	if (state == SYS_NONE || state == SYS_DISABLED)
		return TDX_SYS_STATE_INCORRECT;
	if (cpumask_test_and_set_cpu(raw_smp_processor_id(), &initialized_cpus))
		return TDX_SYS_LP_INIT_DONE;
	return TDX_SUCCESS;
}

/* Of a list: which of its elements a field ID means. */
static bool element(u64 id, u64 list, u64 count, u64 *index)
{
	if (id < list || id - list >= count)
		return false;
	*index = id - list;
	return true;
}

static bool read_field(u64 id, u64 *value)
{
	u64 index;

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].id != id)
			continue;
		*value = fields[i].value;
		return true;
	}
	if (element(id, FIELD_CPUID_LEAVES, soft_nr_cpuid_config, &index)) {
		*value = soft_cpuid_config[index].leaf | (u64)soft_cpuid_config[index].subleaf
								 << 32;
		return true;
	}
	if (element(id, FIELD_CPUID_VALUES, 2 * soft_nr_cpuid_config, &index)) {
		const struct soft_cpuid *config = &soft_cpuid_config[index / 2];

		*value = index & 1 ? config->ecx | (u64)config->edx << 32
				   : config->eax | (u64)config->ebx << 32;
		return true;
	}
	return false;
}

static bool read_mask(u64 id, u64 *value)
{
	switch (id) {
	case FIELD_ATTRIBUTES_FIXED0:
		*value = soft_attributes_fixed0;
		return true;
	case FIELD_ATTRIBUTES_FIXED1:
		*value = soft_attributes_fixed1;
		return true;
	case FIELD_XFAM_FIXED0:
		*value = soft_xfam_fixed0;
		return true;
	case FIELD_XFAM_FIXED1:
		*value = soft_xfam_fixed1;
		return true;
	}
	return false;
}

u64 soft_sys_rd(struct tdx_module_args *args)
{
	args->r8 = 0;
	if (state == SYS_NONE || state == SYS_DISABLED)
		return TDX_SYS_STATE_INCORRECT;
	if (!read_field(args->rdx, &args->r8) && !read_mask(args->rdx, &args->r8))
		return TDX_METADATA_FIELD_ID_INCORRECT | OPERAND_RDX;
	return TDX_SUCCESS;
}

u64 soft_sys_config(struct tdx_module_args *args)
{
	if (state != SYS_INITIALIZED)
		return TDX_SYS_STATE_INCORRECT;
	if (!cpumask_equal(&initialized_cpus, cpu_online_mask))
		return TDX_SYS_LP_INIT_NOT_DONE;
	if (args->rcx & (TDMR_INFO_PA_ARRAY_ALIGNMENT - 1))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	if (!args->rdx || args->rdx > SOFT_MAX_TDMRS)
		return TDX_OPERAND_INVALID | OPERAND_RDX;
	if (!soft_key_is_private(args->r8))
		return TDX_OPERAND_INVALID | OPERAND_R8;
	global_keyid = args->r8;
	soft_pamt_configure(__va(args->rcx), args->rdx);
	state = SYS_CONFIGURED;
	return TDX_SUCCESS;
}

/* Once on each package; after the last one TDs may come. */
u64 soft_sys_key_config(struct tdx_module_args *args)
{
	unsigned int package = topology_physical_package_id(raw_smp_processor_id());

	if (state != SYS_CONFIGURED)
		return TDX_SYS_KEY_CONFIG_NOT_PENDING;
	if (keyed_packages & BIT(package))
		return TDX_KEY_CONFIGURED;
	keyed_packages |= BIT(package);
	if (hweight_long(keyed_packages) == topology_max_packages()) {
		/* No TD can have the module's own key. */
		soft_key_assign(global_keyid);
		state = SYS_READY;
	}
	return TDX_SUCCESS;
}

u64 soft_sys_tdmr_init(struct tdx_module_args *args)
{
	return state == SYS_READY ? soft_tdmr_init(args) : TDX_SYS_STATE_INCORRECT;
}

u64 soft_sys_disable(struct tdx_module_args *args)
{
	state = SYS_DISABLED;
	return TDX_SUCCESS;
}
