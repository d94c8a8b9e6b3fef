/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the command line, with argp. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "core/command.h"

#define OPTIONS_MAX 48 /* of a command, with those that all have */

/* Fills cli->command, common, settings and args. Returns a status. */
enum status options_parse(struct cli *cli, int argc, char **argv);

/*
 * STYLE_JSON or STYLE_JSONL if the command line asks for it, else STYLE_TABLE. Works also if the
 * rest of the command line is wrong.
 */
enum style options_want_json(struct cli *cli, int argc, char **argv);

#endif
