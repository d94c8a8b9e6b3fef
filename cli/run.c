// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One command, from its command line to its status: in a process of its own, in a batch, a holder.
 */
#include "run.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/interrupt.h"
#include "core/privilege.h"
#include "describe.h"
#include "held/session.h"
#include "held/step.h"
#include "help.h"
#include "holder/client.h"
#include "holder/holder.h"
#include "options.h"
#include "output/close.h"

static enum status list_models(const struct cli *cli)
{
	cli_list_models(cli->streams.out);
	return STATUS_YES;
}

static enum status print_version(const struct cli *cli)
{
	fprintf(cli->streams.out, "gmemctl %s (libgmem %s)\n", GMEM_VERSION, gmem_version());
	return STATUS_YES;
}

/* The table that --output is about. */
static const struct table *main_table(const struct cli *cli)
{
	const struct command *command = cli->command;
	const struct table *table = NULL;

	if (!command)
		return NULL;
	if (command->table_of && cli->settings)
		table = command->table_of(cli->settings);
	return table ? table : command->table;
}

static bool open_output(struct cli *cli, const struct selection *selection)
{
	struct document document = {
		.command = cli->command ? cli->command->name : NULL,
		.kernel = cli->ctx ? gmem_ctx_release(cli->ctx) : NULL,
		.model = cli->ctx ? gmem_ctx_model(cli->ctx) : NULL,
		.sysroot = cli->ctx ? gmem_ctx_sysroot(cli->ctx) : NULL,
		.core = cli->ctx ? gmem_ctx_core(cli->ctx) : NULL,
		.is_part = cli->where,
	};

	cli->out = output_new(&cli->streams, &cli->common.format, &document, main_table(cli),
			      selection, cli->common.quiet);
	return cli->out;
}

/* -o always chooses columns; a command that writes a file has another option for it. */
static const char *hint_at_file(const struct command *command)
{
	for (const struct cli_option *option = command->options; option && option->name; option++)
		if (!strcmp(option->name, "output-file"))
			return "; -O (--output-file) names a file";
	return "";
}

static bool writes_second(const struct cli *cli)
{
	enum style style = cli->common.format.style;

	return cli->command->second_table && (style == STYLE_TABLE || style_is_json(style));
}

/* Columns of a second table are named in its own heading, so a user may well ask for one. */
static enum status refuse_column(struct cli *cli, const struct table *table, const char *wrong)
{
	const struct table *second = cli->command->second_table;
	const char *name = cli->command->name;

	if (second && columns_have(second, wrong))
		return cli_usage(cli,
				 "--output: '%s' is a column of the %s of %s: --output=+%s adds it "
				 "to them, except with --raw and --pairs, which write the %s only",
				 wrong, second->name, name, wrong, table->name);
	if (table == cli->command->table)
		return cli_usage(cli, "--output: '%s' is no column of %s%s", wrong, name,
				 hint_at_file(cli->command));
	return cli_usage(cli, "--output: '%s' is no column of the %s of %s%s", wrong, table->name,
			 name, hint_at_file(cli->command));
}

static enum status select_columns(struct cli *cli, struct selection *selection)
{
	const struct format *format = &cli->common.format;
	const struct table *table = main_table(cli);
	bool all = format->all_columns || (style_is_json(format->style) && !format->columns);
	char wrong[CELL_TEXT_MAX];

	if (!table && format->columns)
		return cli_usage(cli, "--output: %s has no columns", cli->command->name);
	if (!table || columns_select(table, writes_second(cli) ? cli->command->second_table : NULL,
				     format->columns, all, selection, wrong))
		return STATUS_YES;
	return refuse_column(cli, table, wrong);
}

static enum status run_here(struct cli *cli, const struct selection *selection)
{
	enum status status = cli_open_kernel(cli);

	if (!open_output(cli, selection))
		return cli_no_memory(cli);
	return status ? status : cli->command->run(cli);
}

/* Lets a holder run it. Returns false if no such VM is held, and the command has to run here. */
static bool forward(struct cli *cli, enum status *status)
{
	struct client_answer answer = { .none = false };
	struct selection none = { .n = 0 };

	*status = client_forward(cli, &answer);
	if (*status || !answer.lost.pid)
		return !answer.none;
	/* The holder has ended, and cannot write the answer. */
	if (open_output(cli, &none))
		step_fact(cli, "released_size", KIND_BYTES, cell_number(answer.lost.size));
	else
		*status = cli_no_memory(cli);
	return true;
}

