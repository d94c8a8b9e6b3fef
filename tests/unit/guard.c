// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard refuses every call that would let the kernel take a page fault, and no other call. If
 * such a call is then allowed, the model does take the fault.
 */
#include "unit.h"

#include "kernel/sim/kvm/tdx_module.h"
#include "port.h"

#define PAGE 4096ull
#define PAGES 16ull
#define SIZE (PAGES * PAGE)
#define GPA 0x100000000ull
#define SHARED (GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED)

static struct gmem_ctx *ctx;
static struct gmem_kernel *sim;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static _Alignas(4096) char source[SIZE];

static void bind_memory(uint64_t flags)
{
	const struct gmem_memory_options options = { .size = sizeof(options),
						     .memory_size = SIZE,
						     .flags = flags };
	struct gmem_slot_options slot = { .size = sizeof(slot), .gpa = GPA, .memory_size = SIZE };

	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	slot.memory = memory;
	ck_assert_int_eq(gmem_slot_set(vm, &slot), 0);
	if (gmem_vm_type_of(vm) != GMEM_VM_DEFAULT)
		ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
}

/* Makes a VM with a vCPU and memory. A TD or an SNP guest is in the middle of its launch. */
static void setup(const char *model, enum gmem_vm_type type, uint64_t flags)
{
	ctx = port_ctx(model);
	sim = port_sim(ctx);
	ck_assert_int_eq(gmem_vm_new(ctx, type, &vm), 0);
	if (gmem_launch_of(type))
		ck_assert_int_eq(gmem_launch_init(vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	if (gmem_launch_of(type))
		ck_assert_int_eq(gmem_launch_vcpu(vm, 0), 0);
	bind_memory(flags);
}

static void free_all(void)
{
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}

/* For a model that had no oops. */
static void teardown(void)
{
	ck_assert(!gmem_sim_oopsed(sim));
	ck_assert_str_eq(gmem_ctx_kernel_log(ctx), "");
	free_all();
}

static int add(uint64_t page, uint64_t pages, uint64_t *done)
{
	const struct gmem_launch_content content = {
		.size = sizeof(content),
		.source = source,
		.gpa = GPA + page * PAGE,
		.pages = pages,
	};

	return gmem_launch_add(vm, &content, done);
}

static int populate(struct gmem_vm *with, enum gmem_populate_method method,
		    enum gmem_populate_method *used)
{
	const struct gmem_populate_options options = { .size = sizeof(options),
						       .method = method,
						       .gpa = GPA };

	return gmem_populate(with, memory, &options, used, NULL);
}

static int pre_fault(void)
{
	return populate(vm, GMEM_POPULATE_PRE_FAULT, NULL);
}

static int punch(void)
{
	return gmem_memory_punch(memory, 0, SIZE);
}

static int share(void)
{
	return gmem_convert(vm, GPA, SIZE, false);
}

static int delete_slot(void)
{
	return gmem_slot_delete(vm, 0);
}

static int add_all(void)
{
	return add(0, PAGES, NULL);
}

static uint64_t frame(uint64_t page)
{
	int64_t pfn = gmem_sim_file_pfn(sim, gmem_memory_fd(memory), page);

	ck_assert_int_gt(pfn, 0);
	return (uint64_t)pfn;
}

static void make_hole(uint64_t page)
{
	ck_assert_int_eq(gmem_sim_set_direct_map(sim, frame(page), false), 0);
}

static void fill_hole(uint64_t page)
{
	ck_assert_int_eq(gmem_sim_set_direct_map(sim, frame(page), true), 0);
}

/*
 * The call is refused because of that path, and nothing happens. If it is
 * allowed, the model oopses.
 */
static void refused(int (*call)(void), const char *path, uint64_t pages, uint64_t first_pfn)
{
	char words[200];

	ck_assert_int_eq(call(), -GMEM_EWOULDFAULT);
	ck_assert(!gmem_sim_oopsed(sim));
	snprintf(words, sizeof(words), ": not called: %s (", path);
	port_said(ctx, words);
	snprintf(words, sizeof(words),
		 "would take a page fault on %llu of these pages, the first at PFN 0x%llx,",
		 (unsigned long long)pages, (unsigned long long)first_pfn);
	port_said(ctx, words);
	port_said(ctx, "gmem_ctx_allow_faults()");
}

static void dies_of(int (*call)(void), const char *function)
{
	gmem_ctx_allow_faults(ctx, true);
	ck_assert_int_eq(call(), -GMEM_KERNEL_OOPS);
	ck_assert(strstr(gmem_ctx_kernel_log(ctx), function));
}

static void let(int (*call)(void), const char *function)
{
	dies_of(call, function);
	free_all();
}

/* Whether libgmem has opened a reader. Some calls must not do that. */
static bool has_reader(void)
{
	return gmem_reader_evidence(ctx) != GMEM_EVIDENCE_NONE;
}

START_TEST(added_removed_memory)
{
	uint64_t done = 5;

	setup("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
	/* No page is there yet. The flag alone tells that all of them would fault. */
	ck_assert_int_eq(add(0, 4, &done), -GMEM_EWOULDFAULT);
	ck_assert_uint_eq(done, 0);
	port_said(ctx,
		  "KVM_TDX_INIT_MEM_REGION: not called: tdx-page-add (tdh_mem_page_add > "
		  "tdx_clflush_pfn > clflush_cache_range) would take a page fault on 4 of these "
		  "pages, and the kernel would oops: they leave the direct map on the "
		  "way into the guest; create the memory without the flag no-direct-map, or go on "
		  "anyway with gmem_ctx_allow_faults()");
	/* If pages are there, the message names the first one. */
	ck_assert_int_eq(gmem_memory_allocate(memory, 2 * PAGE, PAGE), 0);
	refused(add_all, "tdx-page-add", PAGES, frame(2));
	port_said(ctx,
		  "leaves the direct map before this path touches it (inferred from the flag)");
	ck_assert_uint_eq(gmem_sim_seamcalls(sim, TDH_MEM_PAGE_ADD), 0);
	ck_assert(gmem_sim_direct_map_present(sim, frame(2)));
	let(add_all, "tdh_mem_page_add");
}
END_TEST

START_TEST(pre_faulted_removed_memory)
{
	enum gmem_populate_method used;

	setup("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
	/* "best" is what KVM accepts: it maps nothing before the launch is finished. */
	ck_assert_int_eq(populate(vm, GMEM_POPULATE_BEST, &used), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_ALLOCATE);
	ck_assert_int_eq(gmem_launch_finalize(vm), 0);
	ck_assert_int_eq(populate(vm, GMEM_POPULATE_BEST, NULL), -GMEM_EWOULDFAULT);
	refused(pre_fault, "tdx-page-aug", PAGES, frame(0));
	ck_assert_int_eq(populate(NULL, GMEM_POPULATE_ALLOCATE, NULL), 0);
	ck_assert_int_eq(punch(), 0);
	ck_assert_int_eq(populate(NULL, GMEM_POPULATE_ALLOCATE, NULL), 0);
	let(pre_fault, "tdh_mem_page_aug");
}
END_TEST

static int launch(void)
{
	const struct gmem_tdx_region regions[] = {
		{ sizeof(regions[0]), source, GPA, 4, 0 },
		{ sizeof(regions[0]), source, GPA + 8 * PAGE, 8, 0 },
	};
	const struct gmem_tdx_launch_options options = { .size = sizeof(options),
							 .regions = regions,
							 .region_count = 2 };

	return gmem_tdx_launch(vm, &options);
}

static void setup_unlaunched(const char *model, uint64_t flags)
{
	ctx = port_ctx(model);
	sim = port_sim(ctx);
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	bind_memory(flags);
}

/* The guard refuses a launch before it begins. */
START_TEST(refuses_a_launch_before_it_begins)
{
	setup_unlaunched("tdx-no-direct-map", GMEM_MEMORY_NO_DIRECT_MAP);
	ck_assert_int_eq(launch(), -GMEM_EWOULDFAULT);
	port_said(ctx, "tdx-page-add");
	ck_assert_uint_eq(gmem_sim_keyids_in_use(sim), 0);
	let(launch, "tdh_mem_page_add");

	setup_unlaunched("tdx", 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(6); /* in no region */
	ck_assert_int_eq(launch(), 0);
	teardown();

	setup_unlaunched("tdx", 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(9);
	make_hole(11);
	refused(launch, "tdx-page-add", 2, frame(9));
	ck_assert_uint_eq(gmem_sim_keyids_in_use(sim), 0);
	teardown();
}
END_TEST

/* Another program took pages of a TD out of the direct map. */
START_TEST(holes_of_a_td)
{
	static const struct {
		int (*call)(void);
		const char *path, *function;
		bool finalized, given;
	} calls[] = {
		{ add_all, "tdx-page-add", "tdh_mem_page_add", false, false },
		/* The kernel clears new pages first. */
		{ pre_fault, "gmem-clear", "kvm_gmem_get_pfn", true, false },
		{ punch, "tdx-reclaim", "tdx_quirk_reset_paddr", false, true },
		{ share, "tdx-reclaim", "tdx_quirk_reset_paddr", true, true },
		{ delete_slot, "tdx-reclaim", "tdx_quirk_reset_paddr", true, true },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		setup("tdx", GMEM_VM_TDX, 0);
		if (calls[i].given)
			ck_assert_int_eq(add_all(), 0);
		if (calls[i].finalized)
			ck_assert_int_eq(gmem_launch_finalize(vm), 0);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		make_hole(3);
		make_hole(4);
		refused(calls[i].call, calls[i].path, 2, frame(3));
		port_said(ctx, "restore them to the direct map first, or go on");
		let(calls[i].call, calls[i].function);
	}
}
END_TEST

/*
 * If a hole made the guard refuse a call, it succeeds after the hole is filled, or beside the hole.
 */
START_TEST(beside_holes)
{
	uint64_t done;

	setup("tdx", GMEM_VM_TDX, 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(3);
	ck_assert_int_eq(add(0, 3, &done), 0);
	ck_assert_int_eq(add(3, 1, &done), -GMEM_EWOULDFAULT);
	ck_assert_int_eq(gmem_memory_punch(memory, 4 * PAGE, 4 * PAGE), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, 3 * PAGE, false), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
	fill_hole(3);
	ck_assert_int_eq(add(3, 1, &done), 0);
	ck_assert_int_eq(punch(), 0);
	teardown();
}
END_TEST

/* Without the erratum the kernel does not touch pages that leave a TD. */
START_TEST(holes_without_the_erratum)
{
	setup("no-direct-map", GMEM_VM_TDX, 0);
	gmem_ctx_allow_faults(ctx, true);
	ck_assert_int_eq(add_all(), 0);
	gmem_ctx_allow_faults(ctx, false);
	make_hole(3);
	ck_assert_int_eq(share(), 0);
	fill_hole(3);
	ck_assert_int_eq(punch(), 0);
	ck_assert(!has_reader());
	teardown();
}
END_TEST

static enum gmem_snp_page_type snp_type;

static int update(void)
{
	const struct gmem_snp_region region = { sizeof(region), source, GPA, PAGES, snp_type };

	return gmem_snp_launch_update(vm, &region, NULL);
}

START_TEST(holes_of_an_snp_guest)
{
	static const enum gmem_snp_page_type types[] = { GMEM_SNP_PAGE_NORMAL,
							 GMEM_SNP_PAGE_UNMEASURED,
							 GMEM_SNP_PAGE_SECRETS,
							 GMEM_SNP_PAGE_CPUID };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snp_type = types[i];
		setup("snp", GMEM_VM_SNP, 0);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		make_hole(7);
		refused(update, "snp-launch-update", 1, frame(7));
		let(update, "sev_gmem_post_populate");
	}
	/* The kernel copies nothing into pages of zeroes. */
	snp_type = GMEM_SNP_PAGE_ZERO;
	setup("snp", GMEM_VM_SNP, 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(7);
	ck_assert_int_eq(update(), 0);
	refused(punch, "snp-reclaim", 1, frame(7));
	ck_assert_int_eq(share(), 0);
	let(punch, "sev_gmem_make_shared");
}
END_TEST

/* For ordinary VMs the guard looks at nothing, and makes no call to the kernel. */
START_TEST(ordinary_vm_costs_no_look)
{
	static const struct {
		const char *model;
		enum gmem_vm_type type;
		uint64_t flags;
	} kinds[] = {
		{ "plain", GMEM_VM_DEFAULT, SHARED },
		{ "sw-protected", GMEM_VM_SW_PROTECTED, GMEM_MEMORY_MMAP },
		{ "no-direct-map", GMEM_VM_DEFAULT, SHARED | GMEM_MEMORY_NO_DIRECT_MAP },
		{ "no-direct-map", GMEM_VM_SW_PROTECTED, GMEM_MEMORY_NO_DIRECT_MAP },
		{ "tdx", GMEM_VM_DEFAULT, SHARED },
		{ "tdx-no-direct-map", GMEM_VM_DEFAULT, SHARED | GMEM_MEMORY_NO_DIRECT_MAP },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t calls[2];

		for (int allowed = 0; allowed < 2; allowed++) {
			setup(kinds[i].model, kinds[i].type, kinds[i].flags);
			gmem_ctx_allow_faults(ctx, allowed);
			gmem_sim_set_fault(ctx->kernel, NULL);
			if ((kinds[i].flags & SHARED) == SHARED)
				ck_assert_int_eq(populate(NULL, GMEM_POPULATE_HOST, NULL), 0);
			ck_assert_int_eq(pre_fault(), 0);
			ck_assert_int_eq(punch(), 0);
			ck_assert_int_eq(pre_fault(), 0);
			if (kinds[i].type == GMEM_VM_SW_PROTECTED)
				ck_assert_int_eq(share(), 0);
			ck_assert_int_eq(delete_slot(), 0);
			calls[allowed] = gmem_sim_calls(ctx->kernel, GMEM_SIM_ANY);
			ck_assert(!has_reader());
			teardown();
		}
		ck_assert_uint_eq(calls[0], calls[1]);
	}
}
END_TEST

static int host(void)
{
	return populate(NULL, GMEM_POPULATE_HOST, NULL);
}

/* If a reader is open anyway, the guard also checks the paths that clear new pages. */
START_TEST(ordinary_vm_with_an_open_reader)
{
	static int (*const calls[])(void) = { host, pre_fault };
	static const char *const paths[] = { "gmem-user-clear", "gmem-clear" };

	for (size_t i = 0; i < 2; i++) {
		setup("plain", GMEM_VM_DEFAULT, SHARED);
		ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		make_hole(5);
		refused(calls[i], paths[i], 1, frame(5));
		/* The kernel does not clear pages that are up to date. */
		fill_hole(5);
		ck_assert_int_eq(calls[i](), 0);
		make_hole(5);
		ck_assert_int_eq(calls[i](), 0);
		fill_hole(5);
		ck_assert_int_eq(punch(), 0);
		teardown();
	}
}
END_TEST

/* KVM tells of Force Write-Back and DIC together only. Alone, DIC settles that the other is
 * missing. */
static int with_dic(struct gmem_kernel *kernel, uint64_t *ctr_el0)
{
	(void)kernel;
	*ctr_el0 = 1ull << 29;
	return 0;
}

static struct {
	unsigned int times;
	char last[1024];
} logged;

static void log_it(enum gmem_log_level level, const char *message, void *arg)
{
	(void)arg;
	/* The log also has calls, and readers that were tried. */
	if (level != GMEM_LOG_INFO || !strncmp(message, "reader ", strlen("reader ")))
		return;
	logged.times++;
	snprintf(logged.last, sizeof(logged.last), "%s", message);
}

/* A page outside the direct map is punched; then it is the model's again. */
static void punch_hole_of(uint64_t page)
{
	uint64_t pfn;

	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	pfn = frame(page);
	make_hole(page);
	ck_assert_int_eq(punch(), 0);
	ck_assert_int_eq(gmem_sim_set_direct_map(sim, pfn, true), 0);
}

/*
 * If it is not known whether the CPU has Force Write-Back, pages outside the direct map may leave:
 * closing the memory would take the same path. This is logged once.
 */
START_TEST(caches_that_are_not_known)
{
	memset(&logged, 0, sizeof(logged));
	setup("arm64-16k", GMEM_VM_DEFAULT, SHARED);
	/* The first look opens the reader, which the log has, too. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		ck_assert_int_eq(punch(), 0);
		gmem_ctx_set_log(ctx, log_it, NULL);
	}
	ck_assert_uint_eq(logged.times, 0);
	for (int i = 0; i < 2; i++) {
		punch_hole_of(1);
		ck_assert_uint_eq(logged.times, 1);
		ck_assert(strstr(logged.last, " goes on: whether stage2-unmap ("));
		ck_assert(strstr(logged.last, "on 1 of these pages is not known"));
		ck_assert(strstr(logged.last, "Force Write-Back is not known"));
	}
	teardown();

	setup("arm64-16k", GMEM_VM_DEFAULT, SHARED);
	port_pretend(ctx)->cache_type = with_dic;
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(1);
	refused(punch, "stage2-unmap", 1, frame(1));
	fill_hole(1);
	teardown();

	/* The path that is known to fault is named, not one that may not run. */
	setup("arm64-no-direct-map", GMEM_VM_DEFAULT, SHARED | GMEM_MEMORY_NO_DIRECT_MAP);
	ck_assert_int_eq(pre_fault(), -GMEM_EWOULDFAULT);
	port_said(ctx, ": not called: stage2-map-exec (");
	teardown();
}
END_TEST

/*
 * If the guard can see nothing, the call goes on, and this is logged once.
 * The flag needs no reader.
 */
START_TEST(without_a_reader)
{
	char words[GMEM_EXPLANATION_MAX];

	for (int how = 0; how < 2; how++) {
		memset(&logged, 0, sizeof(logged));
		setup("tdx", GMEM_VM_TDX, 0);
		gmem_ctx_set_log(ctx, log_it, NULL);
		ck_assert_int_eq(gmem_memory_punch(memory, 1, 1), -EINVAL);
		port_said(ctx, "fallocate PUNCH_HOLE: Invalid argument");
		ck_assert_uint_eq(logged.times, 0);
		if (how) {
			gmem_reader_forbid(ctx, true);
		} else {
			gmem_sim_fail_reader(sim, GMEM_READER_BPF, -EPERM);
			gmem_sim_fail_reader(sim, GMEM_READER_KCORE, -EPERM);
		}
		ck_assert_int_eq(add(0, 2, NULL), 0);
		ck_assert_uint_eq(logged.times, 1);
		ck_assert(strstr(logged.last, "KVM_TDX_INIT_MEM_REGION goes on unguarded"));
		ck_assert(strstr(logged.last,
				 how ? "the caller forbids" : "no reader of kernel memory"));
		/* If the guard itself fails, the call has not failed. */
		ck_assert_int_eq(gmem_explain(ctx, words, sizeof(words)), 0);
		gmem_sim_set_fault(ctx->kernel, NULL);
		ck_assert_int_eq(add(2, 2, NULL), 0);
		ck_assert_uint_eq(gmem_sim_calls(ctx->kernel, GMEM_SIM_READER_OPEN), 0);
		ck_assert_int_eq(punch(), 0);
		ck_assert_uint_eq(logged.times, 1);
		/* When the reader is allowed again, the guard looks again. */
		gmem_reader_forbid(ctx, false);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		make_hole(1);
		if (how)
			refused(punch, "tdx-reclaim", 1, frame(1));
		fill_hole(1);
		teardown();

		setup("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
		gmem_reader_forbid(ctx, true);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		ck_assert_int_eq(add_all(), -GMEM_EWOULDFAULT);
		port_said(ctx, "tdx-page-add");
		port_said(ctx, "on 16 of these pages, and the kernel would oops");
		teardown();
	}
}
END_TEST

/* A VMM's own VM, memory and memslots, which this object does not know. */
START_TEST(wrapped_vm_of_a_vmm)
{
	struct gmem_vm *known, *wrapper, *other;
	struct gmem_memory *theirs, *others, *same;

	setup("tdx", GMEM_VM_TDX, 0);
	known = vm;
	theirs = memory;
	/* Another TD has the hole, at the same addresses. */
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &other), 0);
	vm = other;
	bind_memory(0);
	others = memory;
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(2);
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(known), GMEM_VM_TDX, &wrapper), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(wrapper, gmem_vm_vcpu_fd(known, 0)), 0);
	vm = wrapper;
	ck_assert_int_eq(add(0, 4, NULL), 0);
	/* Now the TD itself has a hole. */
	memory = theirs;
	make_hole(3);
	refused(add_all, "tdx-page-add", 1, frame(3));
	refused(share, "tdx-reclaim", 1, frame(3));
	ck_assert_int_eq(add(4, 4, NULL), 0);
	/* The caller does not name the memory's VM: the kernel tells its type. */
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(theirs), 0, &same), 0);
	memory = same;
	refused(punch, "tdx-reclaim", 1, frame(3));
	dies_of(punch, "tdx_quirk_reset_paddr");
	gmem_memory_free(theirs);
	gmem_memory_free(others);
	gmem_vm_free(known);
	gmem_vm_free(other);
	free_all();
}
END_TEST

/* The same with the flag. Only the kernel's inode shows it. */
START_TEST(wrapped_removed_memory)
{
	struct gmem_vm *known, *wrapper;

	setup("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
	known = vm;
	ck_assert_int_eq(gmem_vm_from_fd(ctx, gmem_vm_fd(vm), GMEM_VM_TDX, &wrapper), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu_fd(wrapper, gmem_vm_vcpu_fd(vm, 0)), 0);
	vm = wrapper;
	ck_assert_int_eq(add(0, 4, NULL), -GMEM_EWOULDFAULT);
	port_said(ctx, "tdx-page-add");
	port_said(ctx, "on 4 of these pages, and the kernel would oops");
	ck_assert(!gmem_sim_oopsed(sim));
	/* It may have been launched without libgmem, so "best" does not guess. */
	ck_assert_int_eq(pre_fault(), -GMEM_EWOULDFAULT);
	port_said(ctx, "tdx-page-aug");
	ck_assert(!gmem_sim_oopsed(sim));
	gmem_vm_free(known);
	teardown();
}
END_TEST

/* An ordinary VM's memory on a host with TDs: the guard looks up the type, and refuses nothing. */
START_TEST(wrapped_ordinary)
{
	struct gmem_memory *same;

	setup("tdx", GMEM_VM_DEFAULT, SHARED);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), SHARED, &same), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(0);
	fill_hole(0);
	ck_assert_int_eq(gmem_memory_punch(same, 0, SIZE), 0);
	gmem_memory_free(same);
	teardown();
	/* On a host without TDs, the guard looks up nothing. */
	setup("plain", GMEM_VM_DEFAULT, SHARED);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), SHARED, &same), 0);
	ck_assert_int_eq(gmem_memory_punch(same, 0, SIZE), 0);
	ck_assert(!has_reader());
	gmem_memory_free(same);
	teardown();
}
END_TEST

