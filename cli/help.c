// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Help, from the tables of commands, options and columns. argp has one of its own, some lines of
 * which come out in the wrong order: where its buffer of 200 bytes has no room for a margin, that
 * is written before what the buffer holds (__argp_fmtstream_update() in glibc's
 * argp/argp-fmtstream.c).
 */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include "args/arguments.h"
#include "args/common.h"
#include "core/command.h"
#include "options.h"

#define WIDTH 79
#define OPTION_MARGIN 29 /* of what an option does */
#define COMMAND_MARGIN 15
#define COLUMN_MARGIN 18
#define ARGUMENT_MARGIN 10
#define USAGE_MARGIN 12

static const char about[] =
	"Shows guest_memfd memory on the way to a KVM guest: created, made private, mapped, and "
	"whether the kernel's cache flush through the direct map would fault on it.";

/* A line that is being written, and where the next one begins. */
struct line {
	FILE *to;
	int at;
	int margin;
};

static void break_line(struct line *line)
{
	fprintf(line->to, "\n%*s", line->margin, "");
	line->at = line->margin;
}

/* What is never broken: behind a blank, or on the next line. */
static void put_word(struct line *line, const char *word, int length)
{
	if (line->at > line->margin && line->at + 1 + length > WIDTH)
		break_line(line);
	else if (line->at > line->margin)
		line->at += fprintf(line->to, " ");
	line->at += fprintf(line->to, "%.*s", length, word);
}

static void put_words(struct line *line, const char *text)
{
	for (; *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");

		put_word(line, text, (int)length);
		text += length;
	}
}

/* A paragraph that begins behind its head, or below where that reaches into the margin. */
static void print_entry(FILE *to, const char *head, int margin, const char *text)
{
	struct line line = { .to = to, .margin = margin };

	line.at = fprintf(to, "%s", head);
	if (line.at && line.at >= margin)
		break_line(&line);
	fprintf(to, "%*s", margin - line.at, "");
	line.at = margin;
	put_words(&line, text);
	putc('\n', to);
}

#define SPELLED_MAX 96

/* "--color[=auto|always|never]" */
static const char *spell(const struct cli_option *option, char text[SPELLED_MAX])
{
	const char *arg = option->arg;

	snprintf(text, SPELLED_MAX, "--%s%s%s%s", option->name,
		 !arg		    ? ""
		 : option->may_omit ? "[="
				    : "=",
		 arg ? arg : "", arg && option->may_omit ? "]" : "");
	return text;
}

/*
 * If a command uses the letter of a common option for an option of its own, the letter is listed
 * there only.
 */
static char letter_of(const struct command *command, const struct cli_option *option)
{
	const struct cli_option *own = command ? command->options : NULL;

	for (; own && own->name; own++)
		if (own != option && own->letter == option->letter && own->help)
			return 0;
	return option->letter;
}

static void print_option(FILE *to, const struct command *command, const struct cli_option *option)
{
	char spelled[SPELLED_MAX], head[SPELLED_MAX + 8], letter[] = "-x, ";

	letter[1] = letter_of(command, option);
	snprintf(head, sizeof(head), "  %-4s%s", letter[1] ? letter : "", spell(option, spelled));
	print_entry(to, head, OPTION_MARGIN, option->help);
}

static int by_name(const void *a, const void *b)
{
	const struct cli_option *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Those that have a help; what has none is another letter for the one before it. */
static size_t sort_options(const struct cli_option *options, const struct cli_option **sorted)
{
	size_t n = 0;

	for (; options && options->name && n < OPTIONS_MAX; options++)
		if (options->help)
			sorted[n++] = options;
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), by_name);
	return n;
}

static void print_options(FILE *to, const char *title, const struct command *command,
			  const struct cli_option *options)
{
	const struct cli_option *sorted[OPTIONS_MAX];
	size_t n = sort_options(options, sorted);

	if (n)
		fprintf(to, "\n %s\n", title);
	for (size_t i = 0; i < n; i++)
		print_option(to, command, sorted[i]);
}

static void print_commands(FILE *to)
{
	char head[32];

	fputs("\nCommands:\n", to);
	for (size_t i = 0; command_at(i); i++) {
		snprintf(head, sizeof(head), "  %s", command_at(i)->name);
		print_entry(to, head, COMMAND_MARGIN, command_at(i)->summary);
	}
	fputs("\n'gmemctl COMMAND --help' tells a command's options and columns.\n", to);
}

static void print_arguments(FILE *to, const char *usage)
{
	const struct argument *argument;
	char head[16];

	if (argument_of(usage, 0))
		fputs("\nArguments:\n", to);
	for (size_t i = 0; (argument = argument_of(usage, i)); i++) {
		snprintf(head, sizeof(head), "  %s", argument->name);
		print_entry(to, head, ARGUMENT_MARGIN, argument->help);
	}
}

static void print_columns(FILE *to, const struct table *table)
{
	char heading[CELL_TEXT_MAX], head[CELL_TEXT_MAX + 4];

	fputs("\nColumns (* shown without --output):\n", to);
	for (size_t i = 0; i < table->n; i++) {
		const struct column *column = &table->columns[i];

		snprintf(head, sizeof(head), " %c %s", column->shown ? '*' : ' ',
			 column_heading(column, '-', heading));
		print_entry(to, head, COLUMN_MARGIN, column->help);
	}
}

static void print_statuses(FILE *to)
{
	fputs("\nExit status: 0 yes, done; 1 the answer is no; 2 could not do it; 3 cannot tell\n"
	      "(privilege, lockdown, kernel); 4 partly; 64 wrong command line.\n",
	      to);
}

static int begin_usage(const struct cli *cli)
{
	const struct command *command = cli->command;

	return fprintf(cli->streams.out, "Usage: gmemctl%s%s", command ? " " : "",
		       command ? command->name : "");
}

static const char *arguments(const struct cli *cli)
{
	return cli->command ? cli->command->args : "COMMAND [ARGS]";
}

void help_print(const struct cli *cli)
{
	const struct command *command = cli->command;
	const char *args = arguments(cli);
	FILE *to = cli->streams.out;

	begin_usage(cli);
	fprintf(to, " [OPTION...]%s%s\n", *args ? " " : "", args);
	print_entry(to, "", 0, command ? command->summary : about);
	print_arguments(to, args);
	if (command)
		print_options(to, "Options of this command:", command, command->options);
	print_options(to, "Common options:", command, common_options);
	if (!command)
		print_commands(to);
	else if (command->table)
		print_columns(to, command->table);
	print_statuses(to);
}

static void put_options(struct line *line, const struct command *command,
			const struct cli_option *options)
{
	const struct cli_option *sorted[OPTIONS_MAX];
	char spelled[SPELLED_MAX], word[SPELLED_MAX + 8], letter[] = "-x|";
	size_t n = sort_options(options, sorted);

	for (size_t i = 0; i < n; i++) {
		letter[1] = letter_of(command, sorted[i]);
		snprintf(word, sizeof(word), "[%s%s]", letter[1] ? letter : "",
			 spell(sorted[i], spelled));
		put_word(line, word, (int)strlen(word));
	}
}

void help_print_usage(const struct cli *cli)
{
	struct line line = {
		.to = cli->streams.out,
		.at = begin_usage(cli),
		.margin = USAGE_MARGIN,
	};

	if (cli->command)
		put_options(&line, cli->command, cli->command->options);
	put_options(&line, cli->command, common_options);
	put_words(&line, arguments(cli));
	putc('\n', line.to);
}
