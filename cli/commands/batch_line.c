// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One line of a batch: its command, with the options that the batch sets for all lines, and its row
 * in the batch's document, which has the document of the command in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args/words.h"
#include "commands/batch.h"
#include "core/command.h"
#include "run.h"

#define WORDS_MAX 256 /* of a line */

enum { COLUMN_LINE, COLUMN_COMMAND, COLUMN_STATUS, COLUMN_MESSAGE };

static const struct column columns[] = {
	[COLUMN_LINE] = { "line", KIND_NUMBER,
			  .help = "line of the file (these columns are in --json only)" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .help = "the command" },
	[COLUMN_STATUS] = { "status", KIND_NUMBER,
			    .help = "its exit status; of exec, that of the command that it ran" },
	[COLUMN_MESSAGE] = { "message", KIND_TEXT, .wrap = true, .help = "why it failed" },
};

const struct table batch_table = TABLE("commands", columns);

/*
 * A program that exec ran has statuses of its own. A status that gmemctl does not use is a failure.
 */
static enum status gravity(enum status status)
{
	return status_worst(status, status) == status ? status : STATUS_FAILED;
}

/*
 * Whether to report this failure: it is the worst so far, or the first of several that are equally
 * bad.
 */
static bool is_graver(const struct batch *batch, enum status status)
{
	return status_worst(batch->worst, gravity(status)) != batch->worst;
}

/*
 * Why a line failed; NULL if it did not. A line that failed only by its answer has no message yet.
 */
static const char *why_failed(struct cli *cli, enum status status)
{
	static const char *const words[] = {
		[STATUS_NO] = "the answer is no",
		[STATUS_FAILED] = "it could not be done",
		[STATUS_CANNOT_TELL] = "it cannot be told",
		[STATUS_PARTLY] = "partly done",
	};

	if (!status)
		return NULL;
	if (!cli->failed && cli->command != &exec_command && status <= STATUS_PARTLY)
		cli_fail(cli, status, "%s", words[status]);
	else if (!cli->failed)
		cli_fail(cli, status, "the command ended with status %d", (int)status);
	return cli->error;
}

/* In JSON the batch writes a document: those of its lines go into it. */
static bool writes_document(const struct batch *batch)
{
	return batch->cli->common.format.style == STYLE_JSON;
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

	output_row_with(batch->cli->out, cells, "document", document);
}

/* The options of the batch hold for its lines, too. */
static void take_options(const struct batch *batch, struct cli *cli)
{
	const struct common *common = &batch->cli->common;

	cli->common.quiet = writes_document(batch) || common->quiet;
	cli->common.verbose = common->verbose;
	cli->common.reader = common->reader;
	cli->common.format.color = common->format.color;
	cli->common.format.no_headings = common->format.no_headings;
	cli->common.format.bytes = common->format.bytes;
	/* In JSON all are there, unless the line names some. */
	cli->common.format.all_columns = !writes_document(batch) && common->format.all_columns;
}

/*
 * Runs a line. Its output is not a part of the batch's document; but if it writes a document of its
 * own, that is returned. Help and lists of words are not documents: then NULL.
 */
static char *run_captured(struct cli *cli, int n, char **words, enum status *status)
{
	char *text = NULL;
	FILE *memory;
	size_t size;

	memory = open_memstream(&text, &size);
	if (!memory) {
		*status = cli_no_memory(cli);
		return NULL;
	}
	cli->streams.out = memory;
	*status = cli_run(cli, n, words);
	if (fclose(memory))
		*status = cli_no_memory(cli);
	else if (*text == '{' && cli->common.format.style == STYLE_JSON)
		return text;
	free(text);
	return NULL;
}

static void note_failure(struct batch *batch, const struct cli *line, enum status status,
			 const char *why)
{
	if (!is_graver(batch, status))
		return;
	batch->worst = gravity(status);
	batch->cli->failed = true;
	batch->cli->cause = line->cause;
	snprintf(batch->cli->error, sizeof(batch->cli->error), "%.400s:%zu: %.700s", batch->name,
		 batch->line, why);
}

static void run_words(struct batch *batch, int n, char **words)
{
	const struct source_line where = {
		.file = batch->name,
		.line = batch->line,
		.style = batch->cli->common.format.style,
	};
	struct cli cli = {
		.streams = batch->cli->streams,
		.session = &batch->session,
		.where = &where,
	};
	enum status status;
	const char *why;
	char *document;

	take_options(batch, &cli);
	if (!writes_document(batch)) {
		status = cli_run(&cli, n, words);
		note_failure(batch, &cli, status, why_failed(&cli, status));
		return;
	}
	document = run_captured(&cli, n, words, &status);
	why = why_failed(&cli, status);
	write_row(batch, words[1], status, why, document);
	note_failure(batch, &cli, status, why);
	free(document);
}

static void refuse(struct batch *batch, const char *why)
{
	/* cli_fail() would keep the message of an earlier and milder one. */
	if (is_graver(batch, STATUS_USAGE)) {
		batch->worst = STATUS_USAGE;
		batch->cli->failed = false;
	}
	cli_fail(batch->cli, STATUS_USAGE, "%s:%zu: %s", batch->name, batch->line, why);
}

void batch_line_run(struct batch *batch, char *line, size_t length)
{
	static char name[] = "gmemctl";
	char *words[WORDS_MAX + 1];
	const char *why = NULL;
	int n;

	words[0] = name;
	if (strlen(line) != length)
		refuse(batch, "it has a NUL character");
	else if (!words_split(line, words + 1, WORDS_MAX, &n, &why))
		refuse(batch, why);
	else if (n)
		run_words(batch, n + 1, words);
}
