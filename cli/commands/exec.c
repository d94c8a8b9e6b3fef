// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmemctl exec: runs a command that has the descriptors of a held VM and its memory. The kernel
 * takes ioctls on the VM's descriptor from the holder only (others get EIO). The memory's
 * descriptor works for everything: mmap, fallocate, fstat.
 */
#include "holder/exec_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/command.h"
#include "held/session.h"

/* A batch that writes a document keeps standard output for it. */
static bool leave_stdout(struct cli *cli)
{
	int null;

	if (cli->where->style != STYLE_JSON)
		return true;
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0)
		return true;
	cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "/dev/null: %s", strerror(errno));
	return false;
}

/* In a batch the command is a child, and its status that of the line. */
static enum status run_child(struct cli *cli, const int *fds)
{
	pid_t child;
	int status;

	fflush(cli->streams.out);
	child = fork();
	if (child < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "fork: %s",
				   strerror(errno));
	if (!child)
		_exit((int)(leave_stdout(cli) ? exec_in_place(cli, fds, EXEC_FDS)
					      : EXEC_CANNOT_RUN));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return (enum status)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static enum status run(struct cli *cli)
{
	struct session *session = cli->session;
	struct held *held;
	enum status status = session_need(cli, &held);
	int fds[EXEC_FDS];

	if (status)
		return status;
	if (gmem_ctx_model(cli->ctx))
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_SUPPORTED),
				   "a VM on a simulated kernel has no descriptors to pass on");
	if (cli->common.format.style == STYLE_JSON)
		return cli_usage(cli, "--json: standard output is for %s", cli->args[1]);
	fds[0] = gmem_vm_fd(held->vm);
	fds[1] = gmem_memory_fd(held->memory);
	if (!session->holder)
		return run_child(cli, fds);
	memcpy(session->fds, fds, sizeof(fds));
	session->n_fds = EXEC_FDS;
	return STATUS_YES;
}

const struct command exec_command = {
	.name = "exec",
	/* To name the owner of the folder of holders, if it is another user. */
	.needs = READS_FILES | STARTS_PROGRAMS,
	.place = PLACE_HOLDER,
	.summary = "run a command that has a held VM's descriptors: $GMEM_VM_FD, $GMEM_MEMORY_FD",
	.args = "NAME -- COMMAND...",
	.min_args = 2,
	.max_args = INT_MAX,
	.own_format = true,
	.run = run,
};
