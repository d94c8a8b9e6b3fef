// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* sig_atomic_t is an int here, and cancel of gmem_cancel() is one. */
static volatile int noted;
static volatile sig_atomic_t came; /* how many */

static void note_signal(int signal)
{
	(void)signal;
	came = came + 1;
	noted = 1;
}

/*
 * Without SA_RESTART: a long call of the kernel ends, and what was made is released. A signal
 * that the caller ignores (nohup) stays ignored.
 */
void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = note_signal }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

/*
 * A signal that comes between the check and the wait must not be missed: ppoll(2) unblocks signals
 * while it waits.
 */
static void block(sigset_t *before)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&blocked, signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, before);
}

bool interrupt_wait(double seconds)
{
	struct pollfd output = { .fd = STDOUT_FILENO };
	double end = now_seconds() + seconds, left;
	sigset_t before;
	int ret = 0;

	block(&before);
	while (!noted && ret <= 0 && (left = end - now_seconds()) > 0) {
		struct timespec timeout = { .tv_sec = (time_t)left };

		timeout.tv_nsec = (long)((left - (double)timeout.tv_sec) * 1e9);
		ret = ppoll(&output, 1, &timeout, &before);
		if (ret < 0 && errno != EINTR)
			break;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !noted && ret <= 0;
}

int interrupt_poll(int fd, int seconds, unsigned int *seen)
{
	const struct timespec timeout = { .tv_sec = seconds };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int ret = -EINTR;
	sigset_t before;

	block(&before);
	if ((unsigned int)came == *seen) {
		ret = ppoll(&wait, 1, seconds < 0 ? NULL : &timeout, &before);
		ret = ret < 0 ? -errno : ret;
	}
	*seen = (unsigned int)came;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

int interrupt_key(int fd, double seconds)
{
	struct timespec timeout = { .tv_sec = (time_t)seconds };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	sigset_t before, waiting;
	int ret = -EINTR;

	timeout.tv_nsec = (long)((seconds - (double)timeout.tv_sec) * 1e9);
	block(&before);
	waiting = before;
	sigdelset(&waiting, SIGWINCH);
	if (!noted) {
		ret = ppoll(&wait, 1, &timeout, &waiting);
		ret = ret < 0 ? -errno : ret;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret > 0 && wait.revents & (POLLHUP | POLLERR | POLLNVAL) ? -EPIPE : ret;
}

bool interrupted(void)
{
	return noted;
}

void interrupt_note(void)
{
	noted = 1;
}

void interrupt_forget(void)
{
	noted = came;
}

const volatile int *interrupt_flag(void)
{
	return &noted;
}
