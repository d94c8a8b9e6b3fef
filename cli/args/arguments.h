/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the names in usage lines stand for, each explained once for all commands that take it. */
#ifndef CLI_ARGS_ARGUMENTS_H
#define CLI_ARGS_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct argument {
	const char *name;
	const char *help;
};

/*
 * The index-th argument that is explained among those of a usage line, such as "NAME RANGE
 * private|shared" or "[TARGET]"; NULL past the last.
 */
const struct argument *argument_of(const char *usage, size_t index);

#endif
