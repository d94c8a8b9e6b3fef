// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl destroy: releases a held VM with all that is its. */
#include "held/session.h"
#include "held/step.h"

static enum status run(struct cli *cli)
{
	struct held *held;
	enum status status = session_need(cli, &held);

	if (status)
		return status;
	step_fact(cli, "released", KIND_BYTES, cell_number(gmem_memory_size(held->memory)));
	session_drop(cli->session, held);
	return STATUS_YES;
}

const struct command destroy_command = {
	.name = "destroy",
	/* To say whose folder of holders it is, where it is another user's. */
	.needs = READS_FILES,
	.ends_holder = true,
	.place = PLACE_HOLDER,
	.summary = "release a held VM, its memory and its holder",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
