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
#include "options.h"
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

/* In JSON only: elsewhere the commands' own answers are all that is printed. */
static const struct column columns[] = {
	[COLUMN_LINE] = { "line", KIND_NUMBER,
			  .help = "where in the file (these columns are in --json only)" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .help = "the command" },
	[COLUMN_STATUS] = { "status", KIND_NUMBER, .help = "its exit status" },
	[COLUMN_MESSAGE] = { "message", KIND_TEXT, .wrap = true, .help = "why it failed" },
};

static const struct table table = TABLE("commands", columns);

struct batch {
	struct cli *cli;
	struct session session;
	const char *name; /* of the file, for messages */
	FILE *file;
	FILE *nowhere; /* in JSON, /dev/null */
	size_t line;
	enum status worst;
	bool json;
};

/* What exec ran has statuses of its own; those that gmemctl does not have are failures. */
static enum status gravity(enum status status)
{
	return status_worst(status, status) == status ? status : STATUS_FAILED;
}

/* Whether a failure is the one to tell of: the gravest, of several the first. */
static bool is_graver(struct batch *batch, enum status status)
{
	enum status worst = status_worst(batch->worst, gravity(status));
	bool graver = worst != batch->worst;

	batch->worst = worst;
	return graver;
}

#define WHY_MAX 64

/* Why a line failed, in its own words if it has said any; NULL where it did not fail. */
static const char *why_failed(const struct cli *cli, enum status status, char text[WHY_MAX])
{
	static const char *const words[] = {
		[STATUS_NO] = "the answer is no",
		[STATUS_FAILED] = "it could not be done",
		[STATUS_CANNOT_TELL] = "it cannot be told",
		[STATUS_PARTLY] = "partly done",
	};

	if (!status)
		return NULL;
	if (cli->failed)
		return cli->error;
	if (cli->command != &exec_command && status <= STATUS_PARTLY)
		return words[status];
	snprintf(text, WHY_MAX, "the command ended with status %d", (int)status);
	return text;
}

static void write_row(struct batch *batch, const char *command, enum status status, const char *why,
		      const char *document)
{
	struct cell cells[] = {
		[COLUMN_LINE] = cell_number(batch->line),
		[COLUMN_COMMAND] = cell_text(command),
		[COLUMN_STATUS] = cell_number((uint64_t)status),
		[COLUMN_MESSAGE] = cell_text(why),
	};

	if (batch->json)
		output_row_with(batch->cli->out, cells, "document", document);
}

/* What the options of the batch say holds for its lines too. */
static void take_options(const struct batch *batch, struct cli *cli)
{
	const struct common *common = &batch->cli->common;

	cli->common.quiet = batch->json || common->quiet;
	cli->common.verbose = common->verbose;
	cli->common.reader = common->reader;
	cli->common.format.color = common->format.color;
	cli->common.format.no_headings = common->format.no_headings;
	cli->common.format.bytes = common->format.bytes;
	/* In JSON all are there, unless the line names some. */
	cli->common.format.all_columns = !batch->json && common->format.all_columns;
}

/*
 * How a line's answer is written: as the batch's, unless the line chooses by itself, which cannot
 * be seen but by reading it. What exec runs and the text of metrics have formats of their own.
 */
static enum status choose_style(const struct batch *batch, struct cli *cli, int n, char **words,
				enum style *style)
{
	char *copy[WORDS_MAX + 2] = { NULL };
	enum status status;

	*style = batch->cli->common.format.style;
	if (*style == STYLE_TABLE)
		return STATUS_YES;
	memcpy(copy, words, (size_t)n * sizeof(*words));
	status = options_parse(cli, n, copy);
	free(cli->settings);
	cli->settings = NULL;
	cli->args = NULL;
	if (cli->common.format.style != STYLE_TABLE || cli->command == &exec_command ||
	    cli->command == &metrics_command)
		*style = cli->common.format.style;
	return status;
}

/* Help and lists of words are no documents. Frees the text unless it is returned. */
static char *keep_document(char *text)
{
	if (text && *text == '{')
		return text;
	free(text);
	return NULL;
}

