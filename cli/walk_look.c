// SPDX-License-Identifier: GPL-2.0-or-later
/* The stages of a walk that only look: pre-flight, page frames, flush verdict. */
#include "walk.h"

#include <stdio.h>
#include <string.h>

static int look_at(const struct gmem_extent *extent, void *arg)
{
	struct walk *walk = arg;

	gmem_flush_add(walk->flush, extent);
	tally_add(&walk->tally, extent);
	return 0;
}

int walk_look(struct walk *walk)
{
	const unsigned int want = GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS;
	struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = (int)walk->type,
		.memory_flags = walk->flags,
		.has_memory_flags = true,
		.is_guest_memory = true,
	};
	struct gmem_target *target;
	int ret = gmem_target_open(walk->cli->ctx, 0, gmem_memory_fd(walk->memory), &target);

	if (ret)
		return ret;
	gmem_flush_free(walk->flush);
	walk->flush = NULL;
	memset(&walk->tally, 0, sizeof(walk->tally));
	ret = gmem_flush_new(walk->cli->ctx, &subject, &walk->flush);
	if (!ret)
		ret = gmem_target_extents(target, 0, 0, want, look_at, walk);
	gmem_target_free(target);
	return ret;
}

static enum result no_reader(struct walk *walk, enum result result)
{
	char why[1024];

	if (walk->cli->common.reader == READER_NONE)
		return walk_say(walk, result, "the direct map was not looked at (--reader=none)");
	cli_explain(walk->cli, walk->reader, why, sizeof(why));
	return walk_say(walk, result, "the direct map cannot be seen: %s", why);
}

/*
 * Memory without direct map leaves it when it is mapped; a launch, and what maps pages after it,
 * touches them there right then. The flag alone says so, where nothing can be seen.
 */
static bool faults_by_flag(const struct walk *walk)
{
	return walk->flags & GMEM_MEMORY_NO_DIRECT_MAP && walk_launch_of(walk->type);
}

static enum result plan_preflight(struct walk *walk)
{
	if (walk->reader && !faults_by_flag(walk))
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(
		walk, RESULT_PLANNED,
		"ask whether a path of this kernel would fault before letting it touch a page");
}

/* Where it would fault, first of all rows. */
static const char *faulting_path(const struct walk *walk)
{
	struct gmem_flush_row row;

	for (size_t i = 0; walk->flush && !gmem_flush_row(walk->flush, i, &row); i++)
		if (row.verdict == GMEM_VERDICT_FAULTS)
			return row.path->name;
	return "the launch";
}

/* An oops is never the way to find out; on a kernel that is no model it takes two words to. */
static enum result refuse(struct walk *walk, const char *evidence)
{
	bool simulated = gmem_ctx_model(walk->cli->ctx);
	bool forced = walk->settings->force && (simulated || walk->settings->will_oops);
	const char *path = faulting_path(walk);

	if (forced)
		return walk_say(walk, RESULT_OK,
				"%s would take a page fault on these pages%s, and the kernel would "
				"die of it; --force goes on",
				path, evidence);
	return walk_say(
		walk, RESULT_REFUSED,
		"%s would take a page fault on these pages%s, and the kernel would die of it; "
		"--force%s goes on all the same",
		path, evidence, simulated ? "" : " --i-know-this-kernel-will-oops");
}

static enum result run_preflight(struct walk *walk)
{
	enum gmem_verdict reachable;
	int ret;

	if (walk->reader)
		return refuse(walk, " (inferred: they leave the direct map when they are mapped)");
	ret = walk_look(walk);
	if (ret)
		return walk_fail(walk, ret);
	reachable = gmem_flush_reachable(walk->flush);
	if (reachable != GMEM_VERDICT_FAULTS)
		return walk_say(walk, RESULT_OK, "no kernel path would fault on the way in (%s)",
				gmem_verdict_name(reachable));
	if (walk->flags & GMEM_MEMORY_NO_DIRECT_MAP)
		return refuse(walk, " (they leave the direct map when they are mapped)");
	return refuse(walk, "");
}

static enum result plan_pfns(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(walk, RESULT_PLANNED, "page frames from the page cache, by offset");
}

static enum result run_pfns(struct walk *walk)
{
	int ret = walk_look(walk);

	if (ret)
		return walk_fail(walk, ret);
	tally_describe(&walk->tally, walk->detail, sizeof(walk->detail));
	return RESULT_OK;
}

static enum result plan_flush(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(walk, RESULT_PLANNED,
			"a verdict for each kernel path that touches the pages");
}

static enum result run_flush(struct walk *walk)
{
	return walk_say(walk, RESULT_OK, "a flush through the direct map as it is now: %s",
			gmem_verdict_name(gmem_flush_verdict(walk->flush)));
}

const struct walk_stage walk_stage_preflight = { "pre-flight", plan_preflight, run_preflight };
const struct walk_stage walk_stage_pfns = { "pfns", plan_pfns, run_pfns };
const struct walk_stage walk_stage_flush = { "flush", plan_flush, run_flush };
