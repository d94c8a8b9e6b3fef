/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "core/cli.h"

/* Prints the help of cli->command, or of gmemctl itself, on standard output. */
void help_print(const struct cli *cli);

/* And how it is called, in short. */
void help_print_usage(const struct cli *cli);

#endif
