/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A batch while it runs. Internal to batch.c and batch_line.c. */
#ifndef CLI_COMMANDS_BATCH_H
#define CLI_COMMANDS_BATCH_H

#include "core/cli.h"
#include "held/session.h"

struct batch {
	struct cli *cli;
	struct session session;
	const char *name; /* of the file, for messages */
	FILE *file;
	size_t line;
	enum status worst;
};

/*
 * A row for each line, in JSON only: elsewhere the commands' own answers are all that is printed.
 */
extern const struct table batch_table;

/* Runs the command that a line is, length bytes of it, which it takes apart; notes the gravest. */
void batch_line_run(struct batch *batch, char *line, size_t length);

#endif
