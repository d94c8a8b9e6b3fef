/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every command takes, before it or after it. */
#ifndef CLI_ARGS_COMMON_H
#define CLI_ARGS_COMMON_H

#include "core/command.h"

extern const struct cli_option common_options[];

#endif
