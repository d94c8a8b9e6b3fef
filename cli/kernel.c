// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens what a run works on: the kernel that --simulate chose, the reader that --reader chose. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The simulated kernel's readers have the running kernel's names. */
static const enum gmem_evidence wanted_reader[] = {
	[READER_ANY] = GMEM_EVIDENCE_NONE,
	[READER_BPF] = GMEM_EVIDENCE_BPF,
	[READER_KCORE] = GMEM_EVIDENCE_KCORE,
};

static void print_log(enum gmem_log_level level, const char *message, void *arg)
{
	const struct cli *cli = arg;

	if ((unsigned int)level <= cli->common.verbose)
		cli_note(cli, "%s", message);
}

void cli_list_models(FILE *stream)
{
	fputs("Simulated kernels:\n", stream);
	for (size_t i = 0; gmem_model_name(i); i++)
		fprintf(stream, "  %-20s %s\n", gmem_model_name(i), gmem_model_summary(i));
}

static enum status unknown_model(struct cli *cli)
{
	enum status status = cli_usage(cli, "no simulated kernel is named '%s'", cli->common.model);

	cli_list_models(stderr);
	return status;
}

enum status cli_open_kernel(struct cli *cli)
{
	const char *model = cli->common.model;
	int ret = model ? gmem_ctx_new_simulated(model, &cli->ctx) : gmem_ctx_new(&cli->ctx);

	if (ret == -EINVAL && model)
		return unknown_model(cli);
	if (ret)
		return cli_fail(cli, STATUS_FAILED, "cannot open the kernel: %s", strerror(-ret));
	gmem_ctx_set_log(cli->ctx, print_log, cli);
	return STATUS_YES;
}

int cli_open_reader(struct cli *cli)
{
	if (cli->common.reader == READER_NONE)
		return -ENOTSUP;
	return gmem_reader_open(cli->ctx, wanted_reader[cli->common.reader]);
}
