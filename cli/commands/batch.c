// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmemctl batch: commands from a file, in one process, which keeps the VMs that they create until it
 * ends: no holder is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/batch.h"
#include "core/command.h"
#include "core/interrupt.h"

struct settings {
	bool keep_going;
};

static const struct cli_option options[] = {
	{ "keep-going", 'k', NULL, false, set_flag, offsetof(struct settings, keep_going),
	  "Go on after a command that fails; the status is that of the gravest" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static enum status run_lines(struct batch *batch)
{
	const struct settings *settings = batch->cli->settings;
	size_t room = 0;
	char *line = NULL;
	ssize_t length;

	while (!interrupted() && (settings->keep_going || !batch->worst) &&
	       (length = getline(&line, &room, batch->file)) >= 0) {
		batch->line++;
		batch_line_run(batch, line, (size_t)length);
	}
	free(line);
	/* These two are the batch's status, whatever its lines came to. */
	if (interrupted() || ferror(batch->file))
		batch->cli->failed = false;
	if (interrupted())
		return cli_fail_as(batch->cli, STATUS_PARTLY, cause_of(FAILURE_INTERRUPTED),
				   "%s:%zu: interrupted; all VMs of the batch were released",
				   batch->name, batch->line);
	if (ferror(batch->file))
		return cli_fail_as(batch->cli, STATUS_FAILED, cause_of_error(-errno),
				   "reading %s: %s", batch->name, strerror(errno));
	return batch->worst;
}

/* Takes standard input away from the commands: what exec runs would read the lines to come. */
static FILE *take_stdin(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), null;
	FILE *file;

	if (fd < 0)
		return NULL;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	file = null >= 0 && dup2(null, STDIN_FILENO) >= 0 ? fdopen(fd, "r") : NULL;
	if (!file)
		close(fd);
	if (null >= 0)
		close(null);
	return file;
}

static enum status open_file(struct batch *batch)
{
	const char *path = batch->cli->nargs ? batch->cli->args[0] : "-";

	if (batch->cli->session)
		return cli_usage(batch->cli, "a batch cannot run another");
	if (!strcmp(path, "-")) {
		batch->name = path = "standard input";
		batch->file = take_stdin();
	} else {
		batch->name = path;
		batch->file = fopen(path, "re");
	}
	return batch->file ? STATUS_YES
			   : cli_fail_as(batch->cli, STATUS_FAILED, cause_of_error(-errno),
					 "%s: %s", path, strerror(errno));
}

static enum status run(struct cli *cli)
{
	struct batch batch = { .cli = cli, .session = { .ctx = cli->ctx, .peer = -1 } };
	bool document = cli->common.format.style == STYLE_JSON;
	enum status status;

	if (cli->common.format.columns && !document)
		return cli_usage(cli, "--output: without --json a batch prints only what its "
				      "commands do; give it to the command, on its line");
	status = open_file(&batch);
	if (status)
		return status;
	if (document)
		output_table(cli->out, &batch_table);
	status = run_lines(&batch);
	if (document)
		output_table_end(cli->out);
	/* The kernel is the batch's own, and goes with it. */
	while (batch.session.n)
		session_drop(&batch.session, batch.session.vms[batch.session.n - 1]);
	fclose(batch.file);
	return status;
}

const struct command batch_command = {
	.name = "batch",
	.ends_in_order = true,
	/* For all that its lines may be. */
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM | READS_FILES | WRITES_FILES |
		 REOPENS_READER,
	.summary = "run commands from a file, a line each, on VMs that last as long as it does",
	.args = "[FILE]",
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &batch_table,
	.run = run,
};
