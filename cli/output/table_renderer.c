// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A document for people: tables through libsmartcols, facts a line each.
 *
 * libsmartcols holds a whole table in memory, half a gigabyte for a million rows, so a long one is
 * drawn in parts. The first part sets the widths; the others keep them and have no headings.
 */
#include "output/origin.h"
#include "output/renderer.h"

#include <libsmartcols/libsmartcols.h>
#include <string.h>

#include "core/utf8.h"
#include "output/color.h"
#include "output/picture.h"

/* What a word means, in a colour; words without one are left alone. */
static const struct {
	const char *word;
	const char *color;
} state_colors[] = {
	{ "pass", COLOR_GREEN },	 { "safe", COLOR_GREEN },
	{ "ok", COLOR_GREEN },		 { "fail", COLOR_RED },
	{ "faults", COLOR_RED },	 { "failed", COLOR_RED },
	{ "refused", COLOR_RED },	 { "unmapped", COLOR_RED },
	{ "cannot-tell", COLOR_YELLOW }, { "unknown", COLOR_YELLOW },
	{ "skip", COLOR_DIM },		 { "skipped", COLOR_DIM },
	{ "not-applicable", COLOR_DIM }, { "not-offered", COLOR_DIM },
};

/* Room for the longest name of a fact, so that the values stand under each other. */
#define FACT_WIDTH 20

static const char *state_color(const char *word)
{
	for (size_t i = 0; i < sizeof(state_colors) / sizeof(state_colors[0]); i++)
		if (!strcmp(state_colors[i].word, word))
			return state_colors[i].color;
	return NULL;
}

static bool is_right_aligned(enum kind kind)
{
	return kind == KIND_NUMBER || kind == KIND_BYTES || kind == KIND_HEX ||
	       kind == KIND_ADDRESS;
}

/*
 * libsmartcols takes a width as a hint, and ignores it if all values are shorter than the heading.
 * So a heading is made as wide as its column, and the parts after the first have no headings.
 */
static const char *heading_of(const struct output *out, size_t i, char text[CELL_TEXT_MAX])
{
	const struct column *column = &out->table->columns[out->selection.index[i]];
	int width = (int)out->widths[i];
	char name[CELL_TEXT_MAX];

	if (out->first_held)
		return "";
	column_heading(column, '-', name);
	if (is_right_aligned(column->kind))
		snprintf(text, CELL_TEXT_MAX, "%*s", width, name);
	else
		snprintf(text, CELL_TEXT_MAX, "%-*s", i + 1 < out->selection.n ? width : 0, name);
	return text;
}

static void add_column(struct output *out, size_t i)
{
	const struct column *column = &out->table->columns[out->selection.index[i]];
	char heading[CELL_TEXT_MAX];
	int flags = (is_right_aligned(column->kind) ? SCOLS_FL_RIGHT : 0) |
		    (column->tree ? SCOLS_FL_TREE : 0) | (column->wrap ? SCOLS_FL_WRAP : 0);
	/* Below 1 a hint is a share of the terminal's width, from 1 on it is a width. */
	double hint = out->widths[i] ? (double)out->widths[i] : 0.01;

	if (!scols_table_new_column(out->held, heading_of(out, i, heading), hint, flags))
		out->out_of_memory = true;
}

static void begin_part(struct output *out)
{
	out->held = scols_new_table();
	if (!out->held) {
		out->out_of_memory = true;
		return;
	}
	scols_table_enable_noheadings(out->held, out->format->no_headings || out->first_held);
	scols_table_enable_colors(out->held, out->colored);
	scols_table_set_stream(out->held, out->stream);
	for (size_t i = 0; i < out->selection.n; i++)
		add_column(out, i);
}

/*
 * If the output is not about the running kernel, its first line says what it is about. A blank line
 * follows a table.
 */
static void begin_block(struct output *out)
{
	if (*out->unsaid && !out->format->no_headings) {
		fprintf(out->stream, "%s\n", out->unsaid);
		*out->unsaid = '\0';
	}
	if (out->gap)
		putc('\n', out->stream);
	out->gap = false;
}

