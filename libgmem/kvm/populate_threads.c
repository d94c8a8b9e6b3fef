// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads that take steps of one range. Each takes the next step, so that the finished part is
 * always the beginning of the range, except for the steps in progress.
 */
#include "kvm/populate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/error.h"
#include "procfs/headroom.h"

/*
 * fallocate() and madvise() do not tell how far they came, so they get the range in steps. A step
 * is small enough for progress and cancelling, and so large that the system call costs almost
 * nothing.
 */
#define STEP (4ull << 20)

/* More threads than this wait for each other in the kernel. */
#define THREADS_MAX 64u
#define REPORT_NS 100000000l
#define CPUS_MAX 65536u
#define WORD_BITS (8 * (unsigned int)sizeof(unsigned long))

/* How often a call may be repeated that was interrupted or made no progress. */
#define RETRIES 100

/*
 * How much is populated between two looks at the host's memory, and so must be available. Meanwhile
 * other processes may take memory; pages of the range that are there already take none.
 */
#define LOOK_EVERY (64ull << 20)

struct crew {
	struct populate *populate;
	pthread_mutex_t lock; /* of all below, and of populate's done and failed_at */
	pthread_cond_t changed;
	uint64_t next;
	unsigned int working;
	int error;
	bool stop;
};

struct worker {
	struct crew *crew;
	const struct gmem_cpu_set *cpus; /* or NULL */
	pthread_t thread;
};

bool gmem_populate_cancelled(const struct populate *populate)
{
	return gmem_is_cancelled(populate->options.cancel);
}

int gmem_populate_report(struct populate *populate)
{
	const struct gmem_populate_options *options = &populate->options;

	if (options->progress)
		populate->ended =
			options->progress(populate->done, options->length, options->progress_arg);
	return populate->ended || gmem_populate_cancelled(populate) ? -ECANCELED : 0;
}

uint64_t gmem_populate_step_length(const struct populate *populate, uint64_t at)
{
	uint64_t left = populate->options.length - at;

	return left < STEP ? left : STEP;
}

bool gmem_populate_may_retry(const struct populate *populate, int error, unsigned int *retries)
{
	return (error == -EINTR || error == -EAGAIN) && !gmem_populate_cancelled(populate) &&
	       (*retries)++ < RETRIES;
}

/* Whether the host can spare what comes next; at is from options.offset on. */
bool gmem_populate_has_headroom(struct populate *populate, uint64_t at)
{
	struct gmem_headroom room;

	if (populate->options.beyond_available || at % LOOK_EVERY ||
	    !gmem_headroom_read(populate->memory->ctx, &room) || room.available >= LOOK_EVERY)
		return true;
	__atomic_store_n(&populate->short_of_memory, true, __ATOMIC_RELAXED);
	return false;
}

int gmem_populate_step(struct populate *populate, uint64_t at, uint64_t length)
{
	unsigned int retries = 0;
	int ret;

	/* Before the first one, all of the range has been looked at. */
	if (at && !gmem_populate_has_headroom(populate, at))
		return -ENOMEM;
	do {
		ret = populate->step(populate, at, length);
	} while (gmem_populate_may_retry(populate, ret, &retries));
	return ret;
}

static int populate_alone(struct populate *populate)
{
	int ret = 0;

	while (!ret && populate->done < populate->options.length) {
		uint64_t length = gmem_populate_step_length(populate, populate->done);

		populate->failed_at = populate->done;
		ret = gmem_populate_step(populate, populate->done, length);
		if (ret)
			return gmem_populate_cancelled(populate) ? -ECANCELED : ret;
		populate->done += length;
		ret = gmem_populate_report(populate);
	}
	return ret;
}

/* Takes the next step; returns false if no step is left, or no more is wanted. */
static bool take_step(struct crew *crew, uint64_t *at, uint64_t *length)
{
	bool taken;

	pthread_mutex_lock(&crew->lock);
	taken = !crew->stop && crew->next < crew->populate->options.length &&
		!gmem_populate_cancelled(crew->populate);
	if (taken) {
		*at = crew->next;
		*length = gmem_populate_step_length(crew->populate, *at);
		crew->next += *length;
	}
	pthread_mutex_unlock(&crew->lock);
	return taken;
}

static void note_step(struct crew *crew, uint64_t at, uint64_t length, int ret)
{
	pthread_mutex_lock(&crew->lock);
	if (!ret)
		crew->populate->done += length;
	if (ret && (!crew->error || at < crew->populate->failed_at)) {
		crew->error = ret;
		crew->populate->failed_at = at;
	}
	crew->stop = crew->stop || ret;
	pthread_mutex_unlock(&crew->lock);
}

