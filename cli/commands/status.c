// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl status: which VMs are held, and how they are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/command.h"
#include "held/session.h"
#include "holder/client.h"
#include "holder/lost.h"
#include "output/bits.h"

enum {
	COLUMN_NAME,
	COLUMN_PID,
	COLUMN_FD,
	COLUMN_TYPE,
	COLUMN_STATE,
	COLUMN_SIZE,
	COLUMN_PRIVATE,
	COLUMN_FLAGS,
	COLUMN_GPA,
	COLUMN_SLOTS,
	COLUMN_MODEL,
	COLUMN_AGE,
	COLUMN_LEFT,
	COLUMN_SOCKET,
};

static const struct column columns[] = {
	[COLUMN_NAME] = { "name", KIND_TEXT, .shown = true,
			  .help = "name that the VM is held under" },
	[COLUMN_PID] = { "pid", KIND_NUMBER, .shown = true, .help = "process that keeps the VM" },
	[COLUMN_FD] = { "fd", KIND_NUMBER,
			.help = "descriptor of the guest_memfd in that process" },
	[COLUMN_TYPE] = { "vm_type", KIND_TEXT, .shown = true, .help = "type of the VM" },
	[COLUMN_STATE] = { "state", KIND_STATE, .shown = true,
			   .help = "how far the VM is: creating, launching, final (its launch is "
				   "finished) or ready (it has no launch)" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "size of the memory" },
	[COLUMN_PRIVATE] = { "private", KIND_BYTES, .shown = true,
			     .help = "how much of the memory is converted to private" },
	[COLUMN_FLAGS] = { "flags", KIND_LIST, .shown = true,
			   .help = "creation flags of the guest_memfd" },
	[COLUMN_GPA] = { "gpa", KIND_ADDRESS, .shown = true,
			 .help = "guest-physical address of the first memslot" },
	[COLUMN_SLOTS] = { "slots", KIND_NUMBER,
			   .help = "number of memslots that bind the memory" },
	[COLUMN_MODEL] = { "simulated", KIND_TEXT, .shown = true,
			   .help = "simulated kernel that the VM is on" },
	[COLUMN_AGE] = { "age", KIND_NUMBER, .help = "seconds since the VM was created" },
	[COLUMN_LEFT] = { "ttl", KIND_NUMBER, .help = "seconds until the VM is released" },
	[COLUMN_SOCKET] = { "socket", KIND_BOOL,
			    .help = "whether commands reach its holder; no if its files were "
				    "deleted and are not made again yet" },
};

static const struct table table = TABLE("vms", columns);

static uint64_t seconds(int64_t from, int64_t until)
{
	return until > from ? (uint64_t)(until - from) : 0;
}

static void write_row(struct cli *cli, const struct held_info *info, bool has_socket)
{
	int64_t now = time(NULL);
	char flags[BITS_TEXT_MAX];
	struct cell cells[] = {
		[COLUMN_NAME] = cell_text(info->name),
		[COLUMN_PID] = cell_number((uint64_t)info->pid),
		[COLUMN_FD] = cell_number((uint64_t)info->fd),
		[COLUMN_TYPE] = cell_text(info->type),
		[COLUMN_STATE] = cell_text(info->state),
		[COLUMN_SIZE] = cell_number(info->size),
		[COLUMN_PRIVATE] = cell_number(info->private_bytes),
		[COLUMN_FLAGS] =
			cell_text(bits_describe(info->flags, gmem_memory_flag_name, flags)),
		[COLUMN_GPA] = cell_number(info->gpa),
		[COLUMN_SLOTS] = cell_number(info->slots),
		[COLUMN_MODEL] = cell_text(*info->model ? info->model : NULL),
		[COLUMN_AGE] = cell_number(seconds(info->since, now)),
		[COLUMN_LEFT] = cell_number_if(info->expires, seconds(now, info->expires)),
		[COLUMN_SOCKET] = cell_number(has_socket),
	};

	output_row(cli->out, cells);
}

static void write_creating(struct cli *cli, const char *name)
{
	struct cell cells[] = {
		[COLUMN_NAME] = cell_text(name),
		[COLUMN_STATE] = cell_text("creating"),
		[COLUMN_SOCKET] = CELL_UNKNOWN,
	};

	output_row(cli->out, cells);
}

