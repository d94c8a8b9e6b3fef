// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations. Without the guard, the model does what libgmem said about the pages before
 * each operation. With the guard there is never an oops. GMEM_PROPERTY_OPERATIONS says how many,
 * GMEM_PROPERTY_SEED which:
 *
 * 	CK_FORK=no GMEM_PROPERTY_OPERATIONS=1000000 build/tests/unit/property
 *
 * (libcheck ends a forked test that takes long.)
 */
#include "property.h"

#include <linux/kvm.h>

#define OPERATIONS 50000 /* for make check */
#define MANY 500000	 /* enough for each path to fault, whatever the seed */
#define SEED 1
#define WORLD_OPERATIONS 400 /* a model without an oops is closed after so many at the latest */
#define WEIGHTS 64	     /* sum of the operations' */
#define CHECK_ALL 16	     /* operations between two looks at the whole file */

#define SHARED (GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED)

/* Guests that own their pages are more frequent, because more paths lead to them. */
static const struct kind kinds[] = {
	{ "plain", GMEM_VM_DEFAULT },
	{ "sw-protected", GMEM_VM_SW_PROTECTED },
	{ "sw-protected", GMEM_VM_DEFAULT },
	{ "no-direct-map", GMEM_VM_DEFAULT },
	{ "no-direct-map", GMEM_VM_TDX },
	{ "no-direct-map", GMEM_VM_SW_PROTECTED },
	{ "tdx", GMEM_VM_SW_PROTECTED },
	{ "tdx-no-direct-map", GMEM_VM_DEFAULT },
	{ "old", GMEM_VM_SW_PROTECTED },
	{ "snp", GMEM_VM_DEFAULT },
	{ "arm64", GMEM_VM_DEFAULT },
	{ "arm64-no-direct-map", GMEM_VM_DEFAULT },
	{ "arm64-16k", GMEM_VM_DEFAULT },
	{ "tdx", GMEM_VM_TDX },
	{ "tdx", GMEM_VM_TDX },
	{ "tdx", GMEM_VM_TDX },
	{ "tdx", GMEM_VM_TDX },
	{ "tdx-no-direct-map", GMEM_VM_TDX },
	{ "tdx-no-direct-map", GMEM_VM_TDX },
	{ "snp", GMEM_VM_SNP },
	{ "snp", GMEM_VM_SNP },
	{ "snp", GMEM_VM_SNP },
	{ "snp", GMEM_VM_SNP },
};

static _Alignas(4096) char source[4096];

static struct {
	uint64_t state; /* of the random numbers */
	uint64_t operations;
	uint64_t verdicts;
	uint64_t oopses;
	uint64_t refusals, needless; /* by the guard; refusals without a fault to prevent */
	uint64_t unsure;	     /* oopses that libgmem had called possible, not certain */
	uint64_t worlds;
} run;

/* The kernel paths that operations can reach, and how often libgmem gave each verdict on them. */
static struct {
	const char *path;
	uint64_t safe;
	uint64_t faults;
	uint64_t unknown;
} asked[] = {
	{ .path = "gmem-clear" },   { .path = "gmem-user-clear" }, { .path = "tdx-page-add" },
	{ .path = "tdx-page-aug" }, { .path = "tdx-reclaim" },	   { .path = "snp-launch-update" },
	{ .path = "snp-reclaim" },  { .path = "stage2-map" },	   { .path = "stage2-map-exec" },
	{ .path = "stage2-unmap" },
};

#define PATHS (sizeof(asked) / sizeof(asked[0]))

/* xorshift64*: gives the same numbers on every machine. */
static uint64_t pick(uint64_t below)
{
	run.state ^= run.state >> 12;
	run.state ^= run.state << 25;
	run.state ^= run.state >> 27;
	return (run.state * 0x2545f4914f6cdd1dull >> 32) % below;
}

static bool is_td(const struct world *w)
{
	return w->kind->vm_type == GMEM_VM_TDX;
}

static bool is_snp(const struct world *w)
{
	return w->kind->vm_type == GMEM_VM_SNP;
}

static bool has_private(const struct world *w)
{
	return w->kind->vm_type != GMEM_VM_DEFAULT;
}

static const char *or_none(bool foretold)
{
	return foretold ? "an oops" : "none";
}

