// SPDX-License-Identifier: GPL-2.0-or-later
/* All that goes to standard error: failures, wrong usage, notes. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/command.h"
#include "core/utf8.h"

#define NOTE_MAX 8192 /* paths may be long */

static void print_prefix(const struct cli *cli)
{
	fputs("gmemctl: ", cli->streams.err);
	if (cli->where)
		fprintf(cli->streams.err, "%.400s:%zu: ", cli->where->file, cli->where->line);
	if (cli->command)
		fprintf(cli->streams.err, "%s: ", cli->command->name);
}

/*
 * A word of the command line may hold any byte. Terminals interpret some of them, and text after a
 * line break would look like another message.
 */
static void print_line(const struct cli *cli, char *text, const char *but)
{
	utf8_mask(text, but);
	print_prefix(cli);
	fprintf(cli->streams.err, "%s\n", text);
}

static bool is_inside_character(char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The middle of a long text is left out, since its end names the cause. */
static void format_text(char *text, size_t size, const char *format, va_list args)
{
	static const char gap[] = "...";
	size_t room = size - sizeof(gap), head = room / 2, length;
	char *whole, *tail;

	if (vasprintf(&whole, format, args) < 0) {
		snprintf(text, size, "out of memory");
		return;
	}
	length = strlen(whole);
	if (length < size) {
		memcpy(text, whole, length + 1);
	} else {
		tail = whole + length - (room - head);
		while (head && is_inside_character(whole[head]))
			head--;
		while (is_inside_character(*tail))
			tail++;
		snprintf(text, size, "%.*s%s%s", (int)head, whole, gap, tail);
	}
	free(whole);
}

/* The first failure is the cause, later ones follow from it: the document names the first. */
static void keep_error(struct cli *cli, struct cause cause, const char *format, va_list args)
{
	char text[sizeof(cli->error)];

	format_text(text, sizeof(text), format, args);
	if (!cli->failed) {
		memcpy(cli->error, text, sizeof(text));
		cli->cause = cause;
	}
	print_line(cli, text, "\t");
	cli->failed = true;
}

enum status cli_fail(struct cli *cli, enum status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_error(cli, cause_of_status(status), format, args);
	va_end(args);
	return status;
}

enum status cli_fail_as(struct cli *cli, enum status status, struct cause cause, const char *format,
			...)
{
	va_list args;

	va_start(args, format);
	keep_error(cli, cause, format, args);
	va_end(args);
	return status;
}

enum status cli_usage(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_error(cli, cause_of_status(STATUS_USAGE), format, args);
	va_end(args);
	fprintf(cli->streams.err, "Try 'gmemctl %s%s--help'.\n",
		cli->command ? cli->command->name : "", cli->command ? " " : "");
	return STATUS_USAGE;
}

const char *cli_explain(const struct cli *cli, int error, char *buffer, size_t size)
{
	if (cli->ctx)
		gmem_explain_error(cli->ctx, error, buffer, size);
	else
		snprintf(buffer, size, "%s", gmem_error_words(error));
	return buffer;
}

enum status cli_fail_error(struct cli *cli, int error, const char *what)
{
	enum status status = status_of_error(error);
	char text[1024];

	cli_explain(cli, error, text, sizeof(text));
	return cli_fail_as(cli, status, cause_of_error(error), "%s%s%s", what ? what : "",
			   what ? ": " : "", text);
}

enum status cli_no_memory(struct cli *cli)
{
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-ENOMEM), "out of memory");
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	char text[NOTE_MAX];
	va_list args;

	if (cli->common.quiet)
		return;
	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	print_line(cli, text, "\t");
}

void cli_note_lines(const struct cli *cli, const char *heading, const char *lines)
{
	char text[NOTE_MAX];

	if (cli->common.quiet)
		return;
	snprintf(text, sizeof(text), "%s:\n%s", heading, lines);
	print_line(cli, text, "\n\t");
}
