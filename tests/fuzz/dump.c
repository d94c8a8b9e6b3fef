// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A damaged dump: its page tables, table of symbols, BTF, lists and trees contain words of the
 * input, and pages are left out. Whatever it contains, every question ends, and answers about page
 * frames are about its RAM.
 *
 * The input is changes of 10 bytes: a place, which is a word of RAM or a character of
 * vmcoreinfo, and a new value. If there is a rest, the dump is one of arm64.
 */
#include "fuzz.h"

#include <gmem/gmem.h>

#include "base/context.h"
#include "made/dump.h"

#define CHANGE 10u
#define CHANGES_MAX 64u
#define WORDS (MADE_PAGES * 512u)

static struct made whole, whole_arm64, made;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	made_build(&whole);
	made_build_of(&whole_arm64, &made_arm64);
	return 0;
}

static void change(const uint8_t *data)
{
	uint16_t where;
	uint64_t what;

	memcpy(&where, data, sizeof(where));
	memcpy(&what, data + sizeof(where), sizeof(what));
	if (where < WORDS)
		made_put(&made, where * 8ull, what);
	else if (where < WORDS + MADE_PAGES)
		made.left_out[where - WORDS] = true;
	else
		made.vmcoreinfo[where % (sizeof(made.vmcoreinfo) - 1)] = (char)what;
}

static int see_extent(const struct gmem_extent *extent, void *arg)
{
	uint64_t *pages = arg;

	HOLDS(extent->pages > 0);
	*pages += extent->pages;
	return *pages > 1u << 20; /* these are enough */
}

static int see_run(const struct gmem_directmap_run *run, void *arg)
{
	uint64_t *end = arg;

	HOLDS(run->pages > 0 && run->pfn >= *end);
	*end = run->pfn + run->pages;
	return 0;
}

static void look_at_memory(const struct gmem_owners *owners, size_t index)
{
	GMEM_STRUCT(gmem_target_info, info);
	struct gmem_target *target;
	uint64_t pages = 0;

	if (gmem_owners_open(owners, index, &target))
		return;
	gmem_target_get_info(target, &info);
	gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, see_extent, &pages);
	gmem_target_free(target);
}

/*
 * Gets a verdict on the page that is not in the direct map, whatever
 * values KVM's variables have.
 */
static void judge(struct gmem_ctx *ctx)
{
	const struct gmem_flush_subject subject = { .size = sizeof(subject), .vm_type = -1 };
	GMEM_STRUCT(gmem_flush_row, row);
	struct gmem_flush *flush;

	if (gmem_flush_new(ctx, &subject, &flush))
		return;
	gmem_flush_add_pfns(flush, MADE_HOLE, 1);
	for (size_t i = 0; !gmem_flush_row_at(flush, i, &row); i++)
		HOLDS(row.faults_pages + row.unknown_pages <= 1);
	gmem_flush_free(flush);
}

static void look(struct gmem_ctx *ctx)
{
	GMEM_STRUCT(gmem_directmap_summary, summary);
	GMEM_STRUCT(gmem_owners_counts, counts);
	struct gmem_owners *owners;
	uint64_t end = 0;

	gmem_directmap_summarize(ctx, NULL, NULL, &summary);
	gmem_directmap_walk(ctx, 0, 1024, see_run, &end);
	HOLDS(end <= 1024);
	judge(ctx);
	if (gmem_owners_new(ctx, NULL, &owners))
		return;
	gmem_owners_get_counts(owners, &counts);
	for (size_t i = 0; i < counts.memories && i < 4; i++)
		look_at_memory(owners, i);
	gmem_owners_free(owners);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gmem_kernel *kernel;
	struct gmem_ctx *ctx;
	char why[256];

	made = size % CHANGE ? whole_arm64 : whole;
	for (size_t i = 0; i + CHANGE <= size && i < CHANGES_MAX * CHANGE; i += CHANGE)
		change(data + i);
	if (made_open(&made, why, sizeof(why), &kernel)) {
		HOLDS(*why);
		return 0;
	}
	if (gmem_ctx_on(kernel, &ctx))
		abort();
	look(ctx);
	gmem_ctx_free(ctx);
	return 0;
}
