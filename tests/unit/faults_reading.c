// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call fails once while kernel memory is read and evaluated. No answer is wrong.
 */
#include "faults.h"

#define READERS \
	"reader|task_struct|page directory|kernel memory|page tables|direct map|vmcoreinfo|/proc/"
#define WALKS READERS "|kernel's struct|struct |xarray|System RAM|BTF"

static int open_bpf(struct world *w)
{
	int ret = gmem_reader_open(w->ctx, GMEM_EVIDENCE_BPF);

	ck_assert_int_eq(gmem_reader_evidence(w->ctx),
			 ret ? GMEM_EVIDENCE_NONE : GMEM_EVIDENCE_BPF);
	return ret;
}

static int open_kcore(struct world *w)
{
	int ret = gmem_reader_open(w->ctx, GMEM_EVIDENCE_KCORE);

	ck_assert_int_eq(gmem_reader_evidence(w->ctx),
			 ret ? GMEM_EVIDENCE_NONE : GMEM_EVIDENCE_KCORE);
	return ret;
}

/* A reader that failed is not a reader that was wrong. */
static int prove(struct world *w)
{
	int ret = gmem_reader_control(w->ctx);

	ck_assert_int_ne(ret, 0);
	return ret;
}

struct walked {
	struct world *w;
	uint64_t next;
	uint64_t pages;
};

/* Checks that each run follows the one before, and that its ends are right. */
static int check_run(const struct gmem_directmap_run *run, void *arg)
{
	struct walked *walked = arg;
	uint64_t ends[] = { run->pfn, run->pfn + run->pages - 1 };

	ck_assert_uint_eq(run->pfn, walked->next);
	ck_assert_uint_gt(run->pages, 0);
	for (size_t i = 0; i < 2 && run->direct_map != GMEM_DIRECT_MAP_UNKNOWN; i++)
		ck_assert_int_eq(run->direct_map == GMEM_DIRECT_MAP_MAPPED,
				 gmem_sim_direct_map_present(walked->w->sim, ends[i]));
	ck_assert(run->direct_map != GMEM_DIRECT_MAP_UNKNOWN || run->reason);
	walked->next += run->pages;
	return 0;
}

#define WALK_PAGES (3ull << 18) /* 3 GiB */

static int walk_directmap(struct world *w)
{
	struct walked walked = { .w = w };
	int ret = gmem_directmap_walk(w->ctx, 0, WALK_PAGES, check_run, &walked);

	if (!ret)
		ck_assert_uint_eq(walked.next, WALK_PAGES);
	return ret;
}

static int summarize(struct world *w)
{
	struct gmem_directmap_summary sum = { .size = sizeof(sum) };
	uint64_t mapped = 0;
	int ret = gmem_directmap_summarize(w->ctx, NULL, NULL, &sum);

	for (int level = 0; !ret && level < GMEM_LEVEL_ROOM; level++)
		mapped += sum.in_direct_map[level];
	if (!ret)
		ck_assert_uint_eq(sum.ram, mapped + sum.holes + sum.unknown);
	/* This memory has no hole, so an unread part must be unknown. */
	if (!ret)
		ck_assert_uint_eq(sum.holes, 0);
	return ret;
}

/* Returns a page frame of the model's RAM. On arm64 RAM does not begin at 0. */
static uint64_t some_ram(const struct world *w)
{
	return w->model == ARM64 ? 0x90000 : 0x1000;
}

static int ask_ram(struct world *w)
{
	const uint64_t pfn = some_ram(w);
	uint64_t limit, run;
	int ret = gmem_pfn_is_ram(w->ctx, pfn);

	if (ret >= 0)
		ck_assert_int_eq(ret, 1);
	if (ret >= 0)
		ret = gmem_pfn_ram_run(w->ctx, pfn, &run);
	if (ret >= 0)
		ck_assert_uint_gt(run, 0);
	if (ret >= 0)
		ret = gmem_pfn_limit(w->ctx, &limit);
	if (ret >= 0)
		ck_assert_uint_ge(limit, 1ull << 34);
	return ret;
}

