// SPDX-License-Identifier: GPL-2.0-or-later
/* The walker of the direct map, on the page tables of every model. */
#include "unit.h"

#include "garble.h"
#include "kmem/pagetable.h"
#include "kmem/reader.h"
#include "port.h"
#include "procfs/ram.h"

#define MODELS_MAX 32

static const char *model_at(int i)
{
	const char *name = gmem_model_name((size_t)i);

	return name ? name : "plain"; /* the loops below run over a fixed range */
}

struct runs {
	struct gmem_ctx *ctx;
	uint64_t next, checked;
};

/* Runs have no gap between them, none is empty, and their ends are those of the model. */
static int check_run(const struct gmem_directmap_run *run, void *arg)
{
	struct runs *runs = arg;
	uint64_t last = run->pfn + run->pages - 1, pages;

	ck_assert_uint_eq(run->pfn, runs->next);
	ck_assert_uint_gt(run->pages, 0);
	ck_assert_int_ne(run->direct_map, GMEM_DIRECT_MAP_UNKNOWN);
	ck_assert_int_eq(run->direct_map == GMEM_DIRECT_MAP_MAPPED, run->level != GMEM_LEVEL_NONE);
	if (gmem_ram_contains(runs->ctx->ram, run->pfn, &pages)) {
		ck_assert_int_eq(run->direct_map == GMEM_DIRECT_MAP_MAPPED,
				 gmem_sim_direct_map_present(runs->ctx->kernel, run->pfn));
		runs->checked++;
	}
	if (gmem_ram_contains(runs->ctx->ram, last, &pages))
		ck_assert_int_eq(run->direct_map == GMEM_DIRECT_MAP_MAPPED,
				 gmem_sim_direct_map_present(runs->ctx->kernel, last));
	runs->next = run->pfn + run->pages;
	return 0;
}

/* Adds up the runs of RAM, for the summary to be compared with. meminfo[1] has the page size. */
static int add_ram(const struct gmem_directmap_run *run, void *arg)
{
	struct gmem_directmap_summary *runs = arg;
	uint64_t bytes = run->pages * runs->meminfo[1];

	ck_assert_uint_ge(run->pfn, runs->meminfo[0]); /* runs ascend, and none comes twice */
	runs->meminfo[0] = run->pfn + run->pages;
	runs->ram += bytes;
	if (run->direct_map == GMEM_DIRECT_MAP_MAPPED)
		runs->in_direct_map[run->level] += bytes;
	else
		runs->holes += bytes;
	return 0;
}

static bool is_arm64(const struct gmem_ctx *ctx)
{
	return !strcmp(ctx->kernel->ops->machine, "aarch64");
}

START_TEST(covers_all_memory_of_every_model)
{
	struct gmem_directmap_summary sum = { .size = sizeof(sum) }, added = { 0 };
	struct gmem_ctx *ctx;
	struct runs runs = { 0 };
	uint64_t mapped;

	ck_assert_int_eq(gmem_ctx_new_simulated(model_at(_i), &ctx), 0);
	runs.ctx = ctx;
	ck_assert_int_eq(
		gmem_pfn_is_ram(ctx, (is_arm64(ctx) ? 0x90000000 : 0x1000000) >> ctx->page_shift),
		1);
	ck_assert_int_eq(gmem_directmap_walk(ctx, 0, 0, check_run, &runs), 0);
	ck_assert_uint_gt(runs.checked, 0);
	added.meminfo[1] = 1ull << ctx->page_shift;
	ck_assert_int_eq(gmem_directmap_summarize(ctx, add_ram, &added, &sum), 0);
	ck_assert_uint_eq(added.ram, sum.ram);
	ck_assert_uint_eq(added.holes, sum.holes);
	ck_assert_mem_eq(added.in_direct_map, sum.in_direct_map, sizeof(sum.in_direct_map));
	mapped = sum.in_direct_map[GMEM_LEVEL_PTE] + sum.in_direct_map[GMEM_LEVEL_PMD] +
		 sum.in_direct_map[GMEM_LEVEL_PUD];
	ck_assert_uint_eq(mapped + sum.holes + sum.unknown, sum.ram);
	ck_assert_uint_eq(sum.unknown, 0);
	ck_assert_int_eq(gmem_reader_control(ctx), 1);
	gmem_ctx_free(ctx);
}
END_TEST

