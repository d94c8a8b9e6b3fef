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
	bool will_oops; /* said of a kernel that is no model */
	bool allow_unreleased;
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
	bool touched;		  /* its pages were mapped, by the host or by the guest */
	struct gmem_flush *flush; /* of the pages as the last look found them */
	struct tally tally;
	int reader; /* 0, or why kernel memory cannot be read */

	char detail[1536]; /* of the stage that runs */
	int error;	   /* its negative errno, if it failed */
};

/* What a stage is: plan says whether it can run, with the reason; run does it. */
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

/* Where the memory is bound: above the hole below 4 GiB, where a PC guest's devices are. */
#define WALK_GPA 0x100000000ull

extern const struct walk_step walk_steps[];
extern const size_t walk_n_steps;

extern const struct walk_stage walk_stage_vm, walk_stage_memory, walk_stage_slot,
	walk_stage_convert, walk_stage_allocate, walk_stage_preflight, walk_stage_populate,
	walk_stage_map, walk_stage_pfns, walk_stage_flush, walk_stage_release, walk_stage_init,
	walk_stage_vcpu, walk_stage_add, walk_stage_finalize;

/* How guests of that type are launched, or NULL: there is nothing to launch. */
struct walk_launch;
const struct walk_launch *walk_launch_of(enum gmem_vm_type type);

/* Sets the detail of the stage that runs, and returns result. */
enum result walk_say(struct walk *walk, enum result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a negative errno of libgmem, with its explanation. */
enum result walk_fail(struct walk *walk, int error);

/* Takes the VM type and the flags that the walk goes with. */
enum status walk_choose(struct walk *walk);

/* KVM's answer about a capability for VMs of a type, or a negative errno. */
int walk_capability(const struct walk *walk, enum gmem_vm_type type, const char *name);

/* Releases what is still there; safe to call at any time. Returns whether anything was. */
bool walk_release(struct walk *walk);

/* Looks at the pages that are there now: tally and flush. Returns 0 or a negative errno. */
int walk_look(struct walk *walk);

#endif
