// SPDX-License-Identifier: GPL-2.0-or-later
/* The flush verdict: which paths apply, and what each path does on pages in each state. */
#include "unit.h"

#include "kernel/uapi.h"
#include "port.h"
#include "verdict/flush_paths.h"

static struct gmem_ctx *ctx;
static struct gmem_flush *flush;

static void begin(const char *model, int vm_type, uint64_t memory_flags)
{
	const struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = vm_type,
		.memory_flags = memory_flags,
		.has_memory_flags = vm_type >= 0,
		.is_guest_memory = vm_type >= 0,
	};

	ck_assert_int_eq(gmem_ctx_new_simulated(model, &ctx), 0);
	ck_assert_int_eq(gmem_flush_new(ctx, &subject, &flush), 0);
}

static void end(void)
{
	gmem_flush_free(flush);
	gmem_ctx_free(ctx);
}

static void add(enum gmem_direct_map state, bool writable, uint64_t page_flags, uint64_t pages)
{
	const struct gmem_extent extent = {
		.pfn = 0x1234,
		.size = sizeof(extent),
		.pages = pages,
		.has_pfn = true,
		.direct_map = state,
		.level = state == GMEM_DIRECT_MAP_MAPPED ? GMEM_LEVEL_PTE : GMEM_LEVEL_NONE,
		.writable = writable,
		.page_flags = page_flags,
		.has_page_flags = true,
		.reason = state == GMEM_DIRECT_MAP_UNKNOWN ? "for the test" : NULL,
	};

	gmem_flush_add(flush, &extent);
}

static struct gmem_flush_row row(const char *name)
{
	struct gmem_flush_row found = { .size = sizeof(found) };

	for (size_t i = 0; !gmem_flush_row_at(flush, i, &found); i++)
		if (!strcmp(found.path->name, name))
			return found;
	ck_abort_msg("no path %s", name);
	return found;
}

static void expect(const char *name, enum gmem_verdict verdict)
{
	struct gmem_flush_row found = row(name);

	ck_assert_msg(found.verdict == verdict, "%s is %s, not %s (%s)", name,
		      gmem_verdict_name(found.verdict), gmem_verdict_name(verdict), found.reason);
	ck_assert_ptr_nonnull(found.reason);
}

/* However long the table of paths is, a verdict has a row for each path of its machine. */
START_TEST(every_path)
{
	struct gmem_flush_row last = { .size = sizeof(last) };
	const struct gmem_flush_rule *rule, *of_x86 = NULL;
	size_t rules = 0, rows = 0;

	for (size_t i = 0; (rule = gmem_flush_rule_at(i)); i++) {
		if (rule->machine == GMEM_FLUSH_ARM64)
			continue;
		of_x86 = rule;
		rules++;
	}
	begin("tdx", -1, 0);
	while (!gmem_flush_row_at(flush, rows, &last))
		rows++;
	ck_assert_uint_eq(rows, rules);
	ck_assert_ptr_eq(last.path, &of_x86->path);
	end();
}
END_TEST

START_TEST(every_row_is_complete)
{
	const struct gmem_flush_path *path;
	size_t n = 0;

	for (; (path = gmem_flush_path_at(n)); n++) {
		ck_assert(path->name && path->function && path->trigger && path->condition);
		ck_assert(path->source && strstr(path->source, "Linux"));
		ck_assert_ptr_nonnull(gmem_access_name(path->access));
	}
	ck_assert_uint_ge(n, 10);
	begin("tdx", GMEM_VM_TDX, 0);
	for (size_t i = 0; i < n; i++) {
		struct gmem_flush_row found = { .size = sizeof(found) };

		if (gmem_flush_rule_at(i)->machine == GMEM_FLUSH_ARM64)
			break; /* these rows are behind all others */
		ck_assert_int_eq(gmem_flush_row_at(flush, i, &found), 0);
		ck_assert_ptr_eq(found.path, gmem_flush_path_at(i));
	}
	end();
}
END_TEST

START_TEST(no_pages_no_verdict)
{
	begin("tdx", GMEM_VM_TDX, 0);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_NOT_APPLICABLE);
	expect("tdx-page-add", GMEM_VERDICT_NOT_APPLICABLE);
	end();
}
END_TEST