/* If the kernel refuses a call, the guard does not replace the reason. */
START_TEST(reason_of_the_kernel_stays)
{
	setup("tdx", GMEM_VM_TDX, 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(0);
	ck_assert_int_eq(gmem_memory_punch(memory, 1, PAGE), -EINVAL);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, 0), -EINVAL);
	ck_assert_int_eq(gmem_memory_punch(memory, SIZE, PAGE), 0);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE + PAGE), -GMEM_EWOULDFAULT);
	ck_assert_int_eq(gmem_convert(vm, GPA + 1, PAGE, false), -EINVAL);
	ck_assert_int_eq(gmem_convert(vm, GPA, 0, false), -EINVAL);
	ck_assert_int_eq(gmem_convert(vm, UINT64_MAX - PAGE + 1, 2 * PAGE, false), -EINVAL);
	ck_assert_int_eq(gmem_convert(vm, GPA - PAGE, 2 * PAGE, false), -GMEM_EWOULDFAULT);
	ck_assert_int_eq(gmem_convert(vm, GPA + SIZE, PAGE, false), 0);
	ck_assert_int_eq(add(0, 0, NULL), -EINVAL);
	ck_assert_int_eq(add(0, UINT64_MAX, NULL), -EINVAL);
	ck_assert_int_eq(add(PAGES, 1, NULL), -EINVAL);
	fill_hole(0);
	teardown();
}
END_TEST

