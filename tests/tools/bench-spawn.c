// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-spawn ROUNDS COMMAND [ARGUMENT]...: how long a command takes as a whole process, from
 * posix_spawn(3), which copies no address space, to its end. Prints the median, in microseconds;
 * what the command prints is thrown away. Ends with 2 where the command could not be run or was
 * ended by a signal, with its status where that was not 0.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "median.h"

extern char **environ;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double once(char **command, const posix_spawn_file_actions_t *quiet)
{
	double start = now_us();
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, command[0], quiet, NULL, command, environ);
	if (errno || waitpid(pid, &status, 0) != pid)
		err(2, "%s", command[0]);
	if (!WIFEXITED(status))
		errx(2, "%s: %s", command[0], strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		errx(WEXITSTATUS(status), "%s: status %d", command[0], WEXITSTATUS(status));
	return now_us() - start;
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	double *took = calloc(rounds ? rounds : 1, sizeof(*took));
	posix_spawn_file_actions_t quiet;

	if (!rounds)
		errx(64, "usage: bench-spawn ROUNDS COMMAND [ARGUMENT]...");
	if (!took || posix_spawn_file_actions_init(&quiet) ||
	    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn_file_actions_adddup2(&quiet, 1, 2))
		errx(2, "out of memory");
	for (size_t i = 0; i < rounds; i++)
		took[i] = once(argv + 2, &quiet);
	printf("%.0f\n", median(took, rounds));
	posix_spawn_file_actions_destroy(&quiet);
	free(took);
	return 0;
}