/* A flush needs only a present page. A write also needs RW. */
START_TEST(flush_needs_present_clear_needs_rw)
{
	begin("tdx", GMEM_VM_TDX, 0);
	add(GMEM_DIRECT_MAP_MAPPED, false, GMEM_KPF_UPTODATE, 3);
	expect("tdx-page-add", GMEM_VERDICT_SAFE);
	expect("tdx-page-aug", GMEM_VERDICT_SAFE);
	expect("tdx-reclaim", GMEM_VERDICT_FAULTS); /* the model's CPU has tdx_pw_mce */
	expect("gmem-clear", GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_SAFE);
	ck_assert_uint_eq(row("tdx-reclaim").faults_pages, 3);
	ck_assert_uint_eq(row("tdx-reclaim").first_pfn, 0x1234);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, GMEM_KPF_UPTODATE, 2);
	expect("tdx-page-add", GMEM_VERDICT_FAULTS);
	expect("gmem-clear", GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_uint_eq(row("tdx-page-add").faults_pages, 2);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_FAULTS);
	end();
}
END_TEST

/* The kernel writes a page that it has not cleared yet, and then flushes it. */
START_TEST(kernel_clears_before_the_flush)
{
	begin("tdx", GMEM_VM_TDX, 0);
	add(GMEM_DIRECT_MAP_MAPPED, true, 0, 1);
	expect("gmem-clear", GMEM_VERDICT_SAFE);
	add(GMEM_DIRECT_MAP_UNMAPPED, true, 0, 1);
	expect("gmem-clear", GMEM_VERDICT_FAULTS);
	expect("gmem-user-clear", GMEM_VERDICT_NOT_APPLICABLE); /* as it is not init-shared */
	end();
}
END_TEST

START_TEST(unknown_state_is_unknown_verdict)
{
	begin("tdx", GMEM_VM_TDX, 0);
	add(GMEM_DIRECT_MAP_MAPPED, true, GMEM_KPF_UPTODATE, 5);
	add(GMEM_DIRECT_MAP_UNKNOWN, false, GMEM_KPF_UPTODATE, 1);
	expect("tdx-page-add", GMEM_VERDICT_UNKNOWN);
	ck_assert_str_eq(row("tdx-page-add").reason, "for the test");
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_UNKNOWN);
	ck_assert_int_eq(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_UNKNOWN);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, GMEM_KPF_UPTODATE, 1);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_FAULTS);
	end();
}
END_TEST

/*
 * If the page cache cannot be read, no page frame decides the verdict. 0 must not be reported, as
 * it is a valid page frame.
 */
START_TEST(no_page_frame)
{
	const struct gmem_extent unseen = {
		.size = sizeof(unseen), .pages = 8, .node = -1, .reason = "for the test"
	};

	begin("tdx", GMEM_VM_TDX, 0);
	gmem_flush_add(flush, &unseen);
	expect("tdx-page-add", GMEM_VERDICT_UNKNOWN);
	ck_assert(!row("tdx-page-add").has_first_pfn);
	add(GMEM_DIRECT_MAP_UNKNOWN, false, GMEM_KPF_UPTODATE, 1);
	ck_assert(!row("tdx-page-add").has_first_pfn);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, GMEM_KPF_UPTODATE, 1);
	ck_assert(row("tdx-page-add").has_first_pfn);
	ck_assert_uint_eq(row("tdx-page-add").first_pfn, 0x1234);
	end();
	begin("tdx", GMEM_VM_TDX, 0);
	add(GMEM_DIRECT_MAP_MAPPED, true, GMEM_KPF_UPTODATE, 1);
	ck_assert(!row("tdx-page-add").has_first_pfn);
	add(GMEM_DIRECT_MAP_UNKNOWN, false, GMEM_KPF_UPTODATE, 1);
	ck_assert(row("tdx-page-add").has_first_pfn);
	end();
}
END_TEST

