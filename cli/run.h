/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "core/cli.h"

/*
 * Runs a command line, with its output on cli->streams, and returns its status. The caller fills
 * streams, session and where of cli, and zeroes the rest; it need not free anything of it. argv is
 * not changed. Messages of argp's getopt(3) about a wrong option go to libc's stderr.
 */
enum status cli_run(struct cli *cli, int argc, char **argv);

#endif
