// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/target.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/size.h"
#include "held/session.h"
#include "inspect/dumped.h"

/* What TARGET says behind the PID. */
enum part { PART_ALL, PART_MAPPED, PART_FD, PART_INODE };

#define INODE "ino:"

struct wanted {
	uint64_t inode; /* of PART_INODE */
	pid_t pid;
	enum part part;
	int fd;
};

struct found {
	int *fds;
	size_t n_fds;
	struct gmem_mapped *mapped;
	size_t n_mapped;
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

/* "ino:1371", in a dump */
static enum status parse_inode(struct cli *cli, const char *text, uint64_t *inode)
{
	const char *end, *why = NULL;

	if (!cli->common.core)
		return cli_usage(cli, "'%s': an inode number names a guest_memfd with --core only",
				 text);
	if (!number_parse(text + strlen(INODE), inode, &end, &why))
		return cli_usage(cli, "'%s': the inode number: %s", text, why);
	if (*end)
		return cli_usage(cli, "'%s': something follows the number", text);
	return STATUS_YES;
}

static enum status parse(struct cli *cli, const char *text, struct wanted *wanted)
{
	const char *end, *why = NULL;
	uint64_t number;

	if (!strncmp(text, INODE, strlen(INODE))) {
		wanted->part = PART_INODE;
		return parse_inode(cli, text, &wanted->inode);
	}
	if (cli->common.core && (isalpha((unsigned char)*text) || *text == '_'))
		return cli_usage(cli,
				 "'%s': a dump has no VMs with names: give PID, PID:FD or "
				 "ino:NUMBER",
				 text);
	if (isalpha((unsigned char)*text) || *text == '_')
		return held_check_name(cli, text);
	if (!parse_int(text, &number, &end, &why))
		return cli_usage(cli, "'%s': the PID: %s", text, why);
	if (number == 0 || (*end && *end != ':'))
		return cli_usage(cli, "'%s': the PID: it is not a process number", text);
	*wanted = (struct wanted){ .pid = (pid_t)number, .part = PART_ALL };
	if (!*end)
		return STATUS_YES;
	wanted->part = PART_MAPPED;
	if (!strcmp(end + 1, "mmap"))
		return STATUS_YES;
	if (!parse_int(end + 1, &number, &end, &why))
		return cli_usage(cli, "'%s': the FD: %s", text, why);
	if (*end)
		return cli_usage(cli, "'%s': the FD: something follows the number", text);
	wanted->part = PART_FD;
	wanted->fd = (int)number;
	return STATUS_YES;
}

/* A guest_memfd on its way to fn: what opening it gave, and where it was to be found. */
struct visit {
	struct cli *cli;
	pid_t pid;	/* for a look from another process */
	pid_t open_pid; /* the same, or 0: one of this process is opened as its own */
	target_fn fn;
	void *arg;
	bool any; /* was opened */
	bool all;
	enum status status; /* the worst so far */
};

static void visit(struct visit *visit, int fd, struct gmem_target *target, int error)
{
	enum status status;
	char what[64];

	if (error) {
		snprintf(what, sizeof(what), "%d:%d", (int)visit->pid, fd);
		if (fd == TARGET_MAPPED)
			snprintf(what, sizeof(what), "%d:mmap", (int)visit->pid);
		status = cli_fail_error(visit->cli, error, what);
		visit->all = false;
	} else {
		status = visit->fn(visit->cli, visit->pid, fd, target, visit->arg);
		gmem_target_free(target);
		visit->any = true;
	}
	visit->status = status_worst(visit->status, status);
}

static void visit_fd(struct visit *v, int fd)
{
	struct gmem_target *target = NULL;
	int ret = gmem_target_open(v->cli->ctx, v->open_pid, fd, &target);

	visit(v, fd, target, ret);
}

/*
 * The memory of a VM that this process holds. For a VM of a holder the command runs in that holder.
 */
static enum status visit_held(struct visit *v, const char *name)
{
	const struct held *held = v->cli->session ? session_find(v->cli->session, name) : NULL;

