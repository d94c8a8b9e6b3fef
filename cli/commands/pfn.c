// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl pfn: what a page frame is, and which guest_memfd has it. */
#include <limits.h>
#include <stdlib.h>

#include "core/command.h"
#include "inspect/frame_list.h"
#include "inspect/frames.h"

struct settings {
	double deadline;
};

static const struct cli_option options[] = {
	{ "deadline", 0, "SECONDS", false, set_seconds, offsetof(struct settings, deadline),
	  "End the search for owners after this many seconds, default 45: the command reports what it "
	  "left out, and the status is 4" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static enum status parse(struct cli *cli, uint64_t *pfns)
{
	struct frame_list list = { .n = 0 };
	enum status status = STATUS_YES;

	for (int i = 0; !status && i < cli->nargs; i++)
		status = frame_list_add(cli, &list, "", cli->args[i], true);
	if (!status)
		status = frame_list_resolve(cli, &list);
	for (size_t i = 0; !status && i < list.n; i++)
		pfns[i] = list.list[i].range.start;
	frame_list_free(&list);
	return status;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	uint64_t *pfns = calloc((size_t)cli->nargs, sizeof(*pfns));
	enum status status;

	if (!pfns)
		return cli_no_memory(cli);
	status = parse(cli, pfns);
	if (!status)
		status = frames_show(cli, pfns, (size_t)cli->nargs, false, settings->deadline);
	free(pfns);
	return status;
}

const struct command pfn_command = {
	.name = "pfn",
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM,
	.summary = "what a page frame is, and which guest_memfd has it",
	.args = "FRAME...",
	.min_args = 1,
	.max_args = INT_MAX,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &frames_table,
	.takes_sysroot = true,
	.takes_core = true,
	.run = run,
};