/*
 * If forced, the operation oopses exactly when libgmem predicted it. If guarded, it is then
 * refused, and there is never an oops. If libgmem did not know, an oops is no mistake. Returns
 * whether the operation was refused, or ended in such an oops.
 */
static bool judge(struct world *w, int ret, bool foretold, const char *what, uint64_t page)
{
	bool oopsed = gmem_sim_oopsed(w->sim), refused = ret == -GMEM_EWOULDFAULT;
	bool unsure = w->unsure && oopsed && !foretold;

	w->unsure = false;
	run.unsure += unsure;
	if (unsure)
		return true;
	run.verdicts++;
	run.oopses += oopsed;
	run.refusals += refused;
	run.needless += refused && !foretold;
	if (w->guarded ? !oopsed && (refused || !foretold) : !refused && oopsed == foretold)
		return refused;
	ck_abort_msg(
		"operation %llu: %s, page %llu, %s VM on %s, flags %llu: foretold %s, got %d\n%s",
		(unsigned long long)run.operations, what, (unsigned long long)page,
		gmem_vm_type_name(w->kind->vm_type), w->kind->model, (unsigned long long)w->flags,
		or_none(foretold), ret, gmem_ctx_kernel_log(w->ctx));
	return refused;
}

static bool foretell(struct world *w, const char *path, const bool *which)
{
	enum gmem_verdict verdict = verdict_on(w, path, which);
	bool faults = verdict == GMEM_VERDICT_FAULTS;
	size_t i = 0;

	while (strcmp(asked[i].path, path))
		i++;
	if (verdict == GMEM_VERDICT_UNKNOWN) {
		asked[i].unknown++;
		w->unsure = true;
	} else {
		*(faults ? &asked[i].faults : &asked[i].safe) += 1;
	}
	return faults;
}

/* Pages that leave the file, or the guest, go through the paths that take them back. */
static bool foretell_back(struct world *w, const bool *which, bool freed)
{
	w->unsure = false;
	if (w->arm64)
		return foretell(w, "stage2-unmap", which);
	if (is_td(w))
		return foretell(w, "tdx-reclaim", which);
	return is_snp(w) && freed && foretell(w, "snp-reclaim", which);
}

static void mark(bool *pages, uint64_t first, uint64_t count, bool value)
{
	for (uint64_t i = 0; i < count; i++)
		pages[first + i] = value;
}

static bool bind(struct world *w)
{
	struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.gpa = GPA,
		.memory_size = PAGES * w->page,
		.memory = w->memory,
	};

	if (!w->memory || w->bound)
		return false;
	w->bound = !w->arm64 || w->flags & GMEM_MEMORY_MMAP;
	expect(gmem_slot_set(w->vm, &slot) == (w->bound ? 0 : -EINVAL));
	return true;
}

/* Uses random flags: the kernel accepts those that its capabilities name. */
static bool create(struct world *w)
{
	struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = PAGES * w->page,
		.flags = pick(8),
	};
	struct gmem_caps *caps;
	uint64_t offered;
	int ret;

	if (w->memory)
		return false;
	expect(gmem_caps_new(w->ctx, &caps) == 0);
	offered = gmem_caps_memory_flags(caps, w->kind->vm_type);
	gmem_caps_free(caps);
	ret = gmem_memory_new(w->vm, &options, &w->memory);
	expect(ret == (options.flags & ~offered ? -EINVAL : 0));
	if (ret) {
		w->memory = NULL;
		return true;
	}
	w->flags = options.flags;
	expect(gmem_target_open(w->ctx, 0, gmem_memory_fd(w->memory), &w->target) == 0);
	bind(w);
	return true;
}

static bool unbind(struct world *w)
{
	bool foretold;
	int ret;

	if (!w->bound || !w->memory)
		return false;
	look(w, 0, PAGES, 0);
	foretold = foretell_back(w, w->given, false);
	ret = gmem_slot_delete(w->vm, 0);
	if (judge(w, ret, foretold, "memslot deleted", 0))
		return true;
	w->bound = false;
	if (is_td(w) || w->arm64)
		mark(w->given, 0, PAGES, false);
	return true;
}

static bool destroy(struct world *w)
{
	bool foretold;

	if (!w->memory)
		return false;
	look(w, 0, PAGES, 0);
	foretold = foretell_back(w, w->given, true);
	if ((foretold || w->unsure) && w->guarded)
		return false;
	gmem_target_free(w->target);
	w->target = NULL;
	gmem_memory_free(w->memory);
	w->memory = NULL;
	judge(w, 0, foretold, "closed", 0);
	mark(w->given, 0, PAGES, false);
	if (gmem_sim_oopsed(w->sim))
		return true;
	settle_hooks(w);
	if (w->bound)
		expect(gmem_slot_delete(w->vm, 0) == 0);
	w->bound = false;
	return true;
}

