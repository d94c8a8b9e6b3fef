// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl punch: gives pages of a held VM's memory back. */
#include "held/session.h"
#include "held/step.h"
#include "inspect/preflight.h"

struct settings {
	bool by_gpa;
	struct force force;
};

static const struct cli_option options[] = {
	{ "by-gpa", 0, NULL, false, set_flag, offsetof(struct settings, by_gpa), GPA_HELP },
	FORCE_OPTIONS(offsetof(struct settings, force)),
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	struct held_parts parts;
	struct held *held;
	uint64_t done = 0;
	enum status status = force_check(cli, &settings->force);

	if (!status)
		status = session_need(cli, &held);
	if (!status)
		status = held_range(cli, held, cli->args[1], settings->by_gpa, false, &parts);
	if (status)
		return status;
	gmem_ctx_allow_faults(cli->ctx, force_is_enough(cli, &settings->force));
	for (size_t i = 0; i < parts.n; i++) {
		const struct held_part *part = &parts.part[i];
		int ret = gmem_memory_punch(held->memory, part->offset, part->length);

		if (ret)
			return step_partly(cli, done, parts.length, ret);
		done += part->length;
	}
	step_fact(cli, "punched_range", KIND_BYTES, cell_number(done));
	return STATUS_YES;
}

const struct command punch_command = {
	.name = "punch",
	/* To name the owner of the folder of holders, if it is another user. */
	.needs = READS_FILES,
	.place = PLACE_HOLDER,
	.summary = "give pages of a held VM's memory back to the kernel, with their content",
	.args = "NAME RANGE",
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.settings_size = sizeof(struct settings),
	.run = run,
};
