// SPDX-License-Identifier: GPL-2.0-or-later
/* The two verdicts of a walk: of what it looked at, and of what it knows besides. */
#include "commands/walk/walk.h"

/* Pages may leave the direct map later, so what was seen is not enough for a verdict. */
static void qualify(const struct walk *walk, struct verdict *verdict)
{
	bool leaves = walk->flags & GMEM_MEMORY_NO_DIRECT_MAP && !walk->touched;

	if (walk->reader) {
		verdict->now = GMEM_VERDICT_UNKNOWN;
		verdict->now_reason = "the direct map was not seen";
		verdict->on_map = walk->look.answer.verdict_on_map;
		verdict->on_map_reason = "inferred from the flag no-direct-map: the pages leave "
					 "the direct map on the way into the guest";
		if (walk->look.answer.inferred)
			return;
		verdict->on_map = GMEM_VERDICT_UNKNOWN;
		verdict->on_map_reason = verdict->now_reason;
	} else if (leaves && verdict->now == GMEM_VERDICT_SAFE &&
		   verdict->on_map != GMEM_VERDICT_FAULTS) {
		verdict->on_map = GMEM_VERDICT_UNKNOWN;
		verdict->on_map_reason = "the pages were only allocated; this memory leaves the "
					 "direct map when it is first mapped, by the host or into "
					 "the guest";
	}
}

void walk_judge(const struct walk *walk, struct verdict *verdict)
{
	*verdict = VERDICT_NONE;
	if (walk->settings->dry_run) {
		verdict_add_empty(verdict, walk->type, walk->flags);
		return;
	}
	if (walk->look.flush)
		verdict_add(verdict, walk->look.flush);
	qualify(walk, verdict);
}
