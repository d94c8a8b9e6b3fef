/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands for programs: completions and the checks of man pages read it. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include <stdio.h>

/*
 * Writes a line a command, option, column and word; fields are separated by tabs:
 *   command  NAME  ARGS  SUMMARY  TABLE (the JSON key of its rows)  CAPABILITIES
 *   option   COMMAND  --NAME  -LETTER  ARG  none|optional|required  HELP
 *   column   COMMAND  HEADING  KEY  KIND  shown|more  HELP
 *   word     ARG  WORD  WHAT: a word that an argument of that name may be
 * COMMAND is "-" for what all commands share; so is a field that would be empty.
 */
void describe(FILE *stream);

#endif
