// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/step.h"

#include <errno.h>

#include "core/interrupt.h"
#include "core/size.h"

void step_fact(struct cli *cli, const char *name, enum kind kind, struct cell value)
{
	if (style_is_json(cli->common.format.style) || cli->common.verbose)
		output_fact(cli->out, name, kind, value);
}

enum status step_partly(struct cli *cli, uint64_t done, uint64_t length, int error)
{
	char of_all[CELL_TEXT_MAX], part[CELL_TEXT_MAX], why[1024];

	if (interrupted())
		return cli_fail_as(cli, STATUS_PARTLY, cause_of(FAILURE_INTERRUPTED),
				   "interrupted: %s of %s were done",
				   size_format(done, part, sizeof(part)),
				   size_format(length, of_all, sizeof(of_all)));
	cli_explain(cli, error, why, sizeof(why));
	/* If a step is not possible now, the answer is known; so this is not "cannot tell". */
	if (!done)
		return cli_fail_as(cli,
				   error == -EOPNOTSUPP ? STATUS_FAILED : status_of_error(error),
				   cause_of_error(error), "%s", why);
	return cli_fail_as(cli, STATUS_PARTLY, cause_of_error(error), "%s (%s of %s were done)",
			   why, size_format(done, part, sizeof(part)),
			   size_format(length, of_all, sizeof(of_all)));
}
