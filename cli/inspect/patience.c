// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/patience.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "output/close.h"

#define TICK 0.1  /* seconds from one look at *cancel to the next */
#define GRACE 1.0 /* that a scan has to come back, once it is to end */

static void give_up(struct patience *patience)
{
	struct cli *cli = patience->cli;
	enum status status = cli_fail(
		cli, STATUS_CANNOT_TELL,
		"looking at process %d does not come back: it keeps a lock that the kernel waits for, "
		"as an execve(2) or a page fault on a file server that does not answer does; end that "
		"process",
		(int)__atomic_load_n(&patience->at, __ATOMIC_RELAXED));

	status = output_close(cli, status);
	fflush(cli->streams.out);
	fflush(cli->streams.err);
	_exit((int)status);
}

/* Sleeps until the time is over; the lock is held, but for the sleep. */
static void sleep_for(struct patience *patience, double seconds)
{
	double end = now_seconds() + seconds;
	struct timespec until = { .tv_sec = (time_t)end };

	until.tv_nsec = (long)((end - (double)until.tv_sec) * 1e9);
	pthread_cond_timedwait(&patience->ended, &patience->lock, &until);
}

/* While it holds the lock to give up, patience_end() does not return. */
static void *watch(void *arg)
{
	struct patience *patience = arg;
	double stopped = 0;

	pthread_mutex_lock(&patience->lock);
	while (!patience->done) {
		if (!stopped && patience->cancel &&
		    __atomic_load_n(patience->cancel, __ATOMIC_ACQUIRE))
			stopped = now_seconds();
		if (now_seconds() > patience->deadline + GRACE ||
		    (stopped && now_seconds() > stopped + GRACE))
			give_up(patience);
		sleep_for(patience, patience->cancel ? TICK : GRACE);
	}
	pthread_mutex_unlock(&patience->lock);
	return NULL;
}

void patience_begin(struct patience *patience, struct cli *cli, double seconds,
		    const volatile int *cancel)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	memset(patience, 0, sizeof(*patience));
	patience->cli = cli;
	patience->cancel = cancel;
	patience->deadline = now_seconds() + (seconds > 0 ? seconds : PATIENCE_DEFAULT);
	pthread_mutex_init(&patience->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&patience->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	patience->watches = !pthread_create(&patience->thread, NULL, watch, patience);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void patience_end(struct patience *patience)
{
	pthread_mutex_lock(&patience->lock);
	patience->done = true;
	pthread_cond_signal(&patience->ended);
	pthread_mutex_unlock(&patience->lock);
	if (patience->watches)
		pthread_join(patience->thread, NULL);
	pthread_cond_destroy(&patience->ended);
	pthread_mutex_destroy(&patience->lock);
}

unsigned int patience_left(const struct patience *patience)
{
	double left = (patience->deadline - now_seconds()) * 1000;

	return left < 1 ? 1 : (unsigned int)left;
}

bool patience_is_over(const struct patience *patience)
{
	return now_seconds() >= patience->deadline;
}
