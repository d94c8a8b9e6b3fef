/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Populates in steps that several threads share. */
#ifndef GMEM_KVM_POPULATE_H
#define GMEM_KVM_POPULATE_H

#include "kvm/memory.h"
#include "kvm/vm.h"

struct populate {
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	struct gmem_populate_options options; /* length is 0 here only if there is nothing to do */
	void *mapping;			      /* GMEM_POPULATE_HOST */
	int (*step)(struct populate *populate, uint64_t at, uint64_t length);
	int ended;	      /* what progress returned, if it was not 0 */
	uint64_t done;	      /* bytes */
	uint64_t failed_at;   /* of the step that failed first, from options.offset on */
	bool short_of_memory; /* the host has no more memory to spare; any thread sets it */
};

/* Whether the caller wants it to end. */
bool gmem_populate_cancelled(const struct populate *populate);

/* Tells the caller how far it came. Returns 0, or -ECANCELED: see ended. */
int gmem_populate_report(struct populate *populate);

/* Length of the step that begins at, from options.offset on. */
uint64_t gmem_populate_step_length(const struct populate *populate, uint64_t at);

/*
 * Whether threads can run on the CPUs that the options name. Returns 0, or -EINVAL with the reason.
 */
int gmem_populate_check_cpus(const struct populate *populate);

/* Whether to repeat a call that was interrupted, or made no progress; counts the attempts. */
bool gmem_populate_may_retry(const struct populate *populate, int error, unsigned int *retries);

/* Whether the host can spare what comes next; at is from options.offset on. */
bool gmem_populate_has_headroom(struct populate *populate, uint64_t at);

/*
 * Does one step, again where it was interrupted. Returns 0 or a negative errno; -ENOMEM also where
 * the host has not the memory to spare, see short_of_memory.
 */
int gmem_populate_step(struct populate *populate, uint64_t at, uint64_t length);

/*
 * Does all steps, in as many threads as the options want. Returns 0, -ECANCELED, or the errno of
 * the step at failed_at. Without a failure, done is what was done from the start of the range on.
 */
int gmem_populate_parallel(struct populate *populate);

#endif
