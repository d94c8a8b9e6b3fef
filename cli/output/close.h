/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_OUTPUT_CLOSE_H
#define CLI_OUTPUT_CLOSE_H

#include "core/cli.h"

/*
 * Ends the document of a run, where it has one, with what failed. Returns the status to end with: 0
 * for one that --accept takes.
 */
enum status output_close(struct cli *cli, enum status status);

#endif
