// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file that knows argp. Tables of struct cli_option become one argp: twice, since options
 * may stand before the command, when its own options are not known yet, and after it.
 *
 * argp accepts abbreviated long options, and that cannot be turned off. Names of commands cannot be
 * abbreviated.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args/common.h"
#include "option_words.h"

/* Keys of options without a letter: beyond any character, counted from here. */
#define KEY_FIRST 0x100

/* argp's view of the options of one parse, and ours. */
struct parse {
	struct cli *cli;
	struct known_options known;
	struct argp_option argp_options[OPTIONS_MAX + 1]; /* and the end */
	size_t n_argp;
	bool stop_at_command;
	enum status status;
};

/*
 * A letter is the first option's that has it: a command's own options come before the common ones.
 */
static int key_of(const struct parse *parse, size_t i)
{
	char letter = parse->known.option[i]->letter;

	for (size_t before = 0; before < i; before++)
		if (parse->known.option[before]->letter == letter)
			letter = 0;
	return letter ? letter : KEY_FIRST + (int)i;
}

/* An option without help is another letter for the one before it. */
static void add_options(struct parse *parse, const struct cli_option *options)
{
	for (; options && options->name; options++) {
		size_t i = parse->known.n++;

		parse->known.option[i] = options;
		parse->argp_options[parse->n_argp++] = (struct argp_option){
			.name = options->help ? options->name : NULL,
			.key = key_of(parse, i),
			.arg = options->arg,
			.flags = options->may_omit ? OPTION_ARG_OPTIONAL : 0,
		};
	}
}

static void begin(struct parse *parse, struct cli *cli, bool stop_at_command)
{
	memset(parse, 0, sizeof(*parse));
	parse->cli = cli;
	parse->stop_at_command = stop_at_command;
	if (cli->command)
		add_options(parse, cli->command->options);
	add_options(parse, common_options);
}

static void *field_of(const struct parse *parse, const struct cli_option *option, size_t i)
{
	size_t own = parse->known.n;

	/* The common options are the last ones of every parse. */
	for (size_t k = 0; common_options[k].name; k++)
		own--;
	return (char *)(i < own ? parse->cli->settings : &parse->cli->common) + option->field;
}

/* getopt takes any word as a value: an option there means that the value was forgotten. */
static enum status check_value(const struct parse *parse, const struct cli_option *option,
			       const char *arg, const struct argp_state *state)
{
	if (!arg || arg != state->argv[state->next - 1] || !words_are_option(&parse->known, arg))
		return STATUS_YES;
	return cli_usage(
		parse->cli,
		"--%s: its %s is missing: '%s' is an option (a value like that is given as "
		"--%s=%s)",
		option->name, option->arg, arg, option->name, arg);
}

static error_t set_option(struct parse *parse, int key, const char *arg,
			  const struct argp_state *state)
{
	for (size_t i = 0; i < parse->known.n; i++) {
		const struct cli_option *option = parse->known.option[i];

		if (key_of(parse, i) != key)
			continue;
		parse->status = check_value(parse, option, arg, state);
		if (!parse->status)
			parse->status =
				option->set(parse->cli, option, arg, field_of(parse, option, i));
		return parse->status ? EINVAL : 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	if (key == ARGP_KEY_INIT)
		return 0;
	if (key == ARGP_KEY_ARG && parse->stop_at_command) {
		state->next--; /* it stays, so that the caller sees where the parse ended */
		parse->cli->args = &state->argv[state->next];
		parse->cli->nargs = state->argc - state->next;
		state->next = state->argc;
		return 0;
	}
	if (key == ARGP_KEY_ARGS) {
		parse->cli->args = &state->argv[state->next];
		parse->cli->nargs = state->argc - state->next;
		return 0;
	}
	if (key == ARGP_KEY_ARG || key == ARGP_KEY_ERROR)
		return ARGP_ERR_UNKNOWN;
	return set_option(parse, key, arg, state);
}

static enum status run_argp(struct parse *parse, int argc, char **argv)
{
	struct argp argp = { .options = parse->argp_options, .parser = take };
	unsigned int flags = ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_NO_ERRS |
			     (parse->stop_at_command ? ARGP_IN_ORDER : 0);
	int ret;

	parse->cli->nargs = 0;
	ret = argp_parse(&argp, argc, argv, flags, NULL, parse);
	if (parse->status || !ret)
		return parse->status;
	return words_say_why(parse->cli, &parse->known, argc, argv, parse->stop_at_command);
}

static enum status find_command(struct cli *cli)
{
	const char *name = cli->nargs ? cli->args[0] : NULL;

	if (!name)
		return STATUS_YES; /* --help and --version need none */
	cli->command = command_find(name);
	return cli->command ? STATUS_YES : cli_usage(cli, "there is no command '%s'", name);
}

/* The part of the usage line from the first missing argument on. */
static const char *first_missing(const struct cli *cli)
{
	const char *args = cli->command->args;

	for (int i = 0; i < cli->nargs && strchr(args, ' '); i++)
		args = strchr(args, ' ') + 1;
	return args;
}

static enum status check_args(struct cli *cli)
{
	const struct command *command = cli->command;

	if (cli->common.help || cli->common.usage || cli->common.version || cli->common.describe)
		return STATUS_YES;
	if (cli->nargs > command->max_args)
		return cli_usage(cli, "'%s' is one argument too many",
				 cli->args[command->max_args]);
	if (cli->nargs < command->min_args)
		return cli_usage(cli, "%s is missing", first_missing(cli));
	return STATUS_YES;
}

/* argp takes several microseconds to find out that there is no option, which counts in a batch. */
static bool has_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (*argv[i] == '-')
			return true;
	return false;
}

static enum status parse_command(struct cli *cli)
{
	struct parse parse;
	enum status status;

	if (cli->command->settings_size) {
		cli->settings = calloc(1, cli->command->settings_size);
		if (!cli->settings)
			return cli_no_memory(cli);
	}
	if (!has_options(cli->nargs, cli->args)) {
		cli->args++;
		cli->nargs--;
		return check_args(cli);
	}
	snprintf(cli->name, sizeof(cli->name), "gmemctl %s", cli->command->name);
	cli->args[0] = cli->name;
	begin(&parse, cli, false);
	status = run_argp(&parse, cli->nargs, cli->args);
	return status ? status : check_args(cli);
}

enum status options_parse(struct cli *cli, int argc, char **argv)
{
	static char own_name[] = "gmemctl";
	struct parse parse;
	enum status status;

	/* What argp's own messages begin with, whatever path the caller used. */
	argv[0] = own_name;
	cli->args = argv + 1;
	cli->nargs = argc - 1;
	status = STATUS_YES;
	if (has_options(argc, argv)) {
		begin(&parse, cli, true);
		status = run_argp(&parse, argc, argv);
	}
	if (!status)
		status = find_command(cli);
	if (!status && cli->command)
		status = parse_command(cli);
	return status;
}

enum style options_want_json(struct cli *cli, int argc, char **argv)
{
	struct parse parse;

	begin(&parse, cli, false);
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		enum style style = words_ask_for_json(&parse.known, argv[i]);

		if (style != STYLE_TABLE)
			return style;
	}
	return STYLE_TABLE;
}
