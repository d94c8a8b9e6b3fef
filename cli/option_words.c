// SPDX-License-Identifier: GPL-2.0-or-later
#include "option_words.h"

#include <stdio.h>
#include <string.h>

/*
 * The options with names that begin with the length characters at name; only the one of that name,
 * if there is one.
 */
static size_t find_long(const struct known_options *known, const char *name, size_t length,
			const struct cli_option **found)
{
	size_t n = 0;

	for (size_t i = 0; i < known->n; i++) {
		const struct cli_option *option = known->option[i];

		if (!option->help || strncmp(option->name, name, length) != 0)
			continue;
		*found = option;
		if (!option->name[length])
			return 1;
		n++;
	}
	return n;
}

static const struct cli_option *find_letter(const struct known_options *known, char letter)
{
	for (size_t i = 0; i < known->n; i++)
		if (letter && known->option[i]->letter == letter)
			return known->option[i];
	return NULL;
}

bool words_are_option(const struct known_options *known, const char *word)
{
	const struct cli_option *option;

	if (word[0] != '-')
		return false;
	if (word[1] != '-')
		return find_letter(known, word[1]);
	return find_long(known, word + 2, strcspn(word + 2, "="), &option) > 0;
}

static enum status ambiguous(struct cli *cli, const struct known_options *known, const char *name,
			     size_t length)
{
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < known->n && used < sizeof(names); i++)
		if (known->option[i]->help && !strncmp(known->option[i]->name, name, length))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s--%s",
						 used ? ", " : "", known->option[i]->name);
	return cli_usage(cli, "option '--%.*s' is ambiguous: it begins %s", (int)length, name,
			 names);
}

/* What is wrong with "--NAME" or "--NAME=VALUE"; *takes_next where the next word is its value. */
static enum status judge_long(struct cli *cli, const struct known_options *known, const char *name,
			      bool *takes_next)
{
	const struct cli_option *option = NULL;
	size_t length = strcspn(name, "="), n = find_long(known, name, length, &option);

	if (!n)
		return cli_usage(cli, "unrecognized option '--%s'", name);
	if (n > 1)
		return ambiguous(cli, known, name, length);
	if (!option->arg && name[length])
		return cli_usage(cli, "option '--%s' doesn't allow an argument", option->name);
	*takes_next = option->arg && !option->may_omit && !name[length];
	return STATUS_YES;
}

/* The same of "-abc". */
static enum status judge_letters(struct cli *cli, const struct known_options *known,
				 const char *letters, bool *takes_next)
{
	for (; *letters; letters++) {
		const struct cli_option *option = find_letter(known, *letters);

		if (!option)
			return cli_usage(cli, "invalid option -- '%c'", *letters);
		if (!option->arg)
			continue;
		*takes_next = !option->may_omit && !letters[1];
		break;
	}
	return STATUS_YES;
}

enum status words_say_why(struct cli *cli, const struct known_options *known, int argc, char **argv,
			  bool stop_at_command)
{
	enum status status = STATUS_YES;

	for (int i = 1; !status && i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *word = argv[i];
		bool takes_next = false;

		if (word[0] != '-' || !word[1]) {
			if (stop_at_command)
				break;
			continue;
		}
		status = word[1] == '-' ? judge_long(cli, known, word + 2, &takes_next)
					: judge_letters(cli, known, word + 1, &takes_next);
		if (!status && takes_next && ++i == argc)
			status = cli_usage(cli, "option '%s' requires an argument", word);
	}
	return status ? status : cli_usage(cli, "wrong command line");
}

enum style words_ask_for_json(const struct known_options *known, const char *word)
{
	const struct cli_option *option;
	size_t length;

	if (word[0] != '-')
		return STYLE_TABLE;
	if (word[1] == '-') {
		length = strcspn(word + 2, "=");
		if (word[2] != 'j' || strncmp("jsonl", word + 2, length) != 0)
			return STYLE_TABLE;
		return length == strlen("jsonl") ? STYLE_JSONL : STYLE_JSON;
	}
	for (word++; *word && *word != 'J' && *word != 'j'; word++) {
		option = find_letter(known, *word);
		if (option && option->arg)
			return STYLE_TABLE; /* the rest is its value */
	}
	return *word ? STYLE_JSON : STYLE_TABLE;
}