static void pick_range(uint64_t *first, uint64_t *count)
{
	*first = pick(PAGES);
	*count = 1 + pick(pick(4) ? 4 : PAGES);
	if (*count > PAGES - *first)
		*count = PAGES - *first;
}

static bool allocate(struct world *w)
{
	uint64_t first, count;

	if (!w->memory)
		return false;
	pick_range(&first, &count);
	expect(gmem_memory_allocate(w->memory, first * w->page, count * w->page) == 0);
	return true;
}

static bool punch(struct world *w)
{
	uint64_t first, count;
	bool foretold;
	int ret;

	pick_range(&first, &count);
	if (!w->memory)
		return false;
	look(w, first, count, GMEM_EXTENT_ONE_BY_ONE);
	foretold = foretell_back(w, w->given, true);
	ret = gmem_memory_punch(w->memory, first * w->page, count * w->page);
	if (judge(w, ret, foretold, "punched", first) || foretold)
		return true;
	mark(w->given, first, count, false);
	settle_hooks(w);
	/* The allocator has these pages now, and everybody may touch them. */
	for (uint64_t page = first; page < first + count; page++)
		expect(!w->seen[page] || gmem_sim_direct_map_present(w->sim, w->extents[page].pfn));
	return true;
}

static bool convert(struct world *w)
{
	bool to_private = pick(3), foretold = false;
	uint64_t first, count;
	int ret;

	pick_range(&first, &count);
	if (!has_private(w))
		return false;
	if (w->memory && w->bound && !to_private) {
		look(w, first, count, GMEM_EXTENT_ONE_BY_ONE);
		foretold = foretell_back(w, w->given, false);
	}
	ret = gmem_convert(w->vm, GPA + first * w->page, count * w->page, to_private);
	if (judge(w, ret, foretold, "converted", first))
		return true;
	mark(w->is_private, first, count, to_private);
	if (is_td(w) && !to_private)
		mark(w->given, first, count, false);
	return true;
}

/*
 * Picks a page for an operation that maps it. If pages leave the direct map on the way, the verdict
 * needs the page itself, so it is allocated first.
 */
static uint64_t pick_page(struct world *w)
{
	uint64_t page = pick(PAGES);

	if ((w->flags & GMEM_MEMORY_NO_DIRECT_MAP) || pick(2))
		expect(gmem_memory_allocate(w->memory, page * w->page, w->page) == 0);
	look(w, page, 1, GMEM_EXTENT_ONE_BY_ONE);
	return page;
}

/* KVM on arm64 maintains the caches when it maps a page, and when the guest first executes it. */
static bool foretell_stage2(struct world *w, uint64_t page, bool executes)
{
	if (w->given[page] && !executes)
		return false;
	return foretell(w, "stage2-map", NULL) ||
	       (executes && foretell(w, "stage2-map-exec", NULL));
}

/* A fault of the guest on a page: its own, or that of KVM_PRE_FAULT_MEMORY. */
static bool foretell_map(struct world *w, uint64_t page, bool executes)
{
	/* Otherwise a user address backs the page, and there is no such address. */
	bool from_file = w->is_private[page] || (w->flags & GMEM_MEMORY_MMAP);

	w->unsure = false;
	if (!w->bound || !from_file || is_poisoned(w, page) || (is_td(w) && !w->final))
		return false;
	if (foretell(w, "gmem-clear", NULL))
		return true;
	if (w->arm64)
		return foretell_stage2(w, page, executes);
	return is_td(w) && w->is_private[page] && !w->given[page] &&
	       foretell(w, "tdx-page-aug", NULL);
}

static void note_mapped(struct world *w, uint64_t page, int ret)
{
	if (!ret && (w->arm64 || (w->is_private[page] && (is_td(w) || is_snp(w)))))
		w->given[page] = true;
}

