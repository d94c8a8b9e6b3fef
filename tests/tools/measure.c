// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure FILE SECONDS COMMAND...: runs COMMAND, and sends SIGKILL after SECONDS. Writes to FILE
 * how long it took, its CPU time, and its peak memory: "MILLISECONDS MILLISECONDS KIB".
 *
 * Exits with the status of COMMAND, with 137 after SIGKILL, with 128 plus the number of a signal
 * that ended it, or with 2 if COMMAND could not run.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

/* The alarm ends a command that does not end in time. */
static void end_child(int number)
{
	(void)number;
	kill(child, SIGKILL);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t ms(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000 + time->tv_usec / 1000;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int64_t began = now_ms();
	FILE *file;
	int status;

	if (argc < 4)
		errx(64, "usage: measure FILE SECONDS COMMAND...");
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (!child) {
		execvp(argv[3], argv + 3);
		err(2, "%s", argv[3]);
	}
	signal(SIGALRM, end_child);
	alarm((unsigned int)atoi(argv[2]));
	while (wait4(child, &status, 0, &usage) < 0)
		if (errno != EINTR)
			err(2, "wait4");
	file = fopen(argv[1], "w");
	if (!file ||
	    fprintf(file, "%lld %lld %ld\n", (long long)(now_ms() - began),
		    (long long)(ms(&usage.ru_utime) + ms(&usage.ru_stime)), usage.ru_maxrss) < 0 ||
	    fclose(file))
		err(2, "%s", argv[1]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
