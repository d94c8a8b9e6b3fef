/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a line of a batch to words, quoted as the shell has it, without its expansions. */
#ifndef CLI_ARGS_WORDS_H
#define CLI_ARGS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Splits line in place. words gets at most max - 1 pointers into it, and a NULL behind them.
 * '...' keeps all, "..." all but \\ and \", a backslash the character behind it; # at the start of
 * a word begins a comment. Returns false and why.
 */
bool words_split(char *line, char **words, int max, int *n, const char **why);

#endif
