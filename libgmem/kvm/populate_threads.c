// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads that take steps off one range, each the next one, so that what is done is always the
 * range's beginning, but for the steps being done.
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

#include "base/error.h"
#include "procfs/file.h"
#include "procfs/headroom.h"

/*
 * fallocate() and madvise() do not tell how far they came, so they get the range in steps: small
 * enough to tell and to stop at, large enough for the system call not to count.
 */
#define STEP (4ull << 20)

/* More threads than this wait for each other in the kernel. */
#define THREADS_MAX 64u
#define REPORT_NS 100000000l

/* How often a call may be repeated that was interrupted or made no progress. */
#define RETRIES 100

/*
 * How much is populated from one look at the host's memory to the next, and what must be there for
 * it. Others take memory meanwhile, and what of the range is there already takes none.
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
	int node; /* or -1 */
	pthread_t thread;
};

bool gmem_populate_cancelled(const struct populate *populate)
{
	return populate->options.cancel && *populate->options.cancel;
}

int gmem_populate_report(struct populate *populate)
{
	const struct gmem_populate_options *options = &populate->options;

	if (options->progress &&
	    options->progress(populate->done, options->length, options->progress_arg))
		return -ECANCELED;
	return gmem_populate_cancelled(populate) ? -ECANCELED : 0;
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
	/* Cancelled when all was done already, it is done. */
	return populate->done == populate->options.length ? 0 : ret;
}

/* Takes the next step; false where there is none, or no more is wanted. */
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

/* "0-3,8": the CPUs of a node. Returns 0 or a negative errno. */
static int cpus_of_node(struct gmem_ctx *ctx, int node, cpu_set_t *cpus)
{
	char path[64], line[1024], *at = line;
	int ret;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	ret = gmem_read_line(ctx, path, line, sizeof(line));
	if (ret)
		return ret;
	CPU_ZERO(cpus);
	while (*at >= '0' && *at <= '9') {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		for (unsigned long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
			CPU_SET(cpu, cpus);
		at += *at == ',';
	}
	return 0;
}

/* A simulated kernel has CPUs of its own, on which nothing runs. */
static bool may_run_on(const struct gmem_ctx *ctx, const cpu_set_t *cpus)
{
	cpu_set_t allowed, both;

	if (ctx->kernel->ops->one_thread || sched_getaffinity(0, sizeof(allowed), &allowed))
		return true;
	CPU_AND(&both, &allowed, cpus);
	return CPU_COUNT(&both);
}

int gmem_populate_check_nodes(const struct populate *populate)
{
	const struct gmem_populate_options *options = &populate->options;
	struct gmem_ctx *ctx = populate->memory->ctx;
	cpu_set_t cpus;

	for (unsigned int i = 0; i < options->node_count; i++) {
		if (cpus_of_node(ctx, options->nodes[i], &cpus))
			return gmem_fail(
				ctx, -EINVAL,
				"gmem_populate: Invalid argument: there is no node %d, see "
				"/sys/devices/system/node/online",
				options->nodes[i]);
		if (!may_run_on(ctx, &cpus))
			return gmem_fail(ctx, -EINVAL,
					 "gmem_populate: Invalid argument: node %d has no CPU that "
					 "this process may run on, so no thread can take its pages",
					 options->nodes[i]);
	}
	return 0;
}

/*
 * Threads that run on a node take pages from there, where the memory has no policy of its own, and
 * fill them without crossing to another node.
 */
static void move_to_node(struct crew *crew, int node)
{
	cpu_set_t cpus;

	/* Where it may not run there any more, it runs where it is. */
	if (!cpus_of_node(crew->populate->memory->ctx, node, &cpus) && CPU_COUNT(&cpus))
		sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct crew *crew = worker->crew;
	uint64_t at, length;

	if (worker->node >= 0)
		move_to_node(crew, worker->node);
	while (take_step(crew, &at, &length))
		note_step(crew, at, length, gmem_populate_step(crew->populate, at, length));
	pthread_mutex_lock(&crew->lock);
	crew->working--;
	pthread_cond_signal(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* The caller's thread reports while the others work: the callback is its own. */
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
		worker->node =
			options->node_count ? options->nodes[started % options->node_count] : -1;
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

	if (wanted < 2 && !populate->options.node_count)
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