static int keep(const struct gmem_directmap_run *run, void *arg)
{
	*(struct gmem_directmap_run *)arg = *run;
	return 0;
}

static int keep_hole(const struct gmem_directmap_run *run, void *arg)
{
	return run->direct_map == GMEM_DIRECT_MAP_MAPPED ? 0 : keep(run, arg);
}

static struct gmem_directmap_run look(struct gmem_ctx *ctx, uint64_t pfn)
{
	struct gmem_directmap_run run;

	ck_assert_int_eq(gmem_directmap_walk(ctx, pfn, 1, keep, &run), 0);
	return run;
}

START_TEST(removed_and_restored)
{
	struct gmem_directmap_summary before = { .size = sizeof(before) }, during = before,
				      after = before;
	struct gmem_directmap_run run;
	struct gmem_ctx *ctx;
	uint64_t pfn = 0x100123;

	ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
	ck_assert_int_eq(gmem_directmap_summarize(ctx, NULL, NULL, &before), 0);
	ck_assert_int_eq(gmem_sim_set_direct_map(ctx->kernel, pfn, false), 0);
	ck_assert_int_eq(look(ctx, pfn).direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	ck_assert_int_eq(look(ctx, pfn - 1).direct_map, GMEM_DIRECT_MAP_MAPPED);
	ck_assert_int_eq(look(ctx, pfn + 1).level, GMEM_LEVEL_PTE);
	ck_assert_int_eq(gmem_directmap_summarize(ctx, keep_hole, &run, &during), 0);
	ck_assert_uint_eq(during.holes - before.holes, GMEM_PAGE_SIZE);
	ck_assert_uint_eq(run.pfn, pfn);
	ck_assert_uint_eq(run.pages, 1);
	ck_assert_int_eq(gmem_sim_set_direct_map(ctx->kernel, pfn, true), 0);
	run = look(ctx, pfn);
	ck_assert_int_eq(run.direct_map, GMEM_DIRECT_MAP_MAPPED);
	ck_assert(!run.global); /* shows that the page was out once */
	ck_assert_int_eq(gmem_directmap_summarize(ctx, NULL, NULL, &after), 0);
	ck_assert_uint_eq(after.holes, before.holes);
	ck_assert_uint_eq(after.restored - before.restored, GMEM_PAGE_SIZE);
	ck_assert_int_eq(gmem_sim_set_read_only(ctx->kernel, pfn), 0);
	ck_assert(!look(ctx, pfn).writable);
	gmem_ctx_free(ctx);
}
END_TEST

START_TEST(beyond_the_last_page_frame)
{
	struct gmem_directmap_run run;
	struct gmem_ctx *ctx;
	uint64_t limit;

	ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
	ck_assert_int_eq(gmem_pfn_limit(ctx, &limit), 0);
	ck_assert_int_eq(look(ctx, limit - 1).direct_map, GMEM_DIRECT_MAP_UNMAPPED);
	ck_assert_int_eq(gmem_directmap_walk(ctx, limit, 1, keep, &run), -EINVAL);
	ck_assert_int_eq(gmem_directmap_walk(ctx, limit - 1, 2, keep, &run), -EINVAL);
	ck_assert_int_eq(gmem_directmap_walk(ctx, 1, UINT64_MAX, keep, &run), -EINVAL);
	ck_assert_int_eq(gmem_directmap_walk(ctx, limit, 0, keep, &run), -EINVAL);
	ck_assert_int_eq(gmem_directmap_walk(ctx, 1ull << 60, 0, keep, &run), -EINVAL);
	port_said(ctx, "physical addresses");
	gmem_ctx_free(ctx);
}
END_TEST

/* A port that can change what it reads of the tables. */
static const struct gmem_kernel_ops *real_ops;
static struct gmem_kernel_ops lying_ops;
static uint64_t lie_address, lie_xor;
static unsigned int lies, lies_left;

static int lying_read(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = real_ops->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++) {
		struct gmem_kmem_request *request = &requests[i];
		uint64_t offset = lie_address - request->address;

		if (offset >= request->length || request->result || !lies_left)
			continue;
		lies++;
		/* Every second look at the entry gets another value. */
		if (lies % 2)
			continue;
		lies_left--;
		((uint64_t *)request->buffer)[offset / 8] ^= lie_xor;
	}
	return ret;
}