/* Memory with the flag is refused, whichever call fails during the look. */
START_TEST(refuses_whichever_look_fails)
{
	unsigned int n = 0;
	bool failed;

	do {
		setup("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
		ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
		n++;
		port_fail_at(ctx, n, n % 2 ? -ENOMEM : -EINTR);
		ck_assert_int_eq(add_all(), -GMEM_EWOULDFAULT);
		failed = port_failed(ctx);
		port_fail_at(ctx, 0, 0);
		port_said(ctx, "tdx-page-add");
		teardown();
	} while (failed);
	ck_assert_uint_gt(n, 20);
}
END_TEST

static int count(const struct gmem_extent *extent, void *arg)
{
	*(uint64_t *)arg += extent->pages;
	return 0;
}

START_TEST(preflight_asked_by_a_caller)
{
	struct gmem_preflight_options options = { .size = sizeof(options), .vm_type = GMEM_VM_TDX };
	struct gmem_preflight answer = { .size = sizeof(answer) };
	struct gmem_flush *flush;
	uint64_t seen = 0;

	setup("tdx", GMEM_VM_TDX, 0);
	options.memory = memory;
	ck_assert_int_eq(gmem_flush_preflight(ctx, &options, &answer, NULL), 0);
	ck_assert_int_eq(answer.verdict_on_map, GMEM_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, SIZE), 0);
	make_hole(3);
	options.fn = count;
	options.arg = &seen;
	ck_assert_int_eq(gmem_flush_preflight(ctx, &options, &answer, &flush), 0);
	ck_assert_uint_eq(seen, PAGES);
	ck_assert_int_eq(answer.verdict_on_map, GMEM_VERDICT_FAULTS);
	ck_assert_str_eq(answer.path->name, "gmem-clear");
	ck_assert(answer.has_first_pfn && answer.first_pfn == frame(3));
	ck_assert_uint_eq(answer.faults_pages, 1);
	ck_assert(!answer.leaves && !answer.inferred);
	ck_assert_int_eq(gmem_flush_verdict_now(flush), GMEM_VERDICT_FAULTS);
	gmem_flush_free(flush);
	options.offset = 4 * PAGE;
	options.length = PAGE;
	ck_assert_int_eq(gmem_flush_preflight(ctx, &options, &answer, NULL), 0);
	ck_assert_int_eq(answer.verdict_on_map, GMEM_VERDICT_SAFE);
	ck_assert_ptr_null(answer.path);
	gmem_reader_forbid(ctx, true);
	ck_assert_int_eq(gmem_flush_preflight(ctx, &options, &answer, &flush), -ENOTSUP);
	ck_assert_ptr_null(flush);
	fill_hole(3);
	teardown();

	setup("tdx-no-direct-map", GMEM_VM_TDX, GMEM_MEMORY_NO_DIRECT_MAP);
	gmem_reader_forbid(ctx, true);
	options.memory = memory;
	ck_assert_int_eq(gmem_flush_preflight(ctx, &options, &answer, &flush), 0);
	ck_assert(answer.inferred && answer.leaves);
	ck_assert_int_eq(answer.verdict_on_map, GMEM_VERDICT_FAULTS);
	ck_assert_ptr_null(flush);
	teardown();

	ck_assert(gmem_flush_known_by_flags(GMEM_VM_SNP, GMEM_MEMORY_NO_DIRECT_MAP));
	ck_assert(!gmem_flush_known_by_flags(GMEM_VM_TDX, SHARED));
	ck_assert(!gmem_flush_known_by_flags(GMEM_VM_DEFAULT, GMEM_MEMORY_NO_DIRECT_MAP));
	ck_assert(!gmem_flush_known_by_flags((enum gmem_vm_type)77, GMEM_MEMORY_NO_DIRECT_MAP));
}
END_TEST

