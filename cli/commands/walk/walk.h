/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk: one VM, one guest_memfd, and the stages that take it from nothing to a verdict. */
#ifndef CLI_COMMANDS_WALK_WALK_H
#define CLI_COMMANDS_WALK_WALK_H

#include "core/cli.h"
#include "inspect/look.h"
#include "inspect/verdict.h"
#include "inspect/preflight.h"
#include "args/vm_options.h"

struct walk_settings {
	struct vm_type_asked vm_type;
	struct flags_asked flags;
	uint64_t size; /* 0: the default */
	bool dry_run;
	struct force force;
	bool allow_unreleased;
};

/* The result of a stage. */
enum result {
	RESULT_OK,
	RESULT_PLANNED,	    /* --dry-run: it would be done */
	RESULT_NOT_OFFERED, /* this kernel does not have it for this VM type */
	RESULT_SKIPPED,	    /* there was nothing to do it with */
	RESULT_REFUSED,	    /* the kernel would crash, or is known to say no */
	RESULT_FAILED,
};

struct walk {
	struct cli *cli;
	const struct walk_settings *settings;
	enum gmem_vm_type type;
	uint64_t flags;
	uint64_t size;

	struct gmem_caps *caps;
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	bool bound;
	bool touched; /* its pages were mapped, by the host or by the guest */
	struct look look;
	int reader; /* 0, or why kernel memory cannot be read */

	char detail[1536]; /* of the stage that runs */
	int error;	   /* its negative errno, if it failed */
};

/* A stage: plan says whether it can run, with the reason, and run does it. */
struct walk_stage {
	const char *name;
	enum result (*plan)(struct walk *walk);
	enum result (*run)(struct walk *walk);
};

/* When it comes: the walk is these, in order. */
struct walk_step {
	const struct walk_stage *stage;
	unsigned int needs; /* earlier steps that must have been done, a bit each */
	bool touches_pages; /* not after a refusal */
	bool launches;	    /* of the VM types that have a launch; the others do not have it */
	bool releases;	    /* comes in any case */
};

#define WALK_STEPS_MAX 16

extern const struct walk_step walk_steps[];
extern const size_t walk_n_steps;

extern const struct walk_stage walk_stage_vm, walk_stage_memory, walk_stage_slot,
	walk_stage_convert, walk_stage_allocate, walk_stage_preflight, walk_stage_populate,
	walk_stage_map, walk_stage_pfns, walk_stage_flush, walk_stage_release, walk_stage_init,
	walk_stage_vcpu, walk_stage_add, walk_stage_finalize;

/* Sets the detail of the stage that runs, and returns result. */
enum result walk_say(struct walk *walk, enum result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a negative errno of libgmem, with its explanation. */
enum result walk_fail(struct walk *walk, int error);

/* The two verdicts on the pages that were looked at last. */
void walk_judge(const struct walk *walk, struct verdict *verdict);

/* Releases what is still there; safe to call at any time. Returns whether anything was. */
bool walk_release(struct walk *walk);

#endif
