// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl: from the command line to the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"

/*
 * A caller may have closed a standard stream. The next open(2) would take its number, and data
 * meant for standard output would go to, say, /dev/kvm. Opened read-only, a write to it fails.
 */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Data that was not written is a failure, except where the reader went away on purpose. */
static enum status close_stdout(enum status status)
{
	bool failed = ferror(stdout);

	errno = 0;
	if ((fclose(stdout) && errno != EPIPE) || (failed && errno != EPIPE)) {
		fprintf(stderr, "gmemctl: writing to standard output: %s\n",
			errno ? strerror(errno) : "some of it was lost");
		return STATUS_FAILED;
	}
	return status;
}

static enum status list_models(void)
{
	cli_list_models(stdout);
	return STATUS_YES;
}

static enum status print_version(void)
{
	printf("gmemctl %s (libgmem %s)\n", GMEM_VERSION, gmem_version());
	return STATUS_YES;
}

static bool open_output(struct cli *cli, const struct selection *selection)
{
	struct document document = {
		.command = cli->command ? cli->command->name : NULL,
		.kernel = cli->ctx ? gmem_ctx_release(cli->ctx) : NULL,
		.model = cli->ctx ? gmem_ctx_model(cli->ctx) : NULL,
	};

	cli->out =
		output_new(&cli->common.format, &document,
			   cli->command ? cli->command->table : NULL, selection, cli->common.quiet);
	return cli->out;
}

static enum status select_columns(struct cli *cli, struct selection *selection)
{
	const struct format *format = &cli->common.format;
	const struct table *table = cli->command->table;
	bool all = format->all_columns || (format->style == STYLE_JSON && !format->columns);
	char wrong[CELL_TEXT_MAX];

	if (!table || columns_select(table, format->columns, all, selection, wrong))
		return STATUS_YES;
	return cli_usage(cli, "--output: '%s' is no column of %s", wrong, cli->command->name);
}

static enum status run_command(struct cli *cli, struct selection *selection)
{
	enum status status = select_columns(cli, selection);

	if (!status)
		status = cli_open_kernel(cli);
	if (!open_output(cli, selection))
		return cli_fail(cli, STATUS_FAILED, "out of memory");
	return status ? status : cli->command->run(cli);
}

static enum status answer(struct cli *cli)
{
	struct selection selection = { .n = 0 };

	if (cli->common.version)
		return print_version();
	if (cli->common.help || cli->common.usage)
		return options_help(cli);
	if (cli->common.model && !strcmp(cli->common.model, "help"))
		return list_models();
	if (!cli->command)
		return cli_usage(cli, "no command given");
	setlocale(LC_CTYPE, ""); /* lines of trees, widths of characters */
	return run_command(cli, &selection);
}

/* --json promises a document even where the command line was not understood. */
static void promise_document(struct cli *cli, int argc, char **argv, enum status status)
{
	struct selection none = { .n = 0 };

	if (status != STATUS_USAGE || cli->out || !options_want_json(argc, argv))
		return;
	cli->common.format.style = STYLE_JSON;
	open_output(cli, &none);
}

int main(int argc, char **argv)
{
	struct cli cli = { .argc = argc, .argv = argv };
	enum status status;

	fill_standard_streams();
	status = options_parse(&cli, argc, argv);
	if (!status)
		status = answer(&cli);
	promise_document(&cli, argc, argv, status);
	if (cli.out)
		output_free(cli.out, cli.failed ? cli.error : NULL, (int)status);
	cli_tell_calls(&cli);
	gmem_ctx_free(cli.ctx);
	free(cli.settings);
	return (int)close_stdout(status);
}