/* A VM without a launch has no steps. */
START_TEST(vm_without_a_launch)
{
	struct gmem_launch_content content = { .size = sizeof(content) };
	uint64_t done = 7;

	ck_assert_ptr_null(gmem_launch_of(GMEM_VM_DEFAULT));
	ck_assert_ptr_null(gmem_launch_of(GMEM_VM_SEV));
	ck_assert_int_eq(gmem_launch_of(GMEM_VM_SNP)->vm_type, GMEM_VM_SNP);
	setup("plain", GMEM_VM_DEFAULT, SHARED);
	ck_assert_int_eq(gmem_launch_init(vm), -EINVAL);
	port_said(ctx, "gmem_launch_init: Invalid argument: a default VM has no launch");
	ck_assert_int_eq(gmem_launch_vcpu(vm, 0), -EINVAL);
	ck_assert_int_eq(gmem_launch_add(vm, &content, &done), -EINVAL);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(gmem_launch_finalize(vm), -EINVAL);
	teardown();
}
END_TEST

UNIT_MAIN("guard", caches_that_are_not_known, added_removed_memory, pre_faulted_removed_memory,
	  refuses_a_launch_before_it_begins, holes_of_a_td, beside_holes, holes_without_the_erratum,
	  holes_of_an_snp_guest, ordinary_vm_costs_no_look, ordinary_vm_with_an_open_reader,
	  without_a_reader, wrapped_vm_of_a_vmm, wrapped_removed_memory, wrapped_ordinary,
	  reason_of_the_kernel_stays, refuses_whichever_look_fails, preflight_asked_by_a_caller,
	  vm_without_a_launch)
