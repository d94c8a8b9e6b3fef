// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/populate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "core/numa.h"
#include "core/size.h"
#include "held/session.h"
#include "held/step.h"

#define THREADS_MAX 64
#define BAR_WIDTH 24
#define REDRAW_MS 100

struct progress {
	struct cli *cli;
	bool shown; /* standard error is a terminal */
	bool drawn;
	uint64_t before; /* bytes of the parts that are done */
	uint64_t length; /* of all parts */
	int64_t since;	 /* ms */
	int64_t last;
};

enum status set_method(struct cli *cli, const struct cli_option *option, const char *arg,
		       void *field)
{
	enum gmem_populate_method method = GMEM_POPULATE_BEST;
	const char *name;

	for (; (name = gmem_populate_method_name(method)); method++) {
		if (strcmp(name, arg))
			continue;
		*(enum gmem_populate_method *)field = method;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: it is none of %s", option->name, arg, option->arg);
}

enum status set_threads(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field)
{
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || number < 1 || number > THREADS_MAX)
		return cli_usage(cli, "--%s=%s: it is no number from 1 to %d", option->name, arg,
				 THREADS_MAX);
	*(unsigned int *)field = (unsigned int)number;
	return STATUS_YES;
}

/* "[=======>     ]  42%  1.2G of 2G  3.1G/s  00:12 left" */
static void draw(struct progress *progress, uint64_t done)
{
	FILE *to = progress->cli->streams.err;
	char part[CELL_TEXT_MAX], all[CELL_TEXT_MAX], rate_text[CELL_TEXT_MAX];
	char bar[BAR_WIDTH + 1];
	int64_t ms = now_ms() - progress->since;
	double share = progress->length ? (double)done / (double)progress->length : 1;
	double rate = ms > 0 ? (double)done * 1000 / (double)ms : 0;
	double left = rate > 0 ? (double)(progress->length - done) / rate : 0;
	int full = (int)(share * BAR_WIDTH);

	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '=', (size_t)full);
	bar[BAR_WIDTH] = '\0';
	fprintf(to, "\r[%s] %3d%%  %s of %s  %s/s  %02d:%02d left\033[K", bar, (int)(share * 100),
		size_format(done, part, sizeof(part)),
		size_format(progress->length, all, sizeof(all)),
		size_format((uint64_t)rate, rate_text, sizeof(rate_text)), (int)(left / 60),
		(int)left % 60);
	fflush(to);
	progress->drawn = true;
}

static int report(uint64_t done, uint64_t length, void *arg)
{
	struct progress *progress = arg;

	if (done < length && session_interrupted(progress->cli->session))
		return -ECANCELED;
	if (!progress->shown || now_ms() - progress->last < REDRAW_MS)
		return 0;
	progress->last = now_ms();
	draw(progress, progress->before + done);
	return 0;
}

enum status populate(struct cli *cli, struct held *held, const struct held_parts *parts,
		     const struct populate_asked *asked, enum gmem_populate_method *used,
		     uint64_t *done)
{
	struct progress progress = {
		.cli = cli,
		.shown = !cli->common.quiet && isatty(STDERR_FILENO),
		.length = parts->length,
		.since = now_ms(),
		.last = now_ms(),
	};
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = asked->method,
		.threads = asked->threads ? asked->threads : count_cpus(),
		.cpu_sets = asked->cpu_sets,
		.cpu_set_count = asked->n_cpu_sets,
		.progress = report,
		.progress_arg = &progress,
		.cancel = interrupt_flag(),
	};
	int ret = 0;

	*used = asked->method;
	for (size_t i = 0; !ret && i < parts->n; i++) {
		const struct held_part *part = &parts->part[i];
		uint64_t here = 0;

		options.offset = part->offset;
		options.length = part->length;
		options.gpa = part->gpa;
		ret = gmem_populate(held->vm, held->memory, &options, used, &here);
		progress.before += here;
	}
	*done = progress.before;
	if (progress.drawn)
		fputs("\r\033[K", cli->streams.err);
	return ret ? step_partly(cli, *done, parts->length, ret) : STATUS_YES;
}
