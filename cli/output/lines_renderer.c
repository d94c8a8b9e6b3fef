// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A document for scripts, a line a row: raw (values with blanks between) and pairs (NAME="value",
 * as shells read it). Only the first table is written, so that all rows have the same columns.
 * Facts beside the table are lines that cannot be mistaken for rows: "# name value",
 * FACT_NAME="value". If columns were chosen, there are no facts.
 */
#include "output/origin.h"
#include "output/renderer.h"

#include <ctype.h>
#include <string.h>

#include "core/utf8.h"

/* A blank would split a value in two, and an empty value would be invisible. */
static void write_raw(struct output *out, const char *text)
{
	utf8_write(out->stream, *text ? text : "-", "\\ ");
}

/* Lines that begin with '#' are facts. */
static void write_first(struct output *out, const char *text)
{
	if (*text == '#')
		fprintf(out->stream, "\\x%02x", *text++);
	if (*text)
		write_raw(out, text);
}

static void write_pair(struct output *out, const char *name, const char *text)
{
	fprintf(out->stream, "%s=\"", name);
	utf8_write(out->stream, text, "\\\"$`"); /* these mean something to a shell */
	putc('"', out->stream);
}

static void row(struct output *out, size_t parent, const struct cell *cells)
{
	bool pairs = out->format->style == STYLE_PAIRS;
	char heading[CELL_TEXT_MAX], text[CELL_TEXT_MAX];

	(void)parent;
	if (out->tables > 1)
		return;
	for (size_t i = 0; i < out->selection.n; i++) {
		size_t index = out->selection.index[i];
		const struct column *column = &out->table->columns[index];
		const struct cell *cell = &cells[index];
		const char *value =
			cell->known ? cell_format(column->kind, cell, out->format->bytes, text)
				    : "";

		if (i)
			putc(' ', out->stream);
		if (pairs)
			write_pair(out, column_heading(column, '_', heading), value);
		else if (i || !*value)
			write_raw(out, value);
		else
			write_first(out, value);
	}
	putc('\n', out->stream);
}

static void table(struct output *out)
{
	char heading[CELL_TEXT_MAX];

	if (out->tables > 1 || out->format->style == STYLE_PAIRS || out->format->no_headings)
		return;
	for (size_t i = 0; i < out->selection.n; i++) {
		const struct column *column = &out->table->columns[out->selection.index[i]];

		fprintf(out->stream, "%s%s", i ? " " : "", column_heading(column, '-', heading));
	}
	putc('\n', out->stream);
}

/* "mapped_4K" in group "mapped" */
static void full_name(const struct output *out, const char *name, char buffer[CELL_TEXT_MAX])
{
	snprintf(buffer, CELL_TEXT_MAX, "%s%s%s", out->group ? out->group : "",
		 out->group ? "_" : "", name);
}

static void write_fact(struct output *out, const char *name, const char *value)
{
	bool beside = out->tables > 0;

	if (out->format->style == STYLE_PAIRS) {
		char label[CELL_TEXT_MAX], *c = label;

		snprintf(label, sizeof(label), "%s", name);
		for (; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		fputs(beside ? "FACT_" : "", out->stream);
		write_pair(out, label, value);
	} else {
		fprintf(out->stream, "%s%s ", beside ? "# " : "", name);
		write_raw(out, value);
	}
	putc('\n', out->stream);
}

static void fact(struct output *out, const char *name, enum kind kind, const struct cell *value)
{
	char label[CELL_TEXT_MAX], text[CELL_TEXT_MAX];

	full_name(out, name, label);
	write_fact(out, label,
		   value->known ? cell_format(kind, value, out->format->bytes, text) : "");
}

static void reason(struct output *out, const char *name, const char *text)
{
	char label[CELL_TEXT_MAX], key[CELL_TEXT_MAX + 8];

	if (!text)
		return;
	full_name(out, name, label);
	snprintf(key, sizeof(key), "%s_reason", label);
	write_fact(out, key, text);
}

static void begin(struct output *out, const struct document *document)
{
	char origin[CELL_TEXT_MAX];

	/* It is not a row, so it goes to standard error, where it does not disturb scripts. */
	output_origin(document, origin);
	if (*origin && !document->is_part)
		fprintf(out->errors, "gmemctl: %s\n", origin);
}

static void nothing(struct output *out)
{
	(void)out;
}

static void end(struct output *out, const struct ending *ending)
{
	(void)out;
	(void)ending; /* said on standard error */
}

const struct renderer lines_renderer = {
	.begin = begin,
	.table = table,
	.row = row,
	.table_end = nothing,
	.group = nothing,
	.group_end = nothing,
	.fact = fact,
	.reason = reason,
	.end = end,
};