static void lie(struct gmem_ctx *ctx, uint64_t address, uint64_t xor, unsigned int times)
{
	real_ops = ctx->kernel->ops;
	lying_ops = *real_ops;
	lying_ops.read_kmem = lying_read;
	ctx->kernel->ops = &lying_ops;
	lie_address = address;
	lie_xor = xor;
	lies = 0;
	lies_left = times;
}

/*
 * Tables that change during the walk. After a few changes the walk reads them again. If they change
 * all the time, the answer is unknown.
 */
START_TEST(tables_that_change_during_the_walk)
{
	static const unsigned int times[] = { 1, 1000000 };
	struct gmem_directmap_run run;
	struct gmem_ctx *ctx;
	unsigned int shift;

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
		ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
		shift = ctx->image->tables.levels == 5 ? 48 : 39;
		lie(ctx, ctx->image->root + ((ctx->image->page_offset_base >> shift) & 511) * 8,
		    0x1000000, times[i]);
		run = look(ctx, 0x1000);
		if (i == 0)
			ck_assert_int_eq(run.direct_map, GMEM_DIRECT_MAP_MAPPED);
		else
			ck_assert_int_eq(run.direct_map, GMEM_DIRECT_MAP_UNKNOWN);
		ck_assert_int_eq(run.direct_map == GMEM_DIRECT_MAP_UNKNOWN, run.reason != NULL);
		ctx->kernel->ops = real_ops;
		gmem_ctx_free(ctx);
	}
}
END_TEST

/* Damages a key of the vmcoreinfo note in every read. */
static const char *lost_key;

static int losing_read(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = real_ops->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++) {
		char *key = requests[i].result ? NULL
					       : memmem(requests[i].buffer, requests[i].length,
							lost_key, strlen(lost_key));

		if (key)
			*key = '?';
	}
	return ret;
}

/* As on Linux 6.1: the direct map needs no array of struct page. */
START_TEST(note_without_vmemmap)
{
	static const struct {
		const char *key;
		bool needed;
	} cases[] = { { "SYMBOL(vmemmap)", false }, { "SYMBOL(swapper_pg_dir)", true } };
	char words[GMEM_EXPLANATION_MAX];
	struct gmem_ctx *ctx;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
		lost_key = cases[i].key;
		real_ops = ctx->kernel->ops;
		lying_ops = *real_ops;
		lying_ops.read_kmem = losing_read;
		ctx->kernel->ops = &lying_ops;
		if (cases[i].needed) {
			ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), -ENODATA);
			/* Both readers lack it, and the message says that once. */
			gmem_explain(ctx, words, sizeof(words));
			ck_assert_str_eq(words, "no reader of kernel memory: the kernel's "
						"vmcoreinfo note lacks SYMBOL(swapper_pg_dir)");
		} else {
			ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
			ck_assert_uint_eq(ctx->image->vmemmap, 0);
			ck_assert_int_eq(look(ctx, 0x1000).direct_map, GMEM_DIRECT_MAP_MAPPED);
		}
		ctx->kernel->ops = real_ops;
		gmem_ctx_free(ctx);
	}
}
END_TEST

static int count_run(const struct gmem_directmap_run *run, void *arg)
{
	uint64_t *next = arg;

	ck_assert_uint_eq(run->pfn, *next);
	*next += run->pages;
	return 0;
}

