// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmemctl batch: commands from a file, in one process, which keeps the VMs that they create until it
 * ends: no holder is needed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "interrupt.h"
#include "run.h"
#include "session.h"
#include "words.h"

#define WORDS_MAX 256 /* of a line */

struct settings {
	bool keep_going;
};

static const struct cli_option options[] = {
	{ "keep-going", 'k', NULL, false, set_flag, offsetof(struct settings, keep_going),
	  "Go on after a command that fails; the status is that of the gravest" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

enum { COLUMN_LINE, COLUMN_COMMAND, COLUMN_STATUS, COLUMN_MESSAGE };

/* In JSON the commands' own answers have no place: the document is the batch's. */
static const struct column columns[] = {
	[COLUMN_LINE] = { "line", KIND_NUMBER, .shown = true, .help = "where in the file" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .shown = true, .help = "the command" },
	[COLUMN_STATUS] = { "status", KIND_NUMBER, .shown = true, .help = "its exit status" },
	[COLUMN_MESSAGE] = { "message", KIND_TEXT, .shown = true, .wrap = true,
			     .help = "why it failed" },
};

static const struct table table = TABLE("commands", columns);

struct batch {
	struct cli *cli;
	struct session session;
	const char *name; /* of the file, for messages */
	FILE *file;
	FILE *nowhere; /* in JSON, /dev/null */
	size_t line;
	size_t done;
	enum status gravest; /* of the lines so far */
	bool json;
};

/* What a command that failed without a message of its own came to. */
static const char *words_of(enum status status)
{
	static const char *const words[] = {
		[STATUS_NO] = "the answer is no",
		[STATUS_CANNOT_TELL] = "it cannot be told",
		[STATUS_PARTLY] = "it was done in part",
	};

	if ((size_t)status < sizeof(words) / sizeof(words[0]) && words[status])
		return words[status];
	return "its status is not 0";
}

/* The document names the gravest failure, of several such the first, which cli_fail() keeps. */
static void note_status(struct batch *batch, enum status status)
{
	if (status_worst(batch->gravest, status) == batch->gravest)
		return;
	batch->gravest = status;
	batch->cli->failed = false;
}

static enum status fail_line(struct batch *batch, enum status status, const char *why)
{
	note_status(batch, status);
	return cli_fail(batch->cli, status, "%s:%zu: %s", batch->name, batch->line, why);
}

static void write_row(struct batch *batch, const char *command, enum status status,
		      const char *message)
{
	struct cell cells[] = {
		[COLUMN_LINE] = cell_number(batch->line),
		[COLUMN_COMMAND] = cell_text(command),
		[COLUMN_STATUS] = cell_number((uint64_t)status),
		[COLUMN_MESSAGE] = cell_text(message),
	};

	if (batch->json)
		output_row(batch->cli->out, cells);
}

/* Where the batch writes a document, what else a line prints has no place in it. */
static enum status run_quietly(struct batch *batch, struct cli *cli, int n, char **words)
{
	FILE *own = stdout;
	enum status status;

	if (batch->nowhere)
		stdout = batch->nowhere;
	status = cli_run(cli, n, words);
	stdout = own;
	return status;
}

/* A batch in a batch has no VMs of its own to keep, and no end. */
static enum status run_words(struct batch *batch, int n, char **words)
{
	const struct source_line where = { .file = batch->name, .line = batch->line };
	struct cli cli = { .session = &batch->session, .where = &where };
	const char *message = NULL;
	enum status status;

	cli.common.quiet = batch->json || batch->cli->common.quiet;
	cli.common.verbose = batch->cli->common.verbose;
	cli.common.reader = batch->cli->common.reader;
	if (!batch->json)
		cli.common.format = batch->cli->common.format;
	status = run_quietly(batch, &cli, n, words);
	if (status)
		message = cli.failed ? cli.error : words_of(status);
	write_row(batch, n > 1 ? words[1] : "", status, message);
	batch->done++;
	note_status(batch, status);
	if (status && !batch->cli->failed) {
		batch->cli->failed = true;
		snprintf(batch->cli->error, sizeof(batch->cli->error), "%.400s:%zu: %.700s",
			 where.file, where.line, message);
	}
	return status;
}

static enum status run_line(struct batch *batch, char *line)
{
	static char name[] = "gmemctl";
	char *words[WORDS_MAX + 1];
	const char *why = NULL;
	int n;

	if (!words_split(line, words + 1, WORDS_MAX, &n, &why))
		return fail_line(batch, STATUS_USAGE, why);
	if (!n)
		return STATUS_YES;
	words[0] = name;
	return run_words(batch, n + 1, words);
}

static enum status run_lines(struct batch *batch)
{
	const struct settings *settings = batch->cli->settings;
	enum status status = STATUS_YES;
	size_t room = 0;
	char *line = NULL;
	ssize_t length;

	while (!interrupted() && (settings->keep_going || !status) &&
	       (length = getline(&line, &room, batch->file)) >= 0) {
		batch->line++;
		if (strlen(line) != (size_t)length)
			status = status_worst(
				status, fail_line(batch, STATUS_USAGE, "it has a NUL character"));
		else
			status = status_worst(status, run_line(batch, line));
	}
	free(line);
	if (interrupted())
		return fail_line(batch, STATUS_PARTLY,
				 "interrupted; all VMs of the batch were released");
	if (ferror(batch->file))
		return cli_fail(batch->cli, STATUS_FAILED, "reading %s: %s", batch->name,
				strerror(errno));
	return status;
}

static enum status open_file(struct batch *batch)
{
	const char *path = batch->cli->nargs ? batch->cli->args[0] : "-";

	if (batch->cli->session)
		return cli_usage(batch->cli, "a batch cannot run another");
	if (!strcmp(path, "-")) {
		batch->name = "standard input";
		batch->file = stdin;
		return STATUS_YES;
	}
	batch->name = path;
	batch->file = fopen(path, "re");
	return batch->file ? STATUS_YES
			   : cli_fail(batch->cli, STATUS_FAILED, "%s: %s", path, strerror(errno));
}

static enum status run_document(struct batch *batch)
{
	enum status status;

	batch->nowhere = fopen("/dev/null", "we");
	if (!batch->nowhere)
		return cli_fail(batch->cli, STATUS_FAILED, "/dev/null: %s", strerror(errno));
	output_table(batch->cli->out, &table);
	status = run_lines(batch);
	output_table_end(batch->cli->out);
	fclose(batch->nowhere);
	return status;
}

static enum status run(struct cli *cli)
{
	struct batch batch = {
		.cli = cli,
		.session = { .ctx = cli->ctx, .peer = -1 },
		.json = cli->common.format.style == STYLE_JSON,
	};
	const struct format *format = &cli->common.format;
	enum status status;

	if (!batch.json && (format->columns || format->all_columns))
		return cli_usage(cli,
				 "--output: a batch has a table with --json only; give it to the "
				 "command on its line");
	status = open_file(&batch);
	if (status)
		return status;
	interrupt_catch();
	status = batch.json ? run_document(&batch) : run_lines(&batch);
	/* The kernel is the batch's own, and goes with it. */
	while (batch.session.n)
		session_drop(&batch.session, batch.session.vms[batch.session.n - 1]);
	if (batch.file != stdin)
		fclose(batch.file);
	return status;
}

const struct command batch_command = {
	.name = "batch",
	.summary = "run commands from a file, a line each, on VMs that last as long as it does",
	.args = "[FILE]",
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.run = run,
};
