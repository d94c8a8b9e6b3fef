// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl destroy: releases a held VM with all that is its. */
#include "held/session.h"
#include "held/step.h"

struct settings {
	bool if_exists;
};

static const struct cli_option options[] = {
	{ "if-exists", 0, NULL, false, set_flag, offsetof(struct settings, if_exists),
	  "Do not fail if no VM has that name" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static bool takes_none(const void *settings)
{
	return ((const struct settings *)settings)->if_exists;
}

static enum status run(struct cli *cli)
{
	bool is_held = cli->session && session_find(cli->session, cli->args[0]);
	struct held *held;
	enum status status = held_check_name(cli, cli->args[0]);

	if (!status && !is_held && takes_none(cli->settings)) {
		step_fact(cli, "released_size", KIND_BYTES, cell_number(0));
		return STATUS_YES;
	}
	if (!status)
		status = session_need(cli, &held);
	if (status)
		return status;
	step_fact(cli, "released_size", KIND_BYTES, cell_number(gmem_memory_size(held->memory)));
	session_drop(cli->session, held);
	return STATUS_YES;
}

const struct command destroy_command = {
	.name = "destroy",
	/*
	 * To name the owner of the folder of holders, if it is another user; to find a lost holder.
	 */
	.needs = READS_FILES | FINDS_HOLDERS,
	.ends_holder = true,
	.place = PLACE_HOLDER,
	.summary = "release a held VM, its memory and its holder",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.takes_none = takes_none,
	.run = run,
};