/*
 * With corrupted tables the walk ends with an answer or an error, and never
 * leaves the requested range.
 */
START_TEST(corrupted_tables_end_the_walk)
{
	struct gmem_ctx *ctx;
	uint64_t next;
	int ret;

	ck_assert_int_eq(gmem_ctx_new_simulated(_i % 2 ? "plain" : "tdx", &ctx), 0);
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_NONE), 0);
	garble_begin(ctx, 0x5eed + (uint64_t)_i, 2);
	for (int round = 0; round < 20; round++) {
		uint64_t first = garble_random() % 0x200000, pages = 1 + garble_random() % 0x100000;

		next = first;
		ret = gmem_directmap_walk(ctx, first, pages, count_run, &next);
		if (!ret)
			ck_assert_uint_eq(next, first + pages);
	}
	garble_end(ctx);
	gmem_ctx_free(ctx);
}
END_TEST

/* From an address to its page frame, on each model. Other addresses are refused. */
START_TEST(address_to_page_frame)
{
	static const struct {
		uint64_t address;
		const char *why;
	} others[] = {
		{ 0x1000, "user space" },
		{ 0x00007ffffffff000ull, "user space" },
		{ 0x0123456789abcdefull, "not all alike" },
		{ 0xffffffff81000000ull, "kernel's image" },
		{ 0xffffffffffffffffull, "kernel's image" },
	};
	const struct gmem_image *image;
	uint64_t pfn, limit, first;
	unsigned int tried = 0;
	struct gmem_ctx *ctx;

	ck_assert_int_eq(gmem_ctx_new_simulated(model_at(_i), &ctx), 0);
	ck_assert_int_eq(gmem_reader_image(ctx, &image), 0);
	ck_assert_int_eq(gmem_pfn_limit(ctx, &limit), 0);
	/* On arm64 the region begins where RAM begins. */
	first = (image->region_start - image->page_offset_base) >> ctx->page_shift;
	for (uint64_t wanted = first; wanted < limit; wanted = 3 * wanted + 1) {
		uint64_t address = image->page_offset_base + (wanted << ctx->page_shift);

		if (address >= image->region_end || address < image->region_start)
			break;
		ck_assert_int_eq(gmem_pfn_of_address(ctx, address + 0xfff, &pfn), 0);
		ck_assert_uint_eq(pfn, wanted);
		tried++;
	}
	ck_assert_uint_gt(tried, 5);
	for (size_t i = 0; i < (is_arm64(ctx) ? 3 : sizeof(others) / sizeof(others[0])); i++) {
		ck_assert_int_eq(gmem_pfn_of_address(ctx, others[i].address, &pfn), -EINVAL);
		port_said(ctx, others[i].why);
	}
	ck_assert_int_eq(gmem_pfn_of_address(ctx, image->region_start - 1, &pfn), -EINVAL);
	ck_assert_int_eq(gmem_pfn_of_address(ctx, image->region_end, &pfn), -EINVAL);
	if (image->vmemmap) {
		ck_assert_int_eq(gmem_pfn_of_address(ctx, image->vmemmap + 64, &pfn), -EINVAL);
		port_said(ctx, "vmemmap");
	}
	gmem_reader_forbid(ctx, true);
	ck_assert_int_eq(gmem_pfn_of_address(ctx, image->page_offset_base, &pfn), -ENOTSUP);
	gmem_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("directmap");
	TCase *tcase = tcase_create("directmap");
	SRunner *runner;
	int failed, models = 0;

	while (models < MODELS_MAX && gmem_model_name((size_t)models))
		models++;
	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, covers_all_memory_of_every_model, 0, models);
	tcase_add_test(tcase, removed_and_restored);
	tcase_add_test(tcase, beyond_the_last_page_frame);
	tcase_add_test(tcase, tables_that_change_during_the_walk);
	tcase_add_test(tcase, note_without_vmemmap);
	tcase_add_loop_test(tcase, address_to_page_frame, 0, models);
	tcase_add_loop_test(tcase, corrupted_tables_end_the_walk, 0, 8);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
