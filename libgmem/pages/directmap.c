// SPDX-License-Identifier: LGPL-2.1-or-later
/* The direct map as a whole: its walk, and its sums compared with RAM. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "kmem/pagetable.h"
#include "kmem/reader.h"
#include "procfs/file.h"
#include "procfs/meminfo.h"
#include "procfs/ram.h"

/* init_mem_mapping() in arch/x86/mm/init.c maps all of 0..ISA_END_ADDRESS, RAM or not. */
#define LOW_MEGABYTE_PAGES 256

int gmem_directmap_walk(struct gmem_ctx *ctx, uint64_t pfn, uint64_t pages, gmem_directmap_fn fn,
			void *arg)
{
	const struct gmem_image *image;
	uint64_t limit, first, last;
	int ret;

	gmem_begin(ctx);
	ret = gmem_reader_bounds(ctx, &image, &limit);
	if (ret)
		return ret;
	gmem_image_region(image, &first, &last);
	if (pfn >= limit || pages > limit - pfn)
		return gmem_fail(
			ctx, -EINVAL,
			"PFN range 0x%llx+0x%llx goes beyond the physical addresses of this "
			"CPU (the last PFN is 0x%llx)",
			(unsigned long long)pfn, (unsigned long long)pages,
			(unsigned long long)limit - 1);
	if (pages == 0)
		pages = (pfn < last ? last : limit) - pfn;
	return gmem_pagetable_walk(ctx, image, pfn, pages, fn, arg);
}

struct sum {
	struct gmem_ctx *ctx;
	const struct gmem_ram *ram;
	struct gmem_directmap_summary *out;
	gmem_directmap_fn fn;
	void *arg;
	uint64_t low; /* page frames that are mapped, RAM or not */
	bool any_global;
};

static int add_ram(struct sum *sum, const struct gmem_directmap_run *run)
{
	struct gmem_directmap_summary *out = sum->out;
	uint64_t size = gmem_bytes_of(sum->ctx, run->pages);

	out->ram += size;
	if (run->direct_map == GMEM_DIRECT_MAP_MAPPED) {
		out->in_direct_map[run->level] += size;
		if (run->level == GMEM_LEVEL_PTE && run->writable && !run->global)
			out->restored += size;
	} else if (run->direct_map == GMEM_DIRECT_MAP_UNMAPPED) {
		out->holes += size;
	} else {
		out->unknown += size;
	}
	return sum->fn ? sum->fn(run, sum->arg) : 0;
}

/* A run that is no RAM: the low megabyte counts as RAM where it is mapped. */
static int add_outside(struct sum *sum, const struct gmem_directmap_run *run)
{
	struct gmem_directmap_run low = *run;
	uint64_t low_pages = run->pfn < sum->low ? sum->low - run->pfn : 0;

	if (run->direct_map != GMEM_DIRECT_MAP_MAPPED)
		return 0;
	if (low_pages > run->pages)
		low_pages = run->pages;
	sum->out->outside[run->level] += gmem_bytes_of(sum->ctx, run->pages - low_pages);
	low.pages = low_pages;
	return low_pages ? add_ram(sum, &low) : 0;
}

/* Cuts a run where RAM begins and ends. */
static int add_run(const struct gmem_directmap_run *run, void *arg)
{
	struct gmem_directmap_run piece = *run;
	struct sum *sum = arg;
	uint64_t left = run->pages;
	int ret = 0;

	sum->any_global |= run->direct_map == GMEM_DIRECT_MAP_MAPPED && run->global;
	while (!ret && left) {
		bool is_ram = gmem_ram_contains(sum->ram, piece.pfn, &piece.pages);

		if (piece.pages > left)
			piece.pages = left;
		ret = is_ram ? add_ram(sum, &piece) : add_outside(sum, &piece);
		piece.pfn += piece.pages;
		left -= piece.pages;
	}
	return ret;
}

/* The DirectMap lines of /proc/meminfo (arch_report_meminfo() in arch/x86/mm/pat/set_memory.c). */
static void read_meminfo(struct gmem_ctx *ctx, struct gmem_directmap_summary *out)
{
	static const char *const lines[GMEM_LEVELS] = {
		[GMEM_LEVEL_PTE] = "DirectMap4k",
		[GMEM_LEVEL_PMD] = "DirectMap2M",
		[GMEM_LEVEL_PUD] = "DirectMap1G",
	};
	char *text;

	if (gmem_read_file(ctx, "/proc/meminfo", &text, NULL))
		return;
	/* 1G is absent on CPUs without it. */
	for (int level = GMEM_LEVEL_PTE; level < GMEM_LEVELS; level++)
		if (gmem_meminfo_bytes(text, lines[level], &out->meminfo[level]))
			out->has_meminfo = true;
	free(text);
}

int gmem_directmap_summarize(struct gmem_ctx *ctx, gmem_directmap_fn fn, void *arg,
			     struct gmem_directmap_summary *out)
{
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };
	struct sum sum = { .ctx = ctx, .out = &summary, .fn = fn, .arg = arg };
	uint64_t unused;
	int ret;

	gmem_begin(ctx);
	ret = GMEM_CHECK_OUT(ctx, gmem_directmap_summary, has_meminfo, out);
	if (!ret)
		ret = gmem_pfn_ram_run(ctx, 0, &unused);
	if (ret < 0)
		return ret;
	ret = gmem_ram_get(ctx, &sum.ram);
	if (!strcmp(ctx->kernel->ops->machine, "x86_64"))
		sum.low = LOW_MEGABYTE_PAGES;
	if (!ret)
		ret = gmem_directmap_walk(ctx, 0, 0, add_run, &sum);
	if (ret)
		return ret;
	if (!sum.any_global) /* PTI or a CPU without global pages: nothing follows from it */
		summary.restored = 0;
	read_meminfo(ctx, &summary);
	return GMEM_FILL_OUT(ctx, gmem_directmap_summary, has_meminfo, out, &summary);
}