/* The paths that apply to VMs of each type, and to each kernel. */
START_TEST(paths_by_vm_type_and_kernel)
{
	begin("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, GMEM_KPF_UPTODATE, 1);
	expect("tdx-page-add", GMEM_VERDICT_NOT_APPLICABLE);
	expect("snp-reclaim", GMEM_VERDICT_NOT_APPLICABLE);
	expect("kvm-map", GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_FAULTS);
	end();
	begin("snp", GMEM_VM_SNP, 0);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, 0, 1);
	expect("snp-launch-update", GMEM_VERDICT_FAULTS);
	expect("snp-reclaim", GMEM_VERDICT_FAULTS);
	expect("tdx-page-aug", GMEM_VERDICT_NOT_APPLICABLE);
	end();
	/* For page frames alone: the paths that any VM of this kernel could run. */
	begin("plain", -1, 0);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, 0, 1);
	expect("tdx-page-add", GMEM_VERDICT_NOT_APPLICABLE);
	expect("gmem-clear", GMEM_VERDICT_FAULTS);
	end();
	begin("tdx", -1, 0);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, 0, 1);
	expect("tdx-page-add", GMEM_VERDICT_FAULTS);
	end();
}
END_TEST

/* With the flag, pages that are still in the direct map leave it before the flush. */
START_TEST(pages_with_the_flag_will_leave)
{
	begin("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
	add(GMEM_DIRECT_MAP_MAPPED, true, 0, 4);
	expect("gmem-clear", GMEM_VERDICT_SAFE);
	expect("tdx-page-add", GMEM_VERDICT_FAULTS);
	expect("tdx-page-aug", GMEM_VERDICT_FAULTS);
	ck_assert_ptr_nonnull(strstr(row("tdx-page-add").reason, "inferred"));
	ck_assert_int_eq(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_FAULTS);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_SAFE); /* as they are now */
	end();
}
END_TEST

START_TEST(verdict_of_page_frames)
{
	begin("tdx", -1, 0);
	ck_assert_int_eq(gmem_sim_set_direct_map(ctx->kernel, 0x100005, false), 0);
	ck_assert_int_eq(gmem_flush_add_pfns(flush, 0x100000, 16), 0);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_FAULTS);
	ck_assert_uint_eq(row("tdx-page-add").faults_pages, 1);
	ck_assert_uint_eq(row("tdx-page-add").first_pfn, 0x100005);
	/* These page frames do not go into a guest, although the rows say what would happen. */
	ck_assert_int_eq(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_flush_add_pfns(flush, 0x100000, 0), -EINVAL);
	port_said(ctx, "no page frames");
	end();
}
END_TEST

/* A CPU of arm64, with KVM's answers about it: -1 if KVM does not answer. */
static int cpu_both;
static uint64_t cpu_ctr;

static int arm64_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	if (request == GMEM_KVM_CHECK_EXTENSION && arg == GMEM_KVM_CAP_ARM_CACHEABLE_PFNMAP)
		return cpu_both < 0 ? -EINVAL : cpu_both;
	return port.real->ioctl(kernel, fd, request, arg);
}

static int arm64_cache_type(struct gmem_kernel *kernel, uint64_t *ctr_el0)
{
	(void)kernel;
	*ctr_el0 = cpu_ctr;
	return 0;
}

static void begin_arm64(int both, int dic, uint64_t memory_flags)
{
	const struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = GMEM_VM_DEFAULT,
		.memory_flags = memory_flags,
		.has_memory_flags = true,
		.is_guest_memory = true,
	};
	struct gmem_kernel_ops *ops;

	ctx = port_ctx("plain");
	ops = port_pretend(ctx);
	ops->machine = "aarch64";
	ops->ioctl = arm64_ioctl;
	ops->cache_type = dic < 0 ? NULL : arm64_cache_type;
	cpu_both = both;
	cpu_ctr = dic > 0 ? 1ull << 29 : 0x8444c004;
	ck_assert_int_eq(gmem_flush_new(ctx, &subject, &flush), 0);
}

#define NO GMEM_VERDICT_NOT_APPLICABLE
#define DIES GMEM_VERDICT_FAULTS
#define MAY GMEM_VERDICT_UNKNOWN

static const char *const stage2[] = { "stage2-map", "stage2-map-exec", "stage2-unmap",
				      "stage2-flush" };