/* Where the batch writes a document, those of its lines go into it, and what else they print not. */
static enum status run_captured(struct batch *batch, struct cli *cli, int n, char **words,
				char **document)
{
	bool keep = cli->common.format.style == STYLE_JSON;
	FILE *own = stdout, *memory = NULL;
	enum status status;
	char *text = NULL;
	size_t size;

	if (keep) {
		memory = open_memstream(&text, &size);
		if (!memory)
			return cli_fail(cli, STATUS_FAILED, "out of memory");
	}
	stdout = keep ? memory : batch->nowhere;
	status = cli_run(cli, n, words);
	stdout = own;
	if (memory && fclose(memory)) {
		free(text);
		return cli_fail(cli, STATUS_FAILED, "out of memory");
	}
	*document = keep_document(text);
	return status;
}

static void end_line(struct batch *batch, const struct cli *cli, const char *word,
		     enum status status, const char *document)
{
	char text[WHY_MAX];
	const char *why = why_failed(cli, status, text);

	write_row(batch, word, status, why, document);
	if (!is_graver(batch, status))
		return;
	batch->cli->failed = true;
	snprintf(batch->cli->error, sizeof(batch->cli->error), "%.400s:%zu: %.700s", batch->name,
		 batch->line, why);
}

/* A batch in a batch has no VMs of its own to keep, and no end. */
static void run_words(struct batch *batch, int n, char **words)
{
	const struct source_line where = { .file = batch->name, .line = batch->line };
	const struct cli fresh = { .session = &batch->session, .where = &where };
	struct cli cli = fresh;
	char *document = NULL;
	enum status status;
	enum style style;

	take_options(batch, &cli);
	status = choose_style(batch, &cli, n, words, &style);
	if (!status) {
		cli = fresh;
		take_options(batch, &cli);
		cli.common.format.style = style;
		if (batch->json)
			status = run_captured(batch, &cli, n, words, &document);
		else
			status = cli_run(&cli, n, words);
	}
	end_line(batch, &cli, words[1], status, document);
	free(document);
}

static void refuse_line(struct batch *batch, const char *why)
{
	/* cli_fail() would keep the message of an earlier and milder one. */
	if (is_graver(batch, STATUS_USAGE))
		batch->cli->failed = false;
	cli_fail(batch->cli, STATUS_USAGE, "%s:%zu: %s", batch->name, batch->line, why);
}

static void run_line(struct batch *batch, char *line)
{
	static char name[] = "gmemctl";
	char *words[WORDS_MAX + 1];
	const char *why = NULL;
	int n;

	words[0] = name;
	if (!words_split(line, words + 1, WORDS_MAX, &n, &why))
		refuse_line(batch, why);
	else if (n)
		run_words(batch, n + 1, words);
}

static enum status run_lines(struct batch *batch)
{
	const struct settings *settings = batch->cli->settings;
	size_t room = 0;
	char *line = NULL;
	ssize_t length;

	while (!interrupted() && (settings->keep_going || !batch->worst) &&
	       (length = getline(&line, &room, batch->file)) >= 0) {
		batch->line++;
		if (strlen(line) != (size_t)length)
			refuse_line(batch, "it has a NUL character");
		else
			run_line(batch, line);
	}
	free(line);
	/* These two are the batch's status, whatever its lines came to. */
	if (interrupted() || ferror(batch->file))
		batch->cli->failed = false;
	if (interrupted())
		return cli_fail(batch->cli, STATUS_PARTLY,
				"%s:%zu: interrupted; all VMs of the batch were released",
				batch->name, batch->line);
	if (ferror(batch->file))
		return cli_fail(batch->cli, STATUS_FAILED, "reading %s: %s", batch->name,
				strerror(errno));
	return batch->worst;
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
	enum status status;

	if (cli->common.format.columns && !batch.json)
		return cli_usage(cli, "--output: without --json a batch prints only what its "
				      "commands do; give it to the command, on its line");
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