static bool pre_fault(struct world *w)
{
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = GMEM_POPULATE_PRE_FAULT,
		.length = w->page,
	};
	bool foretold;
	uint64_t page;
	int ret;

	if (!w->memory || !w->bound || w->arm64)
		return false;
	page = pick_page(w);
	foretold = foretell_map(w, page, false) && (w->final || !is_snp(w));
	options.offset = page * w->page;
	options.gpa = GPA + page * w->page;
	ret = gmem_populate(w->vm, w->memory, &options, NULL, NULL);
	judge(w, ret, foretold, "pre-faulted", page);
	note_mapped(w, page, ret);
	return true;
}

static bool guest_touch(struct world *w)
{
	int vcpu = gmem_vm_vcpu_fd(w->vm, 0), ret;
	bool foretold, executes;
	uint64_t page;

	if (!w->memory || !w->bound || (is_td(w) && !w->final))
		return false;
	page = pick_page(w);
	executes = w->arm64 && pick(2);
	foretold = foretell_map(w, page, executes);
	if ((foretold || w->unsure) && w->guarded)
		return false;
	if (w->arm64)
		ret = gmem_sim_guest_run_arm64(w->sim, vcpu, GPA + page * w->page, executes);
	else
		ret = gmem_sim_guest_touch(w->sim, vcpu, GPA + page * w->page, w->is_private[page]);
	expect(ret == 0);
	ret = w->sim->ops->ioctl(w->sim, vcpu, KVM_RUN, 0);
	judge(w, 0, foretold, "touched by the guest", page);
	note_mapped(w, page, ret);
	return true;
}

static bool host_touch(struct world *w)
{
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = GMEM_POPULATE_HOST,
		.length = w->page,
		.gpa = GMEM_GPA_NONE,
	};
	bool foretold;
	uint64_t page;
	int ret;

	if (!w->memory || (w->flags & SHARED) != SHARED)
		return false;
	page = pick_page(w);
	w->unsure = false;
	foretold = !is_poisoned(w, page) && foretell(w, "gmem-user-clear", NULL);
	options.offset = page * w->page;
	ret = gmem_populate(NULL, w->memory, &options, NULL, NULL);
	judge(w, ret, foretold, "touched by the host", page);
	return true;
}

/* Adds a page with content before the launch ends: TDH.MEM.PAGE.ADD, or the host's copy of SNP. */
static bool add(struct world *w)
{
	const char *path = is_td(w) ? "tdx-page-add" : "snp-launch-update";
	bool foretold;
	uint64_t page;
	int ret;

	if (!w->memory || !w->bound || w->final || !(is_td(w) || is_snp(w)))
		return false;
	page = pick_page(w);
	foretold = w->is_private[page] && !w->given[page] && !is_poisoned(w, page) &&
		   foretell(w, path, NULL);
	if (is_td(w))
		ret = gmem_tdx_init_mem_region(w->vm, 0,
					       &(struct gmem_tdx_region){
						       .size = sizeof(struct gmem_tdx_region),
						       .source = source,
						       .gpa = GPA + page * w->page,
						       .pages = 1,
						       .flags = pick(2) ? GMEM_TDX_MEASURE : 0,
					       },
					       NULL);
	else
		ret = gmem_snp_launch_update(w->vm,
					     &(struct gmem_snp_region){
						     .size = sizeof(struct gmem_snp_region),
						     .source = source,
						     .gpa = GPA + page * w->page,
						     .pages = 1,
						     .type = GMEM_SNP_PAGE_NORMAL,
					     },
					     NULL);
	judge(w, ret, foretold, "added", page);
	note_mapped(w, page, ret);
	return true;
}

static bool finalize(struct world *w)
{
	if (w->final || !(is_td(w) || is_snp(w)) || pick(8))
		return false;
	expect((is_td(w) ? gmem_tdx_finalize(w->vm) : gmem_snp_launch_finish(w->vm, NULL)) == 0);
	w->final = true;
	return true;
}

/* Another user of the direct map changes it under a page of the file, or changes it back. */
static bool hook(struct world *w)
{
	uint64_t page = pick(PAGES), pfn;

	/* In half of the cases, a page that the guest has. */
	for (uint64_t left = pick(2) * PAGES; left && !w->given[page]; left--)
		page = (page + 1) % PAGES;
	pfn = w->memory ? frame_of(w, page) : 0;
	if (!pfn)
		return false;
	if (w->hooked[page]) {
		/* The kernel may have taken it out meanwhile, so the hook does not put it back. */
		if (w->flags & GMEM_MEMORY_NO_DIRECT_MAP)
			return false;
		expect(gmem_sim_set_direct_map(w->sim, pfn, true) == 0);
		w->hooked[page] = 0;
		return true;
	}
	if (!gmem_sim_direct_map_present(w->sim, pfn))
		return false;
	expect((pick(3) ? gmem_sim_set_direct_map(w->sim, pfn, false)
			: gmem_sim_set_read_only(w->sim, pfn)) == 0);
	w->hooked[page] = pfn;
	return true;
}

