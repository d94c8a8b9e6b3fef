// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stuck-terminal stopped|unread|pipe|socket COMMAND...: runs COMMAND. Its output is a terminal that
 * is stopped (XOFF), or a terminal, pipe or socket that nobody reads.
 *
 * Prints the process id and "ready" when COMMAND runs. At the end of its input it sends SIGKILL to
 * COMMAND. Exits with 77 if there are no terminals.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Returns the side to write to. The other side stays open. */
static int open_terminal(bool stopped)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	if (master < 0 || grantpt(master) || unlockpt(master)) {
		warn("/dev/ptmx");
		exit(77);
	}
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || (stopped && tcflow(slave, TCOOFF)))
		err(2, "%s", ptsname(master));
	return slave;
}

static int open_output(const char *kind)
{
	int ends[2];

	if (!strcmp(kind, "stopped") || !strcmp(kind, "unread"))
		return open_terminal(!strcmp(kind, "stopped"));
	if (!strcmp(kind, "pipe") ? pipe2(ends, O_CLOEXEC)
				  : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		err(2, "%s", kind);
	return ends[1];
}

int main(int argc, char **argv)
{
	char byte;
	pid_t child;
	int out;

	if (argc < 3)
		errx(64, "usage: stuck-terminal stopped|unread|pipe|socket COMMAND...");
	out = open_output(argv[1]);
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (!child) {
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
			_exit(2);
		execvp(argv[2], argv + 2);
		_exit(2);
	}
	printf("pid %d\nready\n", (int)child);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}