/*
 * Where a command runs: one on a VM that a holder keeps runs there, and create begins one. From
 * holder_fork() two processes return; the new one goes on as the holder.
 */
static enum status run_command(struct cli *cli)
{
	struct selection selection = { .n = 0 };
	enum status status = cli_check_kernel(cli);

	if (!status)
		status = select_columns(cli, &selection);

	if (cli->command->ends_in_order)
		interrupt_catch();
	/* A holder serves only commands for its own VM; reject anything else. */
	if (!status && cli->session && cli->session->holder && cli->session->n &&
	    !client_is_for_holder(cli))
		status = cli_usage(cli, "a holder runs commands on its VM only");
	/*
	 * A line of a batch, and a command in a holder, use the capabilities that the process has
	 * kept for all.
	 */
	if (!status && !cli->session && !cli->where)
		status = privilege_keep(cli);
	if (!status && !cli->session && client_is_for_holder(cli) && forward(cli, &status))
		return status;
	if (!status && !cli->session && cli->command->place == PLACE_NEW_HOLDER) {
		status = holder_fork(cli);
		if (status || !cli->session)
			return status;
	}
	if (!status)
		return run_here(cli, &selection);
	if (!open_output(cli, &selection))
		return cli_no_memory(cli);
	return status;
}

static enum status answer(struct cli *cli)
{
	if (cli->common.version)
		return print_version(cli);
	if (cli->common.help || cli->common.usage) {
		(cli->common.usage ? help_print_usage : help_print)(cli);
		return STATUS_YES;
	}
	if (cli->common.describe) {
		describe(cli->streams.out);
		return STATUS_YES;
	}
	if (cli->common.model && !strcmp(cli->common.model, "help"))
		return list_models(cli);
	if (!cli->command)
		return cli_usage(cli, "no command given");
	if (!cli->where)		 /* a batch has done it for its lines */
		setlocale(LC_CTYPE, ""); /* lines of trees, widths of characters */
	return run_command(cli);
}

/* The format of a batch holds for its lines, unless they choose by themselves. */
static void take_style(struct cli *cli)
{
	enum style *style = &cli->common.format.style;

	if (cli->where && cli->command && !cli->command->own_format && *style == STYLE_TABLE)
		*style = cli->where->style;
}

/* --json promises a document, even if the command did not write one. */
static void promise_document(struct cli *cli, int argc, char **argv)
{
	struct selection none = { .n = 0 };

	enum style style = options_want_json(cli, argc, argv);

	if (!cli->failed || cli->out || cli->answered || style == STYLE_TABLE)
		return;
	cli->common.format.style = style;
	open_output(cli, &none);
}

/* Whether nobody reads the pipe of standard output any more. A stream does not keep its error. */
static bool reader_left(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) > 0 && out.revents & POLLERR;
}

/*
 * Data that could not be written is a failure, unless the reader went away on purpose. A process
 * that ignores SIGPIPE, as a holder does, comes here then.
 */
static enum status flush(const struct streams *streams, enum status status)
{
	bool failed = ferror(streams->out);

	errno = 0;
	if ((fflush(streams->out) || failed) && errno != EPIPE && !reader_left()) {
		fprintf(streams->err, "gmemctl: writing to standard output: %s\n",
			errno ? strerror(errno) : "some of it was lost");
		clearerr(streams->out);
		return STATUS_FAILED;
	}
	return status;
}

static void forget_kernel(struct cli *cli)
{
	if (!cli->ctx)
		return;
	gmem_ctx_set_log(cli->ctx, NULL, NULL);
	if (cli->session && cli->session->ctx == cli->ctx)
		return; /* it goes with the session */
	cli_tell_calls(cli);
	gmem_ctx_free(cli->ctx);
}

enum status cli_run(struct cli *cli, int argc, char **argv)
{
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	enum status status;

	if (!words)
		return cli_no_memory(cli);
	/* argp moves the words about; they are needed as they were given too. */
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	cli->argc = argc;
	cli->argv = argv;
	status = options_parse(cli, argc, words);
	take_style(cli);
	if (!status)
		status = answer(cli);
	promise_document(cli, argc, argv);
	status = output_close(cli, status);
	forget_kernel(cli);
	free(cli->settings);
	free(words);
	return flush(&cli->streams, status);
}
