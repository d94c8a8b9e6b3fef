// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl pfn: what a page frame is, and which guest_memfd has it. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "core/command.h"
#include "core/size.h"
#include "inspect/frames.h"

static enum status parse(struct cli *cli, uint64_t *pfns)
{
	uint64_t limit;
	int ret = gmem_pfn_limit(cli->ctx, &limit);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	for (int i = 0; i < cli->nargs; i++) {
		const char *text = cli->args[i], *end, *why;
		uint64_t pfn;

		if (!number_parse(text, &pfn, &end, &why))
			return cli_usage(cli, "'%s': %s", text, why);
		if (*end)
			return cli_usage(cli, "'%s': something follows the number", text);
		if (pfn >= limit)
			return cli_usage(cli,
					 "'%s': that is beyond this CPU's physical addresses, "
					 "which end before page frame 0x%" PRIx64,
					 text, limit);
		pfns[i] = pfn;
	}
	return STATUS_YES;
}

static enum status run(struct cli *cli)
{
	uint64_t *pfns = calloc((size_t)cli->nargs, sizeof(*pfns));
	enum status status;

	if (!pfns)
		return cli_no_memory(cli);
	status = parse(cli, pfns);
	if (!status)
		status = frames_show(cli, pfns, (size_t)cli->nargs);
	free(pfns);
	return status;
}

const struct command pfn_command = {
	.name = "pfn",
	.needs = READS_KERNEL | READS_PROCESSES | READS_IOMEM,
	.summary = "what a page frame is, and which guest_memfd has it",
	.args = "NUMBER...",
	.min_args = 1,
	.max_args = INT_MAX,
	.table = &frames_table,
	.run = run,
};