	if (!held)
		return cli_fail_as(v->cli, STATUS_FAILED, cause_of(FAILURE_NOT_HELD),
				   "no VM has the name '%s' here", name);
	v->pid = getpid();
	visit_fd(v, gmem_memory_fd(held->memory));
	return v->status;
}

static void visit_mapped(struct visit *v, const struct gmem_mapped *mapped)
{
	struct gmem_target *target = NULL;
	int ret = gmem_target_open_mapped(v->cli->ctx, v->pid, mapped, &target);

	visit(v, TARGET_MAPPED, target, ret);
}

static int append_fd(int fd, void *arg)
{
	struct found *found = arg;
	int *grown = reallocarray(found->fds, found->n_fds + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	found->fds = grown;
	found->fds[found->n_fds++] = fd;
	return 0;
}

static int append_mapped(const struct gmem_mapped *mapped, void *arg)
{
	struct found *found = arg;
	struct gmem_mapped *grown =
		reallocarray(found->mapped, found->n_mapped + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	found->mapped = grown;
	grown = &grown[found->n_mapped++];
	*grown = *mapped;
	grown->size = sizeof(*grown);
	return 0;
}

static enum status find(struct cli *cli, const struct wanted *wanted, struct found *found)
{
	int ret = 0;

	if (wanted->part == PART_ALL)
		ret = gmem_target_list(cli->ctx, wanted->pid, append_fd, found);
	if (!ret)
		ret = gmem_target_list_mapped(cli->ctx, wanted->pid, append_mapped, found);
	if (ret)
		return cli_fail_error(cli, ret, NULL); /* it names the process */
	if (found->n_fds || found->n_mapped)
		return STATUS_YES;
	if (wanted->part == PART_MAPPED)
		return cli_fail_as(
			cli, STATUS_FAILED, cause_of(FAILURE_NOT_FOUND),
			"process %d has no guest_memfd mapped that it has no descriptor of",
			(int)wanted->pid);
	return cli_fail_as(
		cli, STATUS_FAILED, cause_of(FAILURE_NOT_FOUND),
		"process %d has no guest_memfd open or mapped; gmemctl list tells which have",
		(int)wanted->pid);
}

static enum status each_in_dump(struct cli *cli, const struct wanted *wanted, target_fn fn,
				void *arg)
{
	static const int fds[] = { [PART_ALL] = DUMPED_ANY, [PART_MAPPED] = TARGET_MAPPED };
	const struct dumped dumped = {
		.by_inode = wanted->part == PART_INODE,
		.inode = wanted->inode,
		.pid = wanted->pid,
		.fd = wanted->part < PART_FD ? fds[wanted->part] : wanted->fd,
	};

	return dumped_each(cli, &dumped, fn, arg);
}

enum status target_each(struct cli *cli, const char *text, target_fn fn, void *arg)
{
	struct visit v = { .cli = cli, .fn = fn, .arg = arg, .all = true };
	struct found found = { .n_fds = 0 };
	struct wanted wanted = { .pid = 0 };
	enum status status = parse(cli, text, &wanted);

	if (status)
		return status;
	if (cli->common.core)
		return each_in_dump(cli, &wanted, fn, arg);
	if (held_is_name(text))
		return visit_held(&v, text);
	v.pid = v.open_pid = wanted.pid;
	if (wanted.part == PART_FD)
		visit_fd(&v, wanted.fd);
	else
		status = find(cli, &wanted, &found);
	for (size_t i = 0; !status && i < found.n_fds; i++)
		visit_fd(&v, found.fds[i]);
	for (size_t i = 0; !status && i < found.n_mapped; i++)
		visit_mapped(&v, &found.mapped[i]);
	free(found.fds);
	free(found.mapped);
	if (status)
		return status;
	return v.any && !v.all ? STATUS_PARTLY : v.status;
}

static void tell_progress(uint64_t offset, uint64_t memory_size, void *arg)
{
	struct progress *progress = arg;

	(void)memory_size;
	if (offset > progress->start)
		progress_at(progress, progress->before + offset - progress->start, NULL);
}

void target_show_progress(struct gmem_target *target, struct progress *progress)
{
	gmem_target_set_progress(target, tell_progress, progress);
}
