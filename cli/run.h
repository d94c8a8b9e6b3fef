/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "core/cli.h"

/*
 * Does what a command line says, with its output on cli->streams, and returns its status. Of cli
 * the caller fills streams, session and where, the rest is zero; nothing of it is left to free.
 * argv is not changed. What argp's getopt(3) says of a wrong option goes to libc's stderr.
 */
enum status cli_run(struct cli *cli, int argc, char **argv);

#endif
