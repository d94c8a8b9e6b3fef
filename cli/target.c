// SPDX-License-Identifier: GPL-2.0-or-later
#include "target.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "size.h"

#define ALL_FDS (-1)

struct fd_list {
	int *fds;
	size_t n;
};

/* A number of a PID or descriptor: decimal or hexadecimal, at most INT_MAX. */
static bool parse_int(const char *text, uint64_t *number, const char **end, const char **why)
{
	if (!number_parse(text, number, end, why))
		return false;
	if (*number <= INT_MAX)
		return true;
	*why = "it is too large";
	return false;
}

static enum status parse(struct cli *cli, const char *text, pid_t *pid, int *fd)
{
	const char *end, *why = NULL;
	uint64_t number;

	if (isalpha((unsigned char)*text) || *text == '_')
		return held_check_name(cli, text);
	if (!parse_int(text, &number, &end, &why))
		return cli_usage(cli, "'%s': the PID: %s", text, why);
	if (number == 0 || (*end && *end != ':'))
		return cli_usage(cli, "'%s': the PID: it is no process number", text);
	*pid = (pid_t)number;
	if (!*end)
		return STATUS_YES;
	if (!parse_int(end + 1, &number, &end, &why))
		return cli_usage(cli, "'%s': the FD: %s", text, why);
	if (*end)
		return cli_usage(cli, "'%s': the FD: something follows the number", text);
	*fd = (int)number;
	return STATUS_YES;
}

/* One of this process is opened as its own, with pid for who looks from outside. */
static enum status visit_as(struct cli *cli, pid_t open_pid, pid_t pid, int fd, target_fn fn,
			    void *arg, bool *opened)
{
	struct gmem_target *target;
	char what[64];
	enum status status;
	int ret = gmem_target_open(cli->ctx, open_pid, fd, &target);

	if (ret) {
		snprintf(what, sizeof(what), "%d:%d", (int)pid, fd);
		return cli_fail_error(cli, ret, what);
	}
	*opened = true;
	status = fn(cli, pid, fd, target, arg);
	gmem_target_free(target);
	return status;
}

static enum status visit(struct cli *cli, pid_t pid, int fd, target_fn fn, void *arg, bool *opened)
{
	return visit_as(cli, pid, pid, fd, fn, arg, opened);
}

/* The memory of a VM that this process holds: one that another holds was looked at there. */
static enum status visit_held(struct cli *cli, const char *name, target_fn fn, void *arg)
{
	const struct held *held = cli->session ? session_find(cli->session, name) : NULL;
	bool opened;

	if (!held)
		return cli_fail(cli, STATUS_FAILED, "no VM has the name '%s' here", name);
	return visit_as(cli, 0, getpid(), gmem_memory_fd(held->memory), fn, arg, &opened);
}

static int append(int fd, void *arg)
{
	struct fd_list *list = arg;
	int *grown = reallocarray(list->fds, list->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->fds = grown;
	list->fds[list->n++] = fd;
	return 0;
}

static enum status visit_all(struct cli *cli, pid_t pid, target_fn fn, void *arg)
{
	struct fd_list list = { .n = 0 };
	enum status status = STATUS_YES;
	bool any = false, all = true;
	char what[32];
	int ret = gmem_target_list(cli->ctx, pid, append, &list);

	if (ret < 0) {
		snprintf(what, sizeof(what), "process %d", (int)pid);
		status = cli_fail_error(cli, ret, what);
		goto out;
	}
	if (!list.n) {
		status = cli_fail(cli, STATUS_NO, "process %d has no guest_memfd open", (int)pid);
		goto out;
	}
	for (size_t i = 0; i < list.n; i++) {
		bool opened = false;

		status = status_worst(status, visit(cli, pid, list.fds[i], fn, arg, &opened));
		any = any || opened;
		all = all && opened;
	}
	if (any && !all)
		status = STATUS_PARTLY;
out:
	free(list.fds);
	return status;
}

enum status target_each(struct cli *cli, const char *text, target_fn fn, void *arg)
{
	bool opened;
	pid_t pid = 0;
	int fd = ALL_FDS;
	enum status status = parse(cli, text, &pid, &fd);

	if (status)
		return status;
	if (held_is_name(text))
		return visit_held(cli, text, fn, arg);
	if (fd == ALL_FDS)
		return visit_all(cli, pid, fn, arg);
	return visit(cli, pid, fd, fn, arg, &opened);
}
