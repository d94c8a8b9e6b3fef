// SPDX-License-Identifier: GPL-2.0-or-later
/* How a holder begins: it takes its name, leaves its caller and says when it is ready. */
#include "holder/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "holder/client.h"
#include "holder/internal.h"
#include "holder/lost.h"
#include "holder/passing.h"

void holder_free(struct holder *holder)
{
	if (holder->listener >= 0)
		close(holder->listener);
	if (holder->lock >= 0)
		close(holder->lock);
	if (holder->parent >= 0)
		close(holder->parent);
	if (holder->spare >= 0)
		close(holder->spare);
	for (size_t i = 0; i < holder->n_users; i++)
		close(holder->users[i]);
	runtime_close(&holder->runtime);
	free(holder);
}

static struct holder *new_holder(struct cli *cli)
{
	struct holder *holder = calloc(1, sizeof(*holder));

	if (!holder) {
		cli_no_memory(cli);
		return NULL;
	}
	holder->runtime.fd = -1;
	holder->listener = -1;
	holder->lock = -1;
	holder->parent = -1;
	holder->farewell = -1;
	holder->spare = -1;
	snprintf(holder->name, sizeof(holder->name), "%s", cli->args[0]);
	return holder;
}

static enum status say_taken(struct cli *cli, int lock)
{
	struct held_info info;

	if (!runtime_read(lock, &info))
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NAME_TAKEN),
				   "'%s' is just being created", cli->args[0]);
	return cli_fail_as(
		cli, STATUS_FAILED, cause_of(FAILURE_NAME_TAKEN),
		"a VM is held under the name '%s' already, by process %d; 'gmemctl destroy "
		"%s' releases it",
		cli->args[0], (int)info.pid, cli->args[0]);
}

static enum status take_name(struct cli *cli, struct holder *holder);

/* What was left under the name is gone. */
static enum status take_name_again(struct cli *cli, struct holder *holder)
{
	close(holder->lock);
	holder->lock = -1;
	if (interrupted())
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_INTERRUPTED),
				   "interrupted");
	return take_name(cli, holder);
}

/* The lock decides who has the name: of two that create it at once, one gets it. */
static enum status take_name(struct cli *cli, struct holder *holder)
{
	char words[PATH_MAX + 256];
	enum status status;
	int ret;

	switch (runtime_lock(&holder->runtime, holder->name, true, &holder->lock)) {
	case RUNTIME_HELD:
		status = say_taken(cli, holder->lock);
		close(holder->lock);
		holder->lock = -1;
		return status;
	case RUNTIME_OURS:
		break;
	default:
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "%s/%s.vm: %s",
				   holder->runtime.path, holder->name, strerror(errno));
	}
	if (lseek(holder->lock, 0, SEEK_END) > 0) {
		ret = client_clean(&holder->runtime, holder->name, holder->lock, words,
				   sizeof(words));
		if (ret)
			return cli_fail(cli, STATUS_FAILED, "%s", words);
		cli_note(cli, "%s", words);
		return take_name_again(cli, holder);
	}
	holder->listener = runtime_listen(&holder->runtime, holder->name);
	if (holder->listener >= 0)
		return STATUS_YES;
	ret = runtime_remove(&holder->runtime, holder->name);
	/* The holder was killed between the two steps of making them. */
	if (holder->listener == -EADDRINUSE && !ret)
		return take_name_again(cli, holder);
	if (holder->listener == -EADDRINUSE)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
				   "%s/%s.sock is in the way and cannot be removed: %s",
				   holder->runtime.path, holder->name, strerror(-ret));
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(holder->listener),
			   "a socket in %s: %s", holder->runtime.path, strerror(-holder->listener));
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The holder closes the caller's other descriptors; otherwise it would keep them open. */
static void close_others(const struct holder *holder)
{
	int keep[] = { holder->runtime.fd, holder->lock, holder->listener, holder->parent };
	const size_t n = sizeof(keep) / sizeof(keep[0]);
	unsigned int from = STDERR_FILENO + 1;

	qsort(keep, n, sizeof(keep[0]), by_number);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned int)keep[i] > from)
			close_range(from, (unsigned int)keep[i] - 1, 0);
		from = (unsigned int)keep[i] + 1;
	}
	close_range(from, ~0u, 0);
}

/*
 * In the new process: the caller's terminal no longer controls it, but its end of the socket pair
 * does.
 */
