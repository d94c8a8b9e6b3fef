// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-spawn ROUNDS COMMAND [ARGUMENT]...: measures a command as a whole process, from
 * posix_spawn(3), which copies no address space, to its end. Prints the median, in microseconds,
 * and discards the command's output. All rounds must have the same status as the first. A status
 * other than 0 is printed (list has 4 on a host that it can see only in part). Ends with 2 if the
 * command could not run, if a signal ended it, or if its status changed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "timing.h"

extern char **environ;

/* *expected: the status of the rounds before. It is below 0 in the first round. */
static double once(char **command, const posix_spawn_file_actions_t *quiet, int *expected)
{
	double start = now_us(), took;
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, command[0], quiet, NULL, command, environ);
	if (errno || waitpid(pid, &status, 0) != pid)
		err(2, "%s", command[0]);
	took = now_us() - start;
	if (!WIFEXITED(status))
		errx(2, "%s: %s", command[0], strsignal(WTERMSIG(status)));
	status = WEXITSTATUS(status);
	if (*expected >= 0 && status != *expected)
		errx(2, "%s: status %d, and %d before", command[0], status, *expected);
	if (*expected < 0 && status)
		warnx("%s: status %d", command[0], status);
	*expected = status;
	return took;
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	double *took = calloc(rounds ? rounds : 1, sizeof(*took));
	posix_spawn_file_actions_t quiet;
	int status = -1;

	if (!rounds)
		errx(64, "usage: bench-spawn ROUNDS COMMAND [ARGUMENT]...");
	if (!took || posix_spawn_file_actions_init(&quiet) ||
	    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn_file_actions_adddup2(&quiet, 1, 2))
		errx(2, "out of memory");
	for (size_t i = 0; i < rounds; i++)
		took[i] = once(argv + 2, &quiet, &status);
	printf("%.0f\n", median(took, rounds));
	posix_spawn_file_actions_destroy(&quiet);
	free(took);
	return 0;
}
