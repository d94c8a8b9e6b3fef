/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a command line as getopt reads them: to say what is wrong with one. argp's own
 * words, and getopt's, go to libc's standard error, which is not the one of a command in a holder,
 * and they get into no JSON document; so argp is silent, and this speaks.
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
 * Fails with what is wrong with a command line that argp did not take. stop_at_command: only what
 * stands before the first argument counts.
 */
enum status words_say_why(struct cli *cli, const struct known_options *known, int argc, char **argv,
			  bool stop_at_command);

#endif
