/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a command line as getopt reads them, to say what is wrong with one. Messages of argp
 * and getopt go to libc's standard error. That is the wrong one for a command in a holder, and they
 * get into no JSON document. So argp is silent, and this code prints the messages.
 */
#ifndef CLI_OPTION_WORDS_H
#define CLI_OPTION_WORDS_H

#include "core/command.h"
#include "options.h"

struct known_options {
	const struct cli_option *option[OPTIONS_MAX];
	size_t n;
};

/* Whether a word that stands where a value belongs is an option. */
bool words_are_option(const struct known_options *known, const char *word);

/*
 * Which JSON a word asks for, in full, abbreviated, or as a letter among others; else STYLE_TABLE.
 */
enum style words_ask_for_json(const struct known_options *known, const char *word);

/*
 * Fails with what is wrong with a command line that argp refused. stop_at_command: only words
 * before the first argument count.
 */
enum status words_say_why(struct cli *cli, const struct known_options *known, int argc, char **argv,
			  bool stop_at_command);

#endif