/* The CPUs that this thread may run on, or NULL where the kernel does not tell. */
static unsigned long *allowed_cpus(unsigned int *words)
{
	/* The kernel refuses less than it has CPUs for, at most 8192 in any configuration. */
	for (*words = 1024 / WORD_BITS; *words <= CPUS_MAX / WORD_BITS; *words *= 2) {
		unsigned long *mask = calloc(*words, sizeof(*mask));

		if (!mask)
			return NULL;
		if (!sched_getaffinity(0, *words * sizeof(*mask), (cpu_set_t *)mask))
			return mask;
		free(mask);
		if (errno != EINVAL)
			return NULL;
	}
	return NULL;
}

static bool overlap(const struct gmem_cpu_set *set, const unsigned long *mask, unsigned int words)
{
	for (unsigned int i = 0; i < set->words && i < words; i++)
		if (set->mask[i] & mask[i])
			return true;
	return false;
}

int gmem_populate_check_cpus(const struct populate *populate)
{
	const struct gmem_populate_options *options = &populate->options;
	unsigned int words, wrong = 0;
	unsigned long *allowed;

	if (!options->cpu_sets || populate->memory->ctx->kernel->ops->one_thread)
		return 0;
	allowed = allowed_cpus(&words);
	if (!allowed)
		return 0;
	while (wrong < options->cpu_set_count && overlap(&options->cpu_sets[wrong], allowed, words))
		wrong++;
	free(allowed);
	if (wrong == options->cpu_set_count)
		return 0;
	return gmem_fail(populate->memory->ctx, -EINVAL,
			 "gmem_populate: Invalid argument: this process may run on none of the "
			 "CPUs in cpu_sets[%u], so no thread can populate from there; see "
			 "Cpus_allowed_list in /proc/self/status",
			 wrong);
}

/*
 * If the memory has no policy of its own, threads that run on a node take pages from that node, and
 * fill them locally. A thread that may no longer run there stays where it is.
 */
static void move_to(const struct gmem_cpu_set *set)
{
	sched_setaffinity(0, set->words * sizeof(*set->mask), (const cpu_set_t *)set->mask);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct crew *crew = worker->crew;
	uint64_t at, length;

	if (worker->cpus)
		move_to(worker->cpus);
	while (take_step(crew, &at, &length))
		note_step(crew, at, length, gmem_populate_step(crew->populate, at, length));
	pthread_mutex_lock(&crew->lock);
	crew->working--;
	pthread_cond_signal(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/*
 * The caller's thread reports while the others work, because callbacks run in the caller's thread.
 */
static int oversee(struct crew *crew)
{
	int ret = 0;

	pthread_mutex_lock(&crew->lock);
	while (crew->working) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += REPORT_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_clockwait(&crew->changed, &crew->lock, CLOCK_MONOTONIC, &until);
		pthread_mutex_unlock(&crew->lock);
		if (!ret)
			ret = gmem_populate_report(crew->populate);
		pthread_mutex_lock(&crew->lock);
		crew->stop = crew->stop || ret;
	}
	pthread_mutex_unlock(&crew->lock);
	return ret;
}

/* A simulated kernel has CPUs of its own, on which nothing runs. */
static bool has_cpus(const struct populate *populate)
{
	return populate->options.cpu_sets && populate->options.cpu_set_count &&
	       !populate->memory->ctx->kernel->ops->one_thread;
}

/* Signals are for the caller's thread. Returns how many were started. */
static unsigned int start(struct crew *crew, struct worker *workers, unsigned int wanted)
{
	const struct gmem_populate_options *options = &crew->populate->options;
	unsigned int started = 0;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_mutex_lock(&crew->lock);
	while (started < wanted) {
		struct worker *worker = &workers[started];

		worker->crew = crew;
		worker->cpus = NULL;
		if (has_cpus(crew->populate))
			worker->cpus = &options->cpu_sets[started % options->cpu_set_count];
		if (pthread_create(&worker->thread, NULL, work, worker))
			break;
		started++;
		crew->working++;
	}
	pthread_mutex_unlock(&crew->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static unsigned int wanted_threads(const struct populate *populate)
{
	uint64_t steps = (populate->options.length + STEP - 1) / STEP;
	unsigned int wanted = populate->options.threads;

	/* A simulated kernel is for one thread. */
	if (!wanted || populate->memory->ctx->kernel->ops->one_thread)
		return 1;
	if (wanted > THREADS_MAX)
		wanted = THREADS_MAX;
	return steps < wanted ? (unsigned int)steps : wanted;
}

int gmem_populate_parallel(struct populate *populate)
{
	struct crew crew = { .populate = populate };
	unsigned int wanted = wanted_threads(populate), started;
	struct worker workers[THREADS_MAX];
	int cancelled;

	if (wanted < 2 && !has_cpus(populate))
		return populate_alone(populate);
	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.changed, NULL);
	started = start(&crew, workers, wanted ? wanted : 1);
	cancelled = oversee(&crew);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_cond_destroy(&crew.changed);
	pthread_mutex_destroy(&crew.lock);
	if (!started)
		return populate_alone(populate);
	if (crew.error)
		return gmem_populate_cancelled(populate) ? -ECANCELED : crew.error;
	return populate->done == populate->options.length ? 0 : cancelled ? cancelled : -ECANCELED;
}
