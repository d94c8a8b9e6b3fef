// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors of a VM, for a command that takes this process over. */
#include "holder/exec_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"

static const char *const variables[EXEC_FDS] = { "GMEM_VM_FD", "GMEM_MEMORY_FD" };

/* Copies of the descriptors that survive execve(). */
static int export_fds(const int *fds)
{
	for (size_t i = 0; i < EXEC_FDS; i++) {
		char number[16];
		int fd = fcntl(fds[i], F_DUPFD, STDERR_FILENO + 1);

		if (fd < 0)
			return -errno;
		snprintf(number, sizeof(number), "%d", fd);
		if (setenv(variables[i], number, 1))
			return -errno;
	}
	return 0;
}

enum status exec_in_place(struct cli *cli, const int *fds, size_t n)
{
	int ret = n == EXEC_FDS ? export_fds(fds) : -EPROTO;
	int error;

	if (ret)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
				   "passing the descriptors on: %s", strerror(-ret));
	if (setenv("GMEM_NAME", cli->args[0], 1))
		return cli_no_memory(cli);
	fflush(cli->streams.out);
	execvp(cli->args[1], &cli->args[1]);
	error = errno;
	return cli_fail_as(cli, error == ENOENT ? EXEC_NOT_FOUND : EXEC_CANNOT_RUN,
			   cause_of_error(-error), "%s: %s", cli->args[1], strerror(error));
}
