// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call fails once while TDs and SNP guests are launched. A launch resumes where it stopped.
 */
#include "faults.h"

static _Alignas(4096) char source[SIZE];

static int split_irqchip(struct world *w)
{
	return gmem_tdx_split_irqchip(w->vm, 0);
}

static int ask_capabilities(struct world *w)
{
	struct gmem_tdx_capabilities *capabilities;
	int ret = gmem_tdx_capabilities_new(w->vm, &capabilities);

	if (ret)
		return ret;
	ck_assert_uint_ne(gmem_tdx_xfam(capabilities), 0);
	gmem_tdx_capabilities_free(capabilities);
	return 0;
}

static int init_td(struct world *w)
{
	int ret = gmem_tdx_init_vm(w->vm, NULL);

	faults_end(w);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(w->sim), ret ? 0 : 1);
	return ret;
}

static void prepare_td(struct world *w)
{
	ck_assert_int_eq(gmem_tdx_split_irqchip(w->vm, 0), 0);
	ck_assert_int_eq(gmem_tdx_init_vm(w->vm, NULL), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(w->vm, 0), 0);
}

static int init_vcpu(struct world *w)
{
	return gmem_tdx_init_vcpu(w->vm, 0, NULL);
}

static int get_cpuid(struct world *w)
{
	struct kvm_cpuid2 *cpuid;
	int ret = gmem_tdx_get_cpuid(w->vm, 0, &cpuid);

	if (!ret)
		gmem_tdx_free_cpuid(cpuid);
	return ret;
}

static void prepare_vcpu(struct world *w)
{
	prepare_td(w);
	ck_assert_int_eq(gmem_tdx_init_vcpu(w->vm, 0, NULL), 0);
}

/* Returns the pages in use, which are those that a launch has added. */
static uint64_t added(const struct world *w)
{
	return gmem_sim_pages_in_use(w->sim);
}

static int add_region(struct world *w)
{
	const struct gmem_tdx_region region = {
		.size = sizeof(region),
		.source = source + w->progress * PAGE,
		.gpa = GPA + w->progress * PAGE,
		.pages = PAGES - w->progress,
		.flags = GMEM_TDX_MEASURE,
	};
	uint64_t done = UINT64_MAX;
	int ret = gmem_tdx_init_mem_region(w->vm, 0, &region, &done);

	faults_end(w);
	ck_assert_uint_le(done, region.pages);
	w->progress += done;
	ck_assert_uint_eq(added(w), w->progress);
	return ret;
}

static int finalize(struct world *w)
{
	int ret = gmem_tdx_finalize(w->vm);

	faults_end(w);
	if (!ret)
		ck_assert_int_eq(gmem_tdx_finalize(w->vm), -EINVAL);
	return ret;
}

static int launch_td(struct world *w)
{
	const struct gmem_tdx_region region = { sizeof(region), source, GPA, PAGES,
						GMEM_TDX_MEASURE };
	const struct gmem_tdx_launch_options options = {
		.size = sizeof(options),
		.vcpus = 2,
		.regions = &region,
		.region_count = 1,
	};
	int ret = gmem_tdx_launch(w->vm, &options);

	faults_end(w);
	if (!ret)
		ck_assert_uint_eq(added(w), PAGES);
	return ret;
}

static int init_snp(struct world *w)
{
	return gmem_snp_init_vm(w->vm, NULL);
}

static void prepare_snp(struct world *w)
{
	ck_assert_int_eq(gmem_snp_init_vm(w->vm, NULL), 0);
}

static int start_snp(struct world *w)
{
	return gmem_snp_launch_start(w->vm, NULL);
}

static void prepare_start(struct world *w)
{
	prepare_snp(w);
	ck_assert_int_eq(gmem_snp_launch_start(w->vm, NULL), 0);
}

static int update_snp(struct world *w)
{
	const struct gmem_snp_region region = {
		.size = sizeof(region),
		.source = source + w->progress * PAGE,
		.gpa = GPA + w->progress * PAGE,
		.pages = PAGES - w->progress,
		.type = GMEM_SNP_PAGE_NORMAL,
	};
	uint64_t done = UINT64_MAX;
	int ret = gmem_snp_launch_update(w->vm, &region, &done);

	faults_end(w);
	ck_assert_uint_le(done, region.pages);
	w->progress += done;
	ck_assert_uint_eq(added(w), w->progress);
	return ret;
}

static int finish_snp(struct world *w)
{
	return gmem_snp_launch_finish(w->vm, NULL);
}

#define TD_STEPS "KVM_TDX_|KVM_CAP_SPLIT_IRQCHIP|KVM_CREATE_VCPU|KVM_SET_CPUID2"

static const struct operation operations[] = {
	{ "split irqchip", ON(TDX), WITH_VM, false, "KVM_CAP_SPLIT_IRQCHIP", NULL, split_irqchip },
	{ "capabilities", ON(TDX), WITH_VM, false, "KVM_TDX_CAPABILITIES", NULL, ask_capabilities },
	{ "init vm", ON(TDX), WITH_VM, false, "KVM_TDX_INIT_VM|KVM_TDX_CAPABILITIES", NULL,
	  init_td },
	{ "get cpuid", ON(TDX), WITH_VM, false, "KVM_TDX_GET_CPUID", prepare_td, get_cpuid },
	{ "init vcpu", ON(TDX), WITH_VM, false,
	  "KVM_TDX_INIT_VCPU|KVM_SET_CPUID2|KVM_TDX_GET_CPUID", prepare_td, init_vcpu },
	{ "init mem region", ON(TDX), WITH_MEMORY, false, "KVM_TDX_INIT_MEM_REGION", prepare_vcpu,
	  add_region },
	{ "finalize", ON(TDX), WITH_MEMORY, false, "KVM_TDX_FINALIZE_VM", prepare_vcpu, finalize },
	/* Finished steps must not be repeated: the launch stays where it is. */
	{ "launch", ON(TDX), WITH_MEMORY, true, TD_STEPS, NULL, launch_td },
	{ "snp init", ON(SNP), WITH_VM, false, "KVM_SEV_INIT2", NULL, init_snp },
	{ "snp launch start", ON(SNP), WITH_VM, false, "KVM_SEV_SNP_LAUNCH_START|/dev/sev",
	  prepare_snp, start_snp },
	{ "snp launch update", ON(SNP), WITH_MEMORY, false, "KVM_SEV_SNP_LAUNCH_UPDATE",
	  prepare_start, update_snp },
	{ "snp launch finish", ON(SNP), WITH_MEMORY, false, "KVM_SEV_SNP_LAUNCH_FINISH",
	  prepare_start, finish_snp },
};

START_TEST(launches_with_each_call_failed)
{
	try_operations(operations, sizeof(operations) / sizeof(operations[0]));
}
END_TEST

UNIT_MAIN("faults_launch", launches_with_each_call_failed)
