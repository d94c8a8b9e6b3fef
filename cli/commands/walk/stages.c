// SPDX-License-Identifier: GPL-2.0-or-later
/* The stages of a walk in their order. */
#include "commands/walk/walk.h"

enum {
	STEP_VM,
	STEP_INIT,
	STEP_VCPU,
	STEP_MEMORY,
	STEP_SLOT,
	STEP_CONVERT,
	STEP_ALLOCATE,
	STEP_PREFLIGHT,
	STEP_POPULATE,
	STEP_ADD,
	STEP_FINALIZE,
	STEP_MAP,
	STEP_PFNS,
	STEP_FLUSH,
	STEP_RELEASE,
};

#define AFTER(step) (1u << (STEP_##step))

/* A step that the VM type does not have counts as done. */
const struct walk_step walk_steps[] = {
	[STEP_VM] = { .stage = &walk_stage_vm },
	[STEP_INIT] = { .stage = &walk_stage_init, .needs = AFTER(VM), .launches = true },
	[STEP_VCPU] = { .stage = &walk_stage_vcpu, .needs = AFTER(INIT), .launches = true },
	[STEP_MEMORY] = { .stage = &walk_stage_memory, .needs = AFTER(VM) },
	[STEP_SLOT] = { .stage = &walk_stage_slot, .needs = AFTER(MEMORY) },
	[STEP_CONVERT] = { .stage = &walk_stage_convert, .needs = AFTER(SLOT) },
	[STEP_ALLOCATE] = { .stage = &walk_stage_allocate, .needs = AFTER(MEMORY) },
	[STEP_PREFLIGHT] = { .stage = &walk_stage_preflight, .needs = AFTER(ALLOCATE) },
	[STEP_POPULATE] = { .stage = &walk_stage_populate,
			    .needs = AFTER(ALLOCATE),
			    .touches_pages = true },
	[STEP_ADD] = { .stage = &walk_stage_add,
		       .needs = AFTER(VCPU) | AFTER(CONVERT),
		       .touches_pages = true,
		       .launches = true },
	[STEP_FINALIZE] = { .stage = &walk_stage_finalize,
			    .needs = AFTER(ADD),
			    .touches_pages = true,
			    .launches = true },
	[STEP_MAP] = { .stage = &walk_stage_map,
		       .needs = AFTER(SLOT) | AFTER(FINALIZE),
		       .touches_pages = true },
	[STEP_PFNS] = { .stage = &walk_stage_pfns, .needs = AFTER(ALLOCATE) },
	[STEP_FLUSH] = { .stage = &walk_stage_flush, .needs = AFTER(PFNS) },
	[STEP_RELEASE] = { .stage = &walk_stage_release, .releases = true },
};

const size_t walk_n_steps = sizeof(walk_steps) / sizeof(walk_steps[0]);
