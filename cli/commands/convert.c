// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl convert: makes memory of a held VM private or shared. */
#include <string.h>

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

static enum status parse_direction(struct cli *cli, bool *to_private)
{
	const char *word = cli->args[2];

	*to_private = !strcmp(word, "private");
	if (*to_private || !strcmp(word, "shared"))
		return STATUS_YES;
	if (!strcmp(cli->args[1], "private") || !strcmp(cli->args[1], "shared"))
		return cli_usage(cli,
				 "the order is NAME RANGE private|shared: gmemctl convert %s %s %s",
				 cli->args[0], word, cli->args[1]);
	return cli_usage(cli, "'%s' is neither private nor shared", word);
}

static enum status convert(struct cli *cli, struct held *held, const struct held_parts *parts,
			   bool to_private)
{
	uint64_t done = 0;

	for (size_t i = 0; i < parts->n; i++) {
		const struct held_part *part = &parts->part[i];
		int ret = gmem_convert(held->vm, part->gpa, part->length, to_private);

		if (ret)
			return step_partly(cli, done, parts->length, ret);
		done += part->length;
	}
	step_fact(cli, "converted", KIND_BYTES, cell_number(done));
	step_fact(cli, "private", KIND_BYTES, cell_number(held_private(held)));
	return STATUS_YES;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	struct held_parts parts;
	struct held *held = NULL;
	bool to_private;
	enum status status = parse_direction(cli, &to_private);

	if (!status)
		status = force_check(cli, &settings->force);
	if (!status)
		status = session_need(cli, &held);
	if (!status)
		status = held_range(cli, held, cli->args[1], settings->by_gpa, true, &parts);
	if (status)
		return status;
	gmem_ctx_allow_faults(cli->ctx, force_is_enough(cli, &settings->force));
	return convert(cli, held, &parts, to_private);
}

const struct command convert_command = {
	.name = "convert",
	/* To name the owner of the folder of holders, if it is another user. */
	.needs = READS_FILES,
	.place = PLACE_HOLDER,
	.summary = "make memory of a held VM private or shared",
	.args = "NAME RANGE private|shared",
	.min_args = 3,
	.max_args = 3,
	.options = options,
	.settings_size = sizeof(struct settings),
	.run = run,
};
