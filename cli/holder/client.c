// SPDX-License-Identifier: GPL-2.0-or-later
#include "holder/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/command.h"
#include "core/interrupt.h"
#include "holder/exec_fds.h"
#include "holder/lost.h"
#include "holder/passing.h"

/* How long to wait for a holder that is just being made, or just ends. */
#define PATIENCE_MS 5000
#define STEP_MS 5

bool client_is_for_holder(const struct cli *cli)
{
	if (cli->command->place == PLACE_HOLDER)
		return true;
	if (cli->common.core) /* it has no VMs with names */
		return false;
	return cli->command->place == PLACE_TARGET && cli->nargs && held_is_name(cli->args[0]);
}

int client_clean(const struct runtime *runtime, const char *name, int lock, char *words,
		 size_t size)
{
	struct held_info info;
	bool was_ready = runtime_read(lock, &info);
	int ret = runtime_remove(runtime, name);
	const char *how = ret ? "cannot be removed: " : "is removed";
	const char *why = ret ? strerror(-ret) : "";

	if (was_ready)
		snprintf(words, size,
			 "the holder of '%s', process %d, was killed; the kernel has released its "
			 "VM and memory, and what it left in %s %s%s",
			 name, (int)info.pid, runtime->path, how, why);
	else
		snprintf(
			words, size,
			"the process that created '%s' was killed before it was ready; what it left in %s "
			"%s%s",
			name, runtime->path, how, why);
	return ret;
}

static enum status say_dead(struct cli *cli, const struct runtime *runtime, const char *name,
			    int lock)
{
	char words[PATH_MAX + 256];

	client_clean(runtime, name, lock, words, sizeof(words));
	return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST), "%s", words);
}

enum status client_not_held(struct cli *cli, const char *name)
{
	return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_HELD),
			   "no VM is held under the name '%s'; 'gmemctl create %s' makes one, "
			   "'gmemctl status' lists them",
			   name, name);
}

/* There is no file of the VM: its holder may have lost its files. */
static enum status say_none(struct cli *cli, const struct runtime *runtime, const char *name,
			    struct held_info *lost)
{
	struct held_info info;

	if (!lost_find(runtime, name, &info))
		return client_not_held(cli, name);
	if (cli->command->ends_holder) {
		*lost = info;
		return STATUS_YES;
	}
	return cli_fail_as(
		cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
		"the files of '%s' in %s were deleted; its holder, process %d, makes them anew "
		"as soon as it can, and 'gmemctl destroy %s' ends it",
		name, runtime->path, (int)info.pid, name);
}

/* Goes through its process, because there is no socket. */
static enum status end_lost(struct cli *cli, const struct runtime *runtime,
			    const struct held_info *lost)
{
	int ret = lost_end(runtime, lost);

	if (ret)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
				   "the holder of '%s', process %d, was told to end: %s",
				   lost->name, (int)lost->pid, strerror(-ret));
	cli_note(cli,
		 "the files of '%s' were deleted; its holder, process %d, was ended by a signal",
		 lost->name, (int)lost->pid);
	return STATUS_YES;
}

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* One attempt; *again is set if the holder is just starting or just ending. */
static enum status try_connect(struct cli *cli, const struct runtime *runtime, const char *name,
			       int *connection, bool *again, struct held_info *lost)
{
	enum status status = STATUS_FAILED;
	int lock;

	*again = false;
	switch (runtime_lock(runtime, name, false, &lock)) {
	case RUNTIME_NONE:
		return say_none(cli, runtime, name, lost);
	case RUNTIME_ERROR:
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "%s/%s.vm: %s",
				   runtime->path, name, strerror(errno));
	case RUNTIME_OURS:
		status = say_dead(cli, runtime, name, lock);
		close(lock);
		return status;
	case RUNTIME_HELD:
		close(lock);
		break;
	}
	*connection = runtime_connect(runtime, name);
	if (*connection >= 0)
		return STATUS_YES;
	*again = *connection == -ENOENT || *connection == -ECONNREFUSED;
	if (*again)
		return STATUS_FAILED;
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(*connection),
			   "connecting to the holder of '%s': %s", name, strerror(-*connection));
}