/* The guest loses a page with a memory failure. The file keeps it. */
static bool poison(struct world *w)
{
	uint64_t page = pick(PAGES);

	if (!w->memory || pick(8))
		return false;
	look(w, page, 1, 0);
	/* On arm64 only pages that the guest does not have: the others go through stage2-unmap. */
	if (!w->seen[page] || (w->arm64 && w->given[page]))
		return false;
	w->poisoned += !is_poisoned(w, page);
	expect(gmem_sim_poison(w->sim, w->extents[page].pfn) == 0);
	if (is_td(w))
		w->given[page] = false;
	return true;
}

/*
 * Operations and their weights. An operation returns false if there is nothing that it can change.
 */
static const struct {
	unsigned int weight;
	bool (*fn)(struct world *w);
} operations[] = {
	{ 5, create }, { 1, destroy },	{ 2, bind },	  { 1, unbind },      { 8, allocate },
	{ 5, punch },  { 7, convert },	{ 8, pre_fault }, { 7, guest_touch }, { 5, host_touch },
	{ 6, add },    { 1, finalize }, { 7, hook },	  { 1, poison },
};

static void step(struct world *w)
{
	size_t i;

	do {
		uint64_t at = pick(WEIGHTS);

		for (i = 0; at >= operations[i].weight; i++)
			at -= operations[i].weight;
	} while (!operations[i].fn(w));
	run.operations++;
}

static void live(struct world *w, uint64_t until)
{
	for (unsigned int n = 1; n <= WORLD_OPERATIONS && run.operations < until; n++) {
		step(w);
		if (gmem_sim_oopsed(w->sim))
			return;
		if (w->memory && n % CHECK_ALL == 0)
			look(w, 0, PAGES, 0);
	}
	destroy(w);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void run_worlds(uint64_t until, bool guarded)
{
	uint64_t seed = number_from("GMEM_PROPERTY_SEED", SEED);

	memset(&run, 0, sizeof(run));
	run.state = seed * 0x9e3779b97f4a7c15ull + 1;
	printf("GMEM_PROPERTY_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	while (run.operations < until) {
		struct world w;

		begin_world(&w, &kinds[pick(sizeof(kinds) / sizeof(kinds[0]))], guarded);
		live(&w, until);
		end_world(&w);
		run.worlds++;
	}
	printf("%llu operations on %llu models, %llu verdicts %s, %llu of them an oops\n",
	       (unsigned long long)run.operations, (unsigned long long)run.worlds,
	       (unsigned long long)run.verdicts, guarded ? "guarded" : "forced",
	       (unsigned long long)run.oopses);
}

/* No call through libgmem ends in an oops. */
START_TEST(no_call_ends_in_an_oops)
{
	run_worlds(number_from("GMEM_PROPERTY_OPERATIONS", OPERATIONS), true);
	printf("%llu refused, %llu of them for nothing; %llu oopses where it was not known\n",
	       (unsigned long long)run.refusals, (unsigned long long)run.needless,
	       (unsigned long long)run.unsure);
	ck_assert_uint_eq(run.oopses, 0);
	ck_assert_uint_gt(run.refusals, run.needless);
}
END_TEST

START_TEST(verdicts_come_true)
{
	uint64_t until = number_from("GMEM_PROPERTY_OPERATIONS", OPERATIONS);

	run_worlds(until, false);
	for (size_t i = 0; i < PATHS; i++) {
		printf("%s: %llu safe, %llu faults, %llu unknown\n", asked[i].path,
		       (unsigned long long)asked[i].safe, (unsigned long long)asked[i].faults,
		       (unsigned long long)asked[i].unknown);
		/* Both verdicts of each path are tested. */
		ck_assert_uint_gt(asked[i].safe, 0);
		ck_assert(asked[i].faults + asked[i].unknown > 0 || until < MANY);
	}
}
END_TEST

UNIT_MAIN("property", verdicts_come_true, no_call_ends_in_an_oops)
