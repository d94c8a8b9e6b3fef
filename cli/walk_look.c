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

static enum result plan_preflight(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(
		walk, RESULT_PLANNED,
		"ask whether a path of this kernel would fault before letting it touch a page");
}

/*
 * Memory without direct map leaves it when it is first mapped: pages that are only allocated look
 * safe, and a path that flushes them while mapping them faults all the same.
 */
static const char *flushed_when_gone(const struct walk *walk)
{
	struct gmem_flush_row row;

	if (!(walk->flags & GMEM_MEMORY_NO_DIRECT_MAP))
		return NULL;
	for (size_t i = 0; !gmem_flush_row(walk->flush, i, &row); i++)
		if (row.path->access == GMEM_ACCESS_CLFLUSH && row.verdict == GMEM_VERDICT_SAFE)
			return row.path->name;
	return NULL;
}

/* An oops is never the way to find out. */
static enum result refuse(struct walk *walk, const char *why, const char *path)
{
	if (walk->settings->force)
		return walk_say(walk, RESULT_OK,
				"%s%s: the kernel would die of it; --force goes on", why, path);
	return walk_say(walk, RESULT_REFUSED,
			"%s%s: the kernel would die of it; --force goes on all the same", why,
			path);
}

static enum result run_preflight(struct walk *walk)
{
	enum gmem_verdict reachable;
	const char *path;
	int ret = walk_look(walk);

	if (ret)
		return walk_fail(walk, ret);
	reachable = gmem_flush_reachable(walk->flush);
	if (reachable == GMEM_VERDICT_FAULTS)
		return refuse(walk, "a kernel path would take a page fault on these pages", "");
	path = flushed_when_gone(walk);
	if (path)
		return refuse(walk,
			      "these pages leave the direct map when they are first mapped, and "
			      "are flushed through it right then, by ",
			      path);
	return walk_say(walk, RESULT_OK, "no kernel path would fault on the way in (%s)",
			gmem_verdict_name(reachable));
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