/* libgmem may not know the nodes of a host, but must not report a wrong one. */
static int ask_node(struct world *w)
{
	int ret = gmem_pfn_node(w->ctx, some_ram(w));

	ck_assert_int_le(ret, 0);
	return ret == -ENODATA ? 0 : ret;
}

static void prepare_pages(struct world *w)
{
	ck_assert_int_eq(gmem_memory_allocate(w->memory, 0, SIZE / 2), 0);
}

static int open_target(struct world *w, struct gmem_target **target)
{
	return gmem_target_open(w->ctx, 0, gmem_memory_fd(w->memory), target);
}

static int look_at_target(struct world *w)
{
	struct gmem_target *target;
	int ret = open_target(w, &target);

	ck_assert_int_ne(ret, -EMEDIUMTYPE);
	if (!ret)
		gmem_target_free(target);
	return ret;
}

static int note_fd(int fd, void *arg)
{
	*(int *)arg = fd;
	return 0;
}

/* If a file cannot be looked at, it must not be skipped like a file of another kind. */
static int list_targets(struct world *w)
{
	int fd = -1, ret = gmem_target_list(w->ctx, 0, note_fd, &fd);

	ck_assert_int_le(ret, 0);
	if (!ret)
		ck_assert_int_eq(fd, gmem_memory_fd(w->memory));
	return ret;
}

static int ask_target(struct world *w)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_target *target;
	struct gmem_binding binding = { .size = sizeof(binding) };
	int ret = open_target(w, &target);

	if (ret)
		return ret;
	ret = gmem_target_get_info(target, &info);
	if (!ret) {
		ck_assert_uint_eq(info.memory_size, SIZE);
		ck_assert(!info.has_resident || info.resident == SIZE / 2);
		ck_assert(!info.has_slots || info.slots == 1);
		ck_assert(!info.has_flags || info.flags == models[w->model].flags);
		if (info.has_slots && !gmem_target_binding(target, 0, &binding))
			ck_assert_uint_eq(binding.gpa, GPA);
	}
	gmem_target_free(target);
	return ret;
}

/* A reported page frame or state is the model's own. No page is reported twice. */
static int check_extent(const struct gmem_extent *extent, void *arg)
{
	struct walked *walked = arg;
	struct gmem_kernel *sim = walked->w->sim;

	ck_assert_uint_ge(extent->offset, walked->next);
	for (uint64_t i = 0; i < extent->pages; i++) {
		uint64_t index = extent->offset / PAGE + i;
		int64_t pfn = gmem_sim_file_pfn(sim, gmem_memory_fd(walked->w->memory), index);

		walked->pages += pfn >= 0;
		if (extent->has_pfn)
			ck_assert_int_eq(pfn, (int64_t)(extent->pfn + i));
		if (extent->direct_map != GMEM_DIRECT_MAP_UNKNOWN)
			ck_assert_int_eq(extent->direct_map == GMEM_DIRECT_MAP_MAPPED,
					 gmem_sim_direct_map_present(sim, (uint64_t)pfn));
	}
	ck_assert(extent->gpa == GMEM_GPA_NONE || extent->gpa == GPA + extent->offset);
	ck_assert(extent->direct_map != GMEM_DIRECT_MAP_UNKNOWN || extent->reason);
	walked->next = extent->offset + extent->pages * PAGE;
	return 0;
}

static int walk_extents(struct world *w)
{
	struct walked walked = { .w = w };
	struct gmem_target *target;
	int ret = open_target(w, &target);

	if (ret)
		return ret;
	ret = gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS,
				  check_extent, &walked);
	gmem_target_free(target);
	if (!ret)
		ck_assert_uint_eq(walked.pages, PAGES / 2);
	return ret;
}

static void prepare_stale(struct world *w)
{
	prepare_pages(w);
	if (ON_PRIVATE & ON(w->model))
		ck_assert_int_eq(gmem_convert(w->vm, GPA, SIZE / 4, false), 0);
}

/*
 * Private and stale memory is either known or unknown: libgmem never returns a
 * part of it as the whole.
 */
