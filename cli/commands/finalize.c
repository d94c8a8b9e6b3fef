// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl finalize: ends the launch of a confidential guest. */
#include "held/session.h"
#include "held/step.h"

static enum status run(struct cli *cli)
{
	const struct gmem_launch *launch;
	struct held *held;
	enum status status = session_need(cli, &held);
	int ret;

	if (status)
		return status;
	launch = gmem_launch_of(held->type);
	if (!launch)
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_SUPPORTED),
				   "a %s VM has no launch to end; TDX and SEV-SNP guests have",
				   gmem_vm_type_name(held->type));
	ret = gmem_launch_finalize(held->vm);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	held->is_final = true;
	step_fact(cli, "state", KIND_TEXT, cell_text(held_state(held)));
	return STATUS_YES;
}

const struct command finalize_command = {
	.name = "finalize",
	/* To name the owner of the folder of holders, if it is another user. */
	.needs = READS_FILES,
	.place = PLACE_HOLDER,
	.summary = "end the launch of a held TD or SNP guest: its measurement is fixed",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