struct answer {
	struct cli *cli;
	const char *wanted; /* NULL: all */
	size_t found;
};

static enum status show_dead(struct cli *cli, const struct runtime *runtime, const char *name,
			     int lock)
{
	char words[PATH_MAX + 256];

	client_clean(runtime, name, lock, words, sizeof(words));
	return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_HOLDER_LOST), "%s", words);
}

/* The file beside the socket has this, so that a busy holder need not be asked. */
static enum status show(struct cli *cli, const struct runtime *runtime, const char *name, void *arg)
{
	struct answer *answer = arg;
	enum status status = STATUS_YES;
	struct held_info info;
	int lock;

	if (answer->wanted && strcmp(answer->wanted, name) != 0)
		return STATUS_YES;
	switch (runtime_lock(runtime, name, false, &lock)) {
	case RUNTIME_NONE:
		return STATUS_YES; /* it was just destroyed */
	case RUNTIME_ERROR:
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno), "%s/%s.vm: %s",
				   runtime->path, name, strerror(errno));
	case RUNTIME_OURS:
		status = show_dead(cli, runtime, name, lock);
		break;
	case RUNTIME_HELD:
		if (runtime_read(lock, &info))
			write_row(cli, &info, true);
		else
			write_creating(cli, name);
		break;
	}
	answer->found++;
	close(lock);
	/* A holder that was killed does not hide the others. */
	return answer->wanted ? status : STATUS_YES;
}

static enum status show_session(struct cli *cli, struct answer *answer)
{
	for (size_t i = 0; i < cli->session->n; i++) {
		struct held_info info;

		if (answer->wanted && strcmp(answer->wanted, cli->session->vms[i]->name) != 0)
			continue;
		held_describe(cli->session->vms[i], cli->ctx, &info);
		write_row(cli, &info, true);
		answer->found++;
	}
	return STATUS_YES;
}

static void show_lost(const struct held_info *info, void *arg)
{
	struct answer *answer = arg;

	if (answer->wanted && strcmp(answer->wanted, info->name) != 0)
		return;
	write_row(answer->cli, info, false);
	answer->found++;
	cli_note(
		answer->cli,
		"the files of '%s' were deleted; its holder, process %d, makes them anew as soon as "
		"it can, and 'gmemctl destroy %s' ends it",
		info->name, (int)info->pid, info->name);
}

static enum status show_runtime(struct cli *cli, struct answer *answer)
{
	struct runtime runtime;
	enum status status = runtime_open(cli, false, &runtime);
	pid_t denied;

	if (status)
		return status;
	status = runtime_each(cli, &runtime, show, answer);
	denied = lost_each(&runtime, show_lost, answer);
	runtime_close(&runtime);
	if (!status && denied && !(answer->wanted && answer->found))
		return cli_fail_as(cli, STATUS_PARTLY, cause_of(FAILURE_NOT_PERMITTED),
				   "process %d may be a holder that lost its files, and may "
				   "not be looked at: with CAP_SYS_PTRACE it may",
				   (int)denied);
	return status;
}

static enum status run(struct cli *cli)
{
	struct answer answer = { .cli = cli, .wanted = cli->nargs ? cli->args[0] : NULL };
	enum status status = answer.wanted ? held_check_name(cli, answer.wanted) : STATUS_YES;

	if (status)
		return status;
	if (!cli->session && cli->common.model)
		return cli_usage(cli, "--simulate: VMs of all kernels are listed; column SIMULATED "
				      "tells which one each is on");
	output_table(cli->out, &table);
	status = cli->session ? show_session(cli, &answer) : show_runtime(cli, &answer);
	output_table_end(cli->out);
	if (!status && answer.wanted && !answer.found)
		return client_not_held(cli, answer.wanted);
	return status ? status : cli->failed ? STATUS_PARTLY : STATUS_YES;
}

const struct command status_command = {
	.name = "status",
	/*
	 * To name the owner of the folder of holders, if it is another user; to find lost holders.
	 */
	.needs = READS_FILES | FINDS_HOLDERS,
	.summary = "the VMs that are held, the process that keeps each, and their state",
	.args = "[NAME]",
	.max_args = 1,
	.table = &table,
	.run = run,
};
