// SPDX-License-Identifier: GPL-2.0-or-later
/* The stages of a walk that only look: pre-flight, page frames, flush verdict. */
#include "commands/walk/walk.h"

#include <stdio.h>

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
	if (walk->reader && !gmem_flush_known_by_flags(walk->type, walk->flags))
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(
		walk, RESULT_PLANNED,
		"ask whether a path of this kernel would fault before letting it touch a page");
}

static enum result run_preflight(struct walk *walk)
{
	static const enum result results[] = {
		[PREFLIGHT_CLEAR] = RESULT_OK,
		[PREFLIGHT_FORCED] = RESULT_OK,
		[PREFLIGHT_REFUSED] = RESULT_REFUSED,
	};
	struct preflight asked = {
		.cli = walk->cli,
		.force = &walk->settings->force,
		.type = walk->type,
		.memory = walk->memory,
		.look = &walk->look,
		.words = walk->detail,
		.size = sizeof(walk->detail),
	};
	enum preflight_result result = preflight(&asked);

	return result == PREFLIGHT_FAILED ? walk_fail(walk, asked.error) : results[result];
}

static int look(struct walk *walk)
{
	return look_at(walk->cli->ctx, walk->type, walk->memory, 0, 0, &walk->look);
}

static enum result plan_pfns(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(walk, RESULT_PLANNED, "page frames from the page cache, by offset");
}

static enum result run_pfns(struct walk *walk)
{
	int ret = look(walk);

	if (ret)
		return walk_fail(walk, ret);
	tally_describe(walk->cli->ctx, &walk->look.tally, walk->detail, sizeof(walk->detail));
	return RESULT_OK;
}

static enum result plan_flush(struct walk *walk)
{
	if (walk->reader)
		return no_reader(walk, RESULT_SKIPPED);
	return walk_say(walk, RESULT_PLANNED,
			"verdicts: each kernel path, a flush of the pages as they are, bringing "
			"them into the guest");
}

static enum result run_flush(struct walk *walk)
{
	struct verdict verdict;

	walk_judge(walk, &verdict);
	return walk_say(walk, RESULT_OK,
			"a flush of the pages as they are: %s (verdict now); bringing them into "
			"the guest: %s (verdict on map)",
			gmem_verdict_name(verdict.now), gmem_verdict_name(verdict.on_map));
}

const struct walk_stage walk_stage_preflight = { "pre-flight", plan_preflight, run_preflight };
const struct walk_stage walk_stage_pfns = { "pfns", plan_pfns, run_pfns };
const struct walk_stage walk_stage_flush = { "flush", plan_flush, run_flush };