static int add_up_private(struct world *w)
{
	const bool has_private = ON_PRIVATE & ON(w->model);
	const bool has_stale = has_private && !(models[w->model].flags & GMEM_MEMORY_MMAP);
	uint64_t bytes, stale;
	struct gmem_target *target;
	int ret = open_target(w, &target);

	if (ret)
		return ret;
	ret = gmem_target_private(target, &bytes, &stale);
	gmem_target_free(target);
	if (ret)
		return ret;
	ck_assert_uint_eq(bytes, has_private ? SIZE / 4 * 3 : 0);
	ck_assert_uint_eq(stale, has_stale ? SIZE / 4 : 0);
	return 0;
}

/* Mapped pages are never said to fault, and unknown pages are never called safe. */
static int judge(struct world *w)
{
	const struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = models[w->model].vm_type,
		.is_guest_memory = true,
	};
	uint64_t pages, mapped, unknown;
	struct gmem_flush *flush;
	int ret = gmem_flush_new(w->ctx, &subject, &flush);

	if (ret)
		return ret;
	ret = gmem_flush_add_pfns(flush, some_ram(w), PAGES);
	gmem_flush_counts(flush, &pages, &mapped, NULL, &unknown);
	if (!ret) {
		ck_assert_uint_eq(pages, PAGES);
		ck_assert_uint_eq(mapped + unknown, PAGES);
		ck_assert_int_eq(gmem_flush_verdict_now(flush),
				 unknown ? GMEM_VERDICT_UNKNOWN : GMEM_VERDICT_SAFE);
		ck_assert_int_ne(gmem_flush_verdict_on_map(flush), GMEM_VERDICT_FAULTS);
	}
	gmem_flush_free(flush);
	return ret;
}

/* The doctor reports every failure as a finding. */
static int examine(struct world *w)
{
	const struct gmem_check *check;
	struct gmem_host *host;
	int ret = gmem_host_new(w->ctx, &host);

	ck_assert_int_eq(ret, 0);
	for (size_t i = 0; (check = gmem_host_check(host, i)); i++) {
		ck_assert_msg(*check->detail, "%s", check->id);
		ck_assert_ptr_null(strstr(check->detail, "Success"));
	}
	gmem_host_free(host);
	return 0;
}

static const struct operation operations[] = {
	{ "bpf reader", ON_ALL, WITH_CONTEXT, false, READERS, NULL, open_bpf },
	{ "kcore reader", ON_ALL, WITH_CONTEXT, false, READERS, NULL, open_kcore },
	{ "control", ON_ALL, WITH_CONTEXT, false, WALKS "|memfd|prove itself", NULL, prove },
	{ "direct map", ON_ALL, WITH_CONTEXT, false, READERS, NULL, walk_directmap },
	{ "summary", ON_ALL, WITH_CONTEXT, false, READERS, NULL, summarize },
	{ "ram", ON_ALL, WITH_CONTEXT, false, READERS, NULL, ask_ram },
	{ "node", ON_ALL, WITH_CONTEXT, false, READERS, NULL, ask_node },
	{ "target", ON_ALL, WITH_MEMORY, false, "descriptor|process", NULL, look_at_target },
	{ "targets", ON_ALL, WITH_MEMORY, false, "descriptor|process", NULL, list_targets },
	{ "target info", ON_ALL, WITH_MEMORY, false, WALKS "|descriptor|process", prepare_pages,
	  ask_target },
	{ "extents", ON_ALL, WITH_MEMORY, false, WALKS "|descriptor|process|page cache",
	  prepare_pages, walk_extents },
	{ "private", ON_ALL, WITH_MEMORY, false, WALKS "|descriptor|process|in place|memslot|flags",
	  prepare_stale, add_up_private },
	{ "verdict", ON_ALL, WITH_CONTEXT, false, WALKS, NULL, judge },
	{ "doctor", ON_ALL, WITH_CONTEXT, false, "", NULL, examine },
};

START_TEST(reading_with_each_call_failed)
{
	try_operations(operations, sizeof(operations) / sizeof(operations[0]));
}
END_TEST

UNIT_MAIN("faults_reading", reading_with_each_call_failed)
