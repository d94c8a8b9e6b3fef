// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens what a run works on: the kernel that --simulate chose, the reader that --reader chose. */
#include "core/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/advice.h"
#include "core/privilege.h"
#include "held/session.h"

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
	fputs("For tests of scripts, MODEL,count tells how often the kernel was called, and\n"
	      "MODEL,fail=KIND@N:ERRNO makes the N-th call of a kind fail (N+: all from there on):\n",
	      stream);
	for (size_t i = 0; gmem_model_call_name(i); i++)
		fprintf(stream, "%s%s", i ? " " : "", gmem_model_call_name(i));
	fputc('\n', stream);
}

void cli_tell_calls(const struct cli *cli)
{
	uint64_t calls;

	for (size_t i = 0; cli->ctx && !gmem_ctx_calls(cli->ctx, i, &calls); i++)
		cli_note(cli, "calls: %s %" PRIu64, gmem_model_call_name(i), calls);
}

static enum status check_model(struct cli *cli)
{
	enum status status;
	char why[256];
	int ret = gmem_model_check(cli->common.model, why, sizeof(why));

	if (!ret)
		return STATUS_YES;
	status = cli_usage(cli, "--simulate: %s", why);
	if (ret == -ENOENT)
		cli_list_models(cli->streams.err);
	return status;
}

static enum status check_core(struct cli *cli)
{
	if (cli->common.model || cli->common.sysroot)
		return cli_usage(cli, "--core and --%s exclude each other",
				 cli->common.model ? "simulate" : "sysroot");
	if (!cli->command->takes_core)
		return cli_usage(
			cli,
			"--core: %s does not take it; list, pfns, pfn, check and directmap "
			"can answer from a dump",
			cli->command->name);
	if (cli->session || cli->where)
		return cli_usage(cli, "--core: not in a batch, which is on one kernel");
	if (cli->common.reader == READER_BPF || cli->common.reader == READER_KCORE)
		return cli_usage(cli, "--reader: a dump has one reader, and the other two read the "
				      "running kernel");
	return STATUS_YES;
}

enum status cli_check_kernel(struct cli *cli)
{
	if (cli->common.core)
		return check_core(cli);
	if (!cli->common.sysroot)
		return STATUS_YES;
	if (cli->common.model)
		return cli_usage(cli, "--sysroot and --simulate exclude each other");
	if (!cli->command->takes_sysroot)
		return cli_usage(cli,
				 "--sysroot: %s does not take it; doctor, caps, metrics, pfn and "
				 "check --pfn can answer from the files of a host",
				 cli->command->name);
	if (cli->session || cli->where)
		return cli_usage(cli, "--sysroot: not in a batch, which is on one kernel");
	return STATUS_YES;
}

/* The files of another host, or the dump of a kernel. */
static enum status open_recorded(struct cli *cli)
{
	char why[512];
	const struct gmem_ctx_options options = {
		.size = sizeof(options),
		.sysroot = cli->common.sysroot,
		.core = cli->common.core,
		.why = why,
		.why_size = sizeof(why),
	};
	int ret = gmem_ctx_open(&options, &cli->ctx);

	if (!ret)
		return STATUS_YES;
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret), "--%s=%s: %s",
			   options.core ? "core" : "sysroot",
			   options.core ? options.core : options.sysroot,
			   *why ? why : gmem_error_words(ret));
}

static enum status open_host(struct cli *cli)
{
	const char *model = cli->common.model;
	int ret;

	if (cli->common.sysroot || cli->common.core)
		return open_recorded(cli);
	ret = model ? gmem_ctx_new_simulated(model, &cli->ctx) : gmem_ctx_new(&cli->ctx);
	if (!ret)
		return STATUS_YES;
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret), "cannot open the kernel: %s",
			   gmem_error_words(ret));
}

/* Every command of a session is on the kernel that the first one opened. */
static enum status join_session(struct cli *cli)
{
	const char *asked = cli->common.model;
	const char *model;

	cli->ctx = cli->session->ctx;
	gmem_reader_forbid(cli->ctx, cli->common.reader == READER_NONE);
	gmem_ctx_allow_faults(cli->ctx, false); /* the settings of one command do not hold for
						 * the next */
	gmem_ctx_set_log(cli->ctx, print_log, cli);
	model = gmem_ctx_model(cli->ctx);
	if (!asked || (model && !strcmp(asked, model)))
		return STATUS_YES;
	return cli_usage(cli, "--simulate=%s: the %s on %s%s", asked,
			 cli->session->holder ? "VM is kept" : "whole batch is",
			 model ? "the simulated kernel " : "the running kernel",
			 model ? model : "");
}

enum status cli_open_kernel(struct cli *cli)
{
	const char *model = cli->common.model;
	enum status status = model ? check_model(cli) : STATUS_YES;

	if (status)
		return status;
	if (cli->session && cli->session->ctx)
		return join_session(cli);
	status = open_host(cli);
	if (status)
		return status;
	gmem_ctx_set_advice(cli->ctx, advice_words, NULL);
	gmem_ctx_set_log(cli->ctx, print_log, cli);
	gmem_reader_forbid(cli->ctx, cli->common.reader == READER_NONE);
	if (cli->session)
		cli->session->ctx = cli->ctx;
	return STATUS_YES;
}

int cli_open_reader(struct cli *cli)
{
	int ret;

	if (cli->common.reader == READER_NONE)
		return -ENOTSUP;
	ret = gmem_reader_open(cli->ctx, wanted_reader[cli->common.reader]);
	if (!ret)
		privilege_reader_is_open(cli);
	return ret;
}
