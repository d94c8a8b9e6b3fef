// SPDX-License-Identifier: GPL-2.0-or-later
/* How each stage of a walk reports its result. */
#include "commands/walk/walk.h"

#include <stdarg.h>
#include <stdio.h>

enum result walk_say(struct walk *walk, enum result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(walk->detail, sizeof(walk->detail), format, args);
	va_end(args);
	return result;
}

enum result walk_fail(struct walk *walk, int error)
{
	walk->error = error;
	cli_explain(walk->cli, error, walk->detail, sizeof(walk->detail));
	return RESULT_FAILED;
}
