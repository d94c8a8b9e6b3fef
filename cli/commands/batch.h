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
 * A row for each line, in JSON only: in other formats only the answers of the commands are printed.
 */
extern const struct table batch_table;

/*
 * Runs the command of a line, which has length bytes and is cut into words in place. Notes the
 * worst status.
 */
void batch_line_run(struct batch *batch, char *line, size_t length);

#endif
