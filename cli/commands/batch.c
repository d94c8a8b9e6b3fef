// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmemctl batch: runs commands from a file, in one process. The process keeps the VMs that they
 * create until it ends, so that no holder is needed.
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
	  "Go on after a command that fails; the status is the worst of all, the worst first: 64, 2, 4, 1, 3" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

#define LINE_MAX_BYTES 65536 /* gmemctl-batch(8) tells it */

/*
 * Reads a line, with its end if it has one. Returns its length, 0 for none, -E2BIG where it is
 * longer.
 */
static ssize_t read_line(FILE *file, char line[LINE_MAX_BYTES + 1])
{
	size_t length = 0;
	int c = 0;

	while (c != '\n' && (c = getc(file)) != EOF) {
		if (length == LINE_MAX_BYTES)
			return -E2BIG;
		line[length++] = (char)c;
	}
	line[length] = '\0';
	/* A part that a failed read or a signal left is not a line. */
	return ferror(file) ? 0 : (ssize_t)length;
}

static enum status run_lines(struct batch *batch)
{
	const struct settings *settings = batch->cli->settings;
	char *line = malloc(LINE_MAX_BYTES + 1);
	ssize_t length = 0;

	if (!line)
		return cli_no_memory(batch->cli);
	while (!interrupted() && (settings->keep_going || !batch->worst) &&
	       (length = read_line(batch->file, line)) > 0) {
		batch->line++;
		batch_line_run(batch, line, (size_t)length);
	}
	free(line);
	/* These decide the batch's status, whatever the status of its lines. */
	if (interrupted() || ferror(batch->file) || length < 0)
		batch->cli->failed = false;
	if (interrupted())
		return cli_fail_as(batch->cli, STATUS_PARTLY, cause_of(FAILURE_INTERRUPTED),
				   "%s:%zu: interrupted; all VMs of the batch were released",
				   batch->name, batch->line);
	if (ferror(batch->file))
		return cli_fail_as(batch->cli, STATUS_FAILED, cause_of_error(-errno),
				   "reading %s: %s", batch->name, strerror(errno));
	if (length < 0)
		return cli_fail_as(batch->cli, STATUS_FAILED, cause_of_error((int)length),
				   "%s:%zu: the line is longer than %d bytes, and the batch ends "
				   "before it",
				   batch->name, batch->line + 1, LINE_MAX_BYTES);
	return batch->worst;
}

/*
 * Takes standard input away from the commands: a program that exec runs would read the following
 * lines.
 */
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
	/* A batch needs what any of its lines may need. */
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM | READS_FILES | WRITES_FILES |
		 REOPENS_READER | STARTS_PROGRAMS,
	.summary = "run commands from a file, a line each, on VMs that last as long as it does",
	.args = "[FILE]",
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &batch_table,
	.run = run,
};