static void end_part(struct output *out)
{
	if (!out->held)
		return;
	if (out->n_held) {
		if (!out->first_held)
			begin_block(out);
		scols_print_table(out->held);
	}
	for (size_t i = 0; i < out->selection.n; i++) {
		struct libscols_column *column = scols_table_get_column(out->held, i);

		out->widths[i] = column ? scols_column_get_width(column) : 0;
	}
	scols_unref_table(out->held);
	out->held = NULL;
	out->first_held += out->n_held;
	out->n_held = 0;
}

static void table(struct output *out)
{
	out->first_held = 0;
	for (size_t i = 0; i < out->selection.n; i++)
		out->widths[i] = out->table->columns[out->selection.index[i]].width;
	begin_part(out);
}

/* Draws what is held, and goes on with its widths. */
static void flush(struct output *out)
{
	if (!out->n_held)
		return;
	end_part(out);
	begin_part(out);
}

static void set_cell(struct output *out, struct libscols_line *line, size_t i,
		     const struct cell *cell)
{
	const struct column *column = &out->table->columns[out->selection.index[i]];
	char text[CELL_TEXT_MAX];
	const char *value =
		cell->known ? cell_format(column->kind, cell, out->format->bytes, text) : "-";

	if (scols_line_set_data(line, i, *value ? value : "-"))
		out->out_of_memory = true;
	if (column->kind == KIND_STATE && state_color(value))
		scols_cell_set_color(scols_line_get_cell(line, i), state_color(value));
}

static struct libscols_line *held_line(struct output *out, size_t row)
{
	if (row == NO_PARENT || row < out->first_held || row - out->first_held >= out->n_held)
		return NULL;
	return out->lines[row - out->first_held];
}

static void row(struct output *out, size_t parent, const struct cell *cells)
{
	struct libscols_line *line;

	if (out->n_held == TABLE_ROWS_HELD)
		flush(out);
	if (!out->held)
		return;
	line = scols_table_new_line(out->held, held_line(out, parent));
	if (!line) {
		out->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < out->selection.n; i++)
		set_cell(out, line, i, &cells[out->selection.index[i]]);
	out->lines[out->n_held++] = line;
}

static void fact(struct output *out, const char *name, enum kind kind, const struct cell *value)
{
	char label[CELL_TEXT_MAX], text[CELL_TEXT_MAX];
	const char *color;
	const char *shown =
		value->known ? cell_format(kind, value, out->format->bytes, text) : "unknown";

	begin_block(out);
	snprintf(label, sizeof(label), "%s%s%s:", out->group ? out->group : "",
		 out->group ? " " : "", name);
	for (char *c = label; *c; c++)
		if (*c == '_')
			*c = ' ';
	color = out->colored && kind == KIND_STATE ? state_color(shown) : NULL;
	fprintf(out->stream, "%-*s %s", FACT_WIDTH, label, color ? color : "");
	/* In a table libsmartcols does this. */
	utf8_write(out->stream, *shown ? shown : "-", "");
	fprintf(out->stream, "%s\n", color ? COLOR_PLAIN : "");
}

static void reason(struct output *out, const char *name, const char *text)
{
	(void)name;
	if (!text)
		return;
	fprintf(out->stream, "%-*s ", FACT_WIDTH, "");
	utf8_write(out->stream, text, "");
	putc('\n', out->stream);
}

static void table_end(struct output *out)
{
	end_part(out);
	out->gap = out->first_held > 0;
}

static void picture(struct output *out, const struct picture *picture)
{
	begin_block(out);
	picture_draw(out->stream, picture, out->colored, !out->format->no_headings);
	out->gap = true;
}

static void nothing(struct output *out)
{
	(void)out;
}

static void begin(struct output *out, const struct document *document)
{
	output_origin(document, out->unsaid);
	out->is_part = document->is_part;
}

/*
 * Without headings the output is for a script, see lines_renderer.c; without data nothing is
 * written.
 */
static void end(struct output *out, const struct ending *ending)
{
	(void)ending; /* said on standard error */
	end_part(out);
	if (*out->unsaid && !out->is_part)
		fprintf(out->errors, "gmemctl: %s\n", out->unsaid);
	if (out->out_of_memory)
		fputs("gmemctl: out of memory: the table is not complete\n", out->errors);
}

const struct renderer table_renderer = {
	.begin = begin,
	.table = table,
	.row = row,
	.flush = flush,
	.table_end = table_end,
	.group = nothing,
	.group_end = nothing,
	.fact = fact,
	.reason = reason,
	.picture = picture,
	.end = end,
};
