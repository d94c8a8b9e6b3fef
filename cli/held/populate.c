// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/populate.h"

#include <errno.h>
#include <string.h>

#include "core/interrupt.h"
#include "core/numa.h"
#include "core/progress.h"
#include "core/size.h"
#include "held/session.h"
#include "held/step.h"

#define THREADS_MAX 64

/* Populating one part after the other. */
struct populating {
	struct cli *cli;
	struct progress progress;
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
	return cli_usage(cli, "--%s=%s: it is not one of %s", option->name, arg, option->arg);
}

enum status set_threads(struct cli *cli, const struct cli_option *option, const char *arg,
			void *field)
{
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || number < 1 || number > THREADS_MAX)
		return cli_usage(cli, "--%s=%s: it is not a number from 1 to %d", option->name, arg,
				 THREADS_MAX);
	*(unsigned int *)field = (unsigned int)number;
	return STATUS_YES;
}

static int report(uint64_t done, uint64_t length, void *arg)
{
	struct populating *populating = arg;

	if (done < length && session_interrupted(populating->cli->session))
		return -ECANCELED;
	progress_at(&populating->progress, populating->progress.before + done, NULL);
	return 0;
}

enum status populate(struct cli *cli, struct held *held, const struct held_parts *parts,
		     const struct populate_asked *asked, enum gmem_populate_method *used,
		     uint64_t *done)
{
	struct populating populating = { .cli = cli };
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = asked->method,
		.threads = asked->threads ? asked->threads : count_cpus(),
		.cpu_sets = asked->cpu_sets,
		.cpu_set_count = asked->n_cpu_sets,
		.progress = report,
		.progress_arg = &populating,
		.cancel = interrupt_flag(),
	};
	int ret = 0;

	progress_begin(&populating.progress, cli, parts->length, PROGRESS_REDRAW);
	*used = asked->method;
	for (size_t i = 0; !ret && i < parts->n; i++) {
		const struct held_part *part = &parts->part[i];
		uint64_t here = 0;

		options.offset = part->offset;
		options.length = part->length;
		options.gpa = part->gpa;
		ret = gmem_populate(held->vm, held->memory, &options, used, &here);
		populating.progress.before += here;
	}
	*done = populating.progress.before;
	progress_end(&populating.progress);
	return ret ? step_partly(cli, *done, parts->length, ret) : STATUS_YES;
}