/* The paths that maintain caches, on each CPU, for a page that is not in the direct map. */
START_TEST(cache_maintenance_by_arm64_cpu)
{
	static const struct {
		int both, dic;
		enum gmem_verdict rows[4]; /* of stage2[] */
	} cpus[] = {
		{ 1, 1, { NO, NO, NO, NO } },
		{ 1, -1, { NO, NO, NO, NO } }, /* KVM answers, even if the CPU cannot be asked */
		{ 0, 1, { DIES, NO, DIES, DIES } },
		{ 0, 0, { MAY, DIES, MAY, MAY } }, /* Force Write-Back may be there or not */
		{ 0, -1, { MAY, MAY, MAY, MAY } },
		{ -1, 1, { MAY, NO, MAY, MAY } },
		{ -1, -1, { MAY, MAY, MAY, MAY } },
	};
	uint64_t fds;

	for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		begin_arm64(cpus[i].both, cpus[i].dic, 0);
		fds = gmem_sim_open_fds(ctx->kernel);
		ck_assert_uint_eq(fds, 0); /* the VM that was asked is closed */
		add(GMEM_DIRECT_MAP_MAPPED, true, GMEM_KPF_UPTODATE, 3);
		for (size_t k = 0; k < 4; k++)
			expect(stage2[k], cpus[i].rows[k] == NO ? NO : GMEM_VERDICT_SAFE);
		add(GMEM_DIRECT_MAP_UNMAPPED, false, GMEM_KPF_UPTODATE, 2);
		for (size_t k = 0; k < 4; k++) {
			expect(stage2[k], cpus[i].rows[k]);
			ck_assert_uint_eq(row(stage2[k]).faults_pages,
					  cpus[i].rows[k] == DIES ? 2 : 0);
			ck_assert_uint_eq(row(stage2[k]).unknown_pages,
					  cpus[i].rows[k] == MAY ? 2 : 0);
		}
		end();
	}
}
END_TEST

/* There are no rows of the other machine, but rows that both have. */
START_TEST(arm64_has_no_rows_of_x86)
{
	struct gmem_flush_row found = { .size = sizeof(found) };

	begin_arm64(1, 1, GMEM_MEMORY_INIT_SHARED);
	add(GMEM_DIRECT_MAP_UNMAPPED, false, 0, 1);
	expect("gmem-clear", GMEM_VERDICT_FAULTS);
	expect("gmem-user-clear", GMEM_VERDICT_FAULTS);
	expect("gup-copy", GMEM_VERDICT_FAULTS);
	for (size_t i = 0; !gmem_flush_row_at(flush, i, &found); i++)
		ck_assert(!strstr(found.path->name, "tdx") && !strstr(found.path->name, "snp") &&
			  !strstr(found.path->source, "x86"));
	end();
	/* With the flag a page leaves the linear map before the kernel cleans its cache lines. */
	begin_arm64(0, 1, GMEM_MEMORY_NO_DIRECT_MAP);
	add(GMEM_DIRECT_MAP_MAPPED, true, 0, 4);
	expect("stage2-map", GMEM_VERDICT_FAULTS);
	expect("stage2-map-exec", GMEM_VERDICT_NOT_APPLICABLE);
	expect("stage2-unmap", GMEM_VERDICT_SAFE);
	end();
	begin_arm64(0, 0, GMEM_MEMORY_NO_DIRECT_MAP);
	add(GMEM_DIRECT_MAP_MAPPED, true, 0, 4);
	expect("stage2-map-exec", GMEM_VERDICT_FAULTS);
	ck_assert_ptr_nonnull(strstr(row("stage2-map-exec").path->condition, "first execution"));
	end();
}
END_TEST

UNIT_MAIN("flush", cache_maintenance_by_arm64_cpu, arm64_has_no_rows_of_x86, every_path,
	  every_row_is_complete, no_pages_no_verdict, flush_needs_present_clear_needs_rw,
	  kernel_clears_before_the_flush, unknown_state_is_unknown_verdict, no_page_frame,
	  paths_by_vm_type_and_kernel, pages_with_the_flag_will_leave, verdict_of_page_frames)