static enum status connect_holder(struct cli *cli, const struct runtime *runtime, const char *name,
				  int *connection, struct held_info *lost)
{
	enum status status = STATUS_FAILED;
	bool again = true;

	for (int waited = 0; again && waited < PATIENCE_MS && !interrupted(); waited += STEP_MS) {
		status = try_connect(cli, runtime, name, connection, &again, lost);
		if (again)
			pause_ms(STEP_MS);
	}
	if (!again)
		return status;
	return cli_fail_as(
		cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
		"the holder of '%s' does not answer yet: it is being created, or it ends", name);
}

ssize_t client_wait(int connection, struct reply *reply, int fds[], size_t *n)
{
	unsigned int seen = 0;
	int seconds = -1;

	for (;;) {
		bool told = seen;
		int ret = interrupt_poll(connection, seconds, &seen);

		if (ret > 0)
			return passing_receive(connection, reply, sizeof(*reply), fds, n);
		if (ret == 0)
			return -ETIMEDOUT;
		if (ret != -EINTR || told)
			return ret;
		if (seen) {
			shutdown(connection, SHUT_WR);
			seconds = CLIENT_PATIENCE;
		}
	}
}

/* Opens the file that the command reads, if any, into fds. A pipe is not waited for. */
static enum status open_file(struct cli *cli, int fds[REQUEST_FDS_MAX], size_t *n)
{
	const struct command *command = cli->command;
	const char *path = command->reads_file ? command->reads_file(cli->settings) : NULL;

	if (!path)
		return STATUS_YES;
	fds[REQUEST_FILE] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fds[REQUEST_FILE] < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno),
				   "the file that it reads, %s: %s", path, strerror(errno));
	*n = REQUEST_FILE + 1;
	return STATUS_YES;
}

static enum status send_request(struct cli *cli, int connection)
{
	int fds[REQUEST_FDS_MAX] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	size_t n = REQUEST_FDS;
	enum status status = open_file(cli, fds, &n);
	char *packet = malloc(REQUEST_MAX);
	size_t length = packet ? request_write(GMEM_VERSION, cli->argc, cli->argv, packet) : 0;
	int ret = -E2BIG;

	if (status) {
		free(packet);
		return status;
	}
	fds[REQUEST_FOLDER] = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fds[REQUEST_FOLDER] < 0)
		fds[REQUEST_FOLDER] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (length)
		ret = passing_send(connection, packet, length, fds, n);
	free(packet);
	passing_close(fds + REQUEST_FOLDER, n - REQUEST_FOLDER);
	if (!ret)
		return STATUS_YES;
	if (ret == -E2BIG)
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_USAGE),
				   "the command line is too long for a holder: it takes %u bytes",
				   REQUEST_MAX);
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret), "sending to the holder: %s",
			   strerror(-ret));
}

/* When this returns, a holder that was asked to end has ended, so that nothing is left behind. */
static void wait_for_end(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	poll(&end, 1, PATIENCE_MS);
	close(pidfd);
}

static enum status no_reply(struct cli *cli, const struct runtime *runtime, const char *name,
			    pid_t pid)
{
	int lock;

	/* Its lock is released a moment after its connections. */
	for (int waited = 0; waited < PATIENCE_MS / 10; waited += STEP_MS) {
		enum runtime_lock state = runtime_lock(runtime, name, false, &lock);

		if (state == RUNTIME_OURS) {
			enum status status = say_dead(cli, runtime, name, lock);

			close(lock);
			return status;
		}
		if (state != RUNTIME_HELD)
			break;
		close(lock);
		pause_ms(STEP_MS);
	}
	return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
			   "the holder of '%s', process %d, ended before it answered", name,
			   (int)pid);
}

static enum status no_answer(struct cli *cli, const char *name, pid_t pid)
{
	return cli_fail_as(
		cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
		"interrupted, and the holder of '%s', process %d, did not answer: it is "
		"stopped (kill -s CONT %d lets it go on) or busy in the kernel; whether the "
		"command was carried out is not known",
		name, (int)pid, (int)pid);
}

static enum status take_reply(struct cli *cli, const struct reply *reply, const int *fds, size_t n,
			      pid_t pid)
{
	if (reply->kind == REPLY_REFUSED)
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
				   "the holder of '%s', process %d, is gmemctl %s, this is %s; use "
				   "that one, or end the holder with: kill %d",
				   cli->args[0], (int)pid, reply->version, GMEM_VERSION, (int)pid);
	if (reply->kind == REPLY_FULL)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-EMFILE),
				   "the holder of '%s', process %d, has no room for another "
				   "descriptor: end other commands on this VM, or raise its limit "
				   "with: prlimit --pid %d --nofile=NUMBER",
				   cli->args[0], (int)pid, (int)pid);
	cli->answered = true;
	if (reply->kind == REPLY_EXEC)
		return exec_in_place(cli, fds, n);
	return (enum status)reply->status;
}

