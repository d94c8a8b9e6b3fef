/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk: one VM, one guest_memfd, and the stages that take it from nothing to a verdict. */
#ifndef CLI_WALK_H
#define CLI_WALK_H

#include "cli.h"
#include "paths.h"
#include "tally.h"

struct walk_flags {
	uint64_t flags; /* enum gmem_memory_flag */
	bool given;	/* mmap or init-shared, or the lack of them, was asked for */
};

struct walk_settings {
	bool has_vm_type; /* else the best one */
	enum gmem_vm_type vm_type;
	uint64_t size; /* 0: the default */
	struct walk_flags flags;
	bool dry_run;
	bool force;
};

/* What became of a stage. */
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
	struct gmem_flush *flush; /* of the pages as the last look found them */
	struct tally tally;
	int reader; /* 0, or why kernel memory cannot be read */

	char detail[1536]; /* of the stage that runs */
	int error;	   /* its negative errno, if it failed */
};

struct walk_stage {
	const char *name;
	int needs;	    /* number of an earlier stage that must have been done, or -1 */
	bool touches_pages; /* not after a refusal */
	/* Whether it can run, with the reason in detail; with --dry-run that is all. */
	enum result (*plan)(struct walk *walk);
	enum result (*run)(struct walk *walk);
};

extern const struct walk_stage walk_stages[];
extern const size_t walk_n_stages;

/* Takes the VM type and the flags that the walk goes with. */
void walk_choose(struct walk *walk);

/* Releases what is still there; safe to call at any time. Returns whether anything was. */
bool walk_release(struct walk *walk);

/* Looks at the pages that are there now: tally and flush. Returns 0 or a negative errno. */
int walk_look(struct walk *walk);

/* Whether the user wants it to end. */
bool walk_interrupted(void);

#endif
