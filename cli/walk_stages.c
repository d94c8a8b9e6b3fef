// SPDX-License-Identifier: GPL-2.0-or-later
/* The stages of a walk in their order, and how each says what came of it. */
#include "walk.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	STEP_VM,
	STEP_MEMORY,
	STEP_SLOT,
	STEP_CONVERT,
	STEP_ALLOCATE,
	STEP_PREFLIGHT,
	STEP_POPULATE,
	STEP_MAP,
	STEP_PFNS,
	STEP_FLUSH,
	STEP_RELEASE,
};

const struct walk_step walk_steps[] = {
	[STEP_VM] = { &walk_stage_vm, -1, false },
	[STEP_MEMORY] = { &walk_stage_memory, STEP_VM, false },
	[STEP_SLOT] = { &walk_stage_slot, STEP_MEMORY, false },
	[STEP_CONVERT] = { &walk_stage_convert, STEP_SLOT, false },
	[STEP_ALLOCATE] = { &walk_stage_allocate, STEP_MEMORY, false },
	[STEP_PREFLIGHT] = { &walk_stage_preflight, STEP_ALLOCATE, false },
	[STEP_POPULATE] = { &walk_stage_populate, STEP_ALLOCATE, true },
	[STEP_MAP] = { &walk_stage_map, STEP_SLOT, true },
	[STEP_PFNS] = { &walk_stage_pfns, STEP_ALLOCATE, false },
	[STEP_FLUSH] = { &walk_stage_flush, STEP_PFNS, false },
	[STEP_RELEASE] = { &walk_stage_release, -1, false },
};

const size_t walk_n_steps = sizeof(walk_steps) / sizeof(walk_steps[0]);

enum result walk_say(struct walk *walk, enum result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(walk->detail, sizeof(walk->detail), format, args);
	va_end(args);
	return result;
}

enum result walk_fail(struct walk *walk, int error)
{
	walk->error = error;
	cli_explain(walk->cli, error, walk->detail, sizeof(walk->detail));
	return RESULT_FAILED;
}