static enum status become_holder(struct cli *cli, struct holder *holder)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		_exit(STATUS_FAILED);
	setsid();
	prctl(PR_SET_NAME, HOLDER_COMM); /* lost.c knows it by that */
	close_others(holder);
	interrupt_forget();
	runtime_own(holder->listener);
	session->holder = holder;
	session->peer = holder->parent;
	cli->session = session;
	return STATUS_YES;
}

/* The parent only waits; the holder prints all messages. */
static enum status wait_until_ready(struct cli *cli, int connection, pid_t child)
{
	int fds[PASSING_FDS_MAX];
	struct reply reply;
	size_t n = 0;
	ssize_t got = client_wait(connection, &reply, fds, &n);

	passing_close(fds, n);
	if (got > 0 && reply_is_valid(&reply, (size_t)got)) {
		cli->answered = true;
		if (reply.status && reply.status != STATUS_PARTLY)
			waitpid(child, NULL, 0); /* it ends, and has ended when this does */
		return (enum status)reply.status;
	}
	if (got == -ETIMEDOUT || got == -EINTR)
		return cli_fail_as(
			cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
			"interrupted, and the holder, process %d, did not answer: it is stopped "
			"or busy in the kernel, and ends when it goes on",
			(int)child);
	return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST),
			   "the holder, process %d, ended before it was ready", (int)child);
}

static enum status split(struct cli *cli, struct holder *holder)
{
	enum status status;
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "socketpair: %s",
				   strerror(errno));
	child = fork();
	if (child == 0) {
		close(pair[0]);
		holder->parent = pair[1];
		return become_holder(cli, holder);
	}
	close(pair[1]);
	if (child < 0) {
		status = cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "fork: %s",
				     strerror(errno));
		runtime_remove(&holder->runtime, holder->name);
	} else {
		status = wait_until_ready(cli, pair[0], child);
	}
	close(pair[0]);
	holder_free(holder);
	return status;
}

enum status holder_fork(struct cli *cli)
{
	enum status status = held_check_name(cli, cli->args[0]);
	struct holder *holder = status ? NULL : new_holder(cli);

	if (!holder)
		return status ? status : STATUS_FAILED;
	interrupt_catch();
	status = runtime_open(cli, true, &holder->runtime);
	if (!status)
		status = take_name(cli, holder);
	if (!status)
		return split(cli, holder);
	holder_free(holder);
	return status;
}

enum status holder_limit(struct cli *cli, const struct holder_limits *limits)
{
	struct holder *holder = cli->session->holder;

	if (!holder && (limits->ttl || limits->n_users))
		return cli_usage(cli, "--ttl and --user are for a VM that a holder keeps");
	if (!holder)
		return STATUS_YES;
	if (limits->ttl) {
		clock_gettime(CLOCK_MONOTONIC, &holder->deadline);
		holder->deadline.tv_sec += (time_t)limits->ttl;
		holder->expires = time(NULL) + (time_t)limits->ttl;
	}
	for (size_t i = 0; i < limits->n_users; i++) {
		int fd = (int)syscall(SYS_pidfd_open, limits->users[i], 0);

		if (fd < 0)
			return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno),
					   "--user=%d: %s", (int)limits->users[i],
					   errno == ESRCH ? "there is no such process"
							  : strerror(errno));
		holder->users[holder->n_users++] = fd;
	}
	return STATUS_YES;
}

static int write_info(const struct session *session, int lock, struct held *held,
		      const struct gmem_ctx *ctx)
{
	struct held_info info;

	held_describe(held, ctx, &info);
	info.expires = session->holder->expires;
	return runtime_write(lock, &info);
}

bool holder_tell(struct session *session, int lock)
{
	return !session->n || !write_info(session, lock, session->vms[0], session->ctx);
}

enum status holder_announce(struct cli *cli, struct held *held)
{
	const struct holder *holder = cli->session->holder;
	int ret = holder ? write_info(cli->session, holder->lock, held, cli->ctx) : 0;

	if (!ret)
		return STATUS_YES;
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret), "%s/%s.vm: %s",
			   holder->runtime.path, holder->name, strerror(-ret));
}

int holder_reply(int connection, enum status status, const int *fds, size_t n)
{
	struct reply reply = {
		.magic = REPLY_MAGIC,
		.kind = n ? REPLY_EXEC : REPLY_STATUS,
		.status = (int32_t)status,
		.version = GMEM_VERSION,
	};

	return passing_send(connection, &reply, sizeof(reply), fds, n);
}