/* The holder says when it is ready. Before that, this process sends nothing to it. */
static enum status wait_for_turn(struct cli *cli, const struct runtime *runtime, int connection,
				 pid_t pid)
{
	const char *name = cli->args[0];
	unsigned int seen = 0;
	struct reply reply;
	int fds[PASSING_FDS_MAX], ret;
	ssize_t got;
	size_t n = 0;

	do
		ret = interrupt_poll(connection, -1, &seen);
	while (ret == -EINTR && !seen);
	if (ret == -EINTR)
		return cli_fail_as(
			cli, STATUS_FAILED, cause_of(FAILURE_INTERRUPTED),
			"interrupted before the holder of '%s', process %d, took the command, so that "
			"nothing was done: it is stopped (kill -s CONT %d lets it go on) or busy",
			name, (int)pid, (int)pid);
	got = passing_receive(connection, &reply, sizeof(reply), fds, &n);
	passing_close(fds, n);
	if (got <= 0 || !reply_is_valid(&reply, (size_t)got))
		return no_reply(cli, runtime, name, pid);
	return reply.kind == REPLY_READY ? STATUS_YES : take_reply(cli, &reply, fds, 0, pid);
}

static enum status ask(struct cli *cli, const struct runtime *runtime, int connection)
{
	int fds[PASSING_FDS_MAX], pidfd = -1;
	enum status status;
	struct reply reply;
	ssize_t got;
	size_t n = 0;
	pid_t pid;

	if (passing_peer(connection, &pid))
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_PERMITTED),
				   "the socket of '%s' belongs to another user's process %d",
				   cli->args[0], (int)pid);
	if (cli->command->ends_holder)
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	status = wait_for_turn(cli, runtime, connection, pid);
	if (!status)
		status = send_request(cli, connection);
	if (status)
		goto out;
	got = client_wait(connection, &reply, fds, &n);
	if (got > 0 && reply_is_valid(&reply, (size_t)got))
		status = take_reply(cli, &reply, fds, n, pid);
	else if (got == -ETIMEDOUT || got == -EINTR)
		status = no_answer(cli, cli->args[0], pid);
	else
		status = no_reply(cli, runtime, cli->args[0], pid);
	passing_close(fds, n);
	if (!status && pidfd >= 0) {
		wait_for_end(pidfd);
		pidfd = -1;
	}
out:
	if (pidfd >= 0)
		close(pidfd);
	return status;
}

/* Whether nothing is held under the name. Removes what a killed holder left, and reports it. */
static bool is_none(struct cli *cli, const struct runtime *runtime, const char *name)
{
	char words[PATH_MAX + 256];
	struct held_info lost;
	int lock;

	switch (runtime_lock(runtime, name, false, &lock)) {
	case RUNTIME_NONE:
		return !lost_find(runtime, name, &lost);
	case RUNTIME_OURS:
		client_clean(runtime, name, lock, words, sizeof(words));
		cli_note(cli, "%s", words);
		close(lock);
		return true;
	case RUNTIME_HELD:
		close(lock);
		break;
	case RUNTIME_ERROR:
		break;
	}
	return false;
}

enum status client_forward(struct cli *cli, struct client_answer *answer)
{
	bool takes_none = cli->command->takes_none && cli->command->takes_none(cli->settings);
	struct runtime runtime = { .fd = -1 };
	enum status status = held_check_name(cli, cli->args[0]);
	int connection = -1;

	interrupt_catch();
	if (!status)
		status = runtime_open(cli, false, &runtime);
	answer->none = !status && takes_none && is_none(cli, &runtime, cli->args[0]);
	if (!status && !answer->none)
		status = connect_holder(cli, &runtime, cli->args[0], &connection, &answer->lost);
	if (!status && answer->lost.pid) {
		status = end_lost(cli, &runtime, &answer->lost);
	} else if (!status && !answer->none) {
		status = ask(cli, &runtime, connection);
		close(connection);
	}
	runtime_close(&runtime);
	return status;
}
