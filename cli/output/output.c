// SPDX-License-Identifier: GPL-2.0-or-later
/* Passes what a command writes to the renderer of the chosen format. */
#include "output/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/renderer.h"

static const struct renderer *const renderers[] = {
	[STYLE_TABLE] = &table_renderer, [STYLE_RAW] = &lines_renderer,
	[STYLE_PAIRS] = &lines_renderer, [STYLE_JSON] = &json_renderer,
	[STYLE_JSONL] = &jsonl_renderer,
};

/* https://no-color.org: set and not empty. A terminal that is dumb takes no escapes either. */
bool output_wants_color(enum color color)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	if ((no_color && *no_color) || !term || !strcmp(term, "dumb"))
		return false;
	return isatty(STDOUT_FILENO);
}

struct output *output_new(const struct streams *streams, const struct format *format,
			  const struct document *document, const struct table *table,
			  const struct selection *selection, bool quiet)
{
	struct output *out = malloc(sizeof(*out));

	if (!out)
		return NULL;
	memset(out, 0, offsetof(struct output, lines));
	out->renderer = renderers[format->style];
	out->format = format;
	out->stream = streams->out;
	out->errors = streams->err;
	out->quiet = quiet && !style_is_json(format->style);
	out->colored =
		!out->quiet && format->style == STYLE_TABLE && output_wants_color(format->color);
	out->main = table;
	out->main_selection = *selection;
	out->json.stream = out->stream;
	if (!out->quiet)
		out->renderer->begin(out, document);
	return out;
}

void output_free(struct output *out, const struct ending *ending)
{
	if (!out->quiet)
		out->renderer->end(out, ending);
	free(out);
}

static void select_columns(const struct output *out, const struct table *table,
			   struct selection *selection)
{
	/* Programs pick values of JSON by key, so they get all columns unless they chose some. */
	bool all = out->format->all_columns || style_is_json(out->format->style);

	if (table == out->main)
		*selection = out->main_selection;
	else
		columns_select_second(table, out->format->columns, all, selection);
}

bool output_wants(const struct output *out, const struct table *table, size_t column)
{
	struct selection selection;

	select_columns(out, table, &selection);
	return !out->quiet && columns_selected(&selection, column);
}

bool output_shows_facts(const struct output *out)
{
	const struct format *format = out->format;
	bool for_scripts = format->style == STYLE_RAW || format->style == STYLE_PAIRS;

	/* A script that named its columns expects only lines with these. */
	return !out->quiet && !(for_scripts && format->columns && *format->columns != '+');
}

void output_table(struct output *out, const struct table *table)
{
	out->table = table;
	out->tables++;
	select_columns(out, table, &out->selection);
	if (!out->quiet)
		out->renderer->table(out);
}

void output_table_end(struct output *out)
{
	if (!out->quiet)
		out->renderer->table_end(out);
	out->table = NULL;
}

void output_row(struct output *out, const struct cell *cells)
{
	output_row_under(out, NO_PARENT, cells);
}

void output_row_with(struct output *out, const struct cell *cells, const char *key,
		     const char *document)
{
	out->copied_key = key;
	out->copied = document;
	output_row(out, cells);
	out->copied_key = NULL;
	out->copied = NULL;
}

void output_row_under(struct output *out, size_t parent, const struct cell *cells)
{
	if (!out->quiet)
		out->renderer->row(out, parent, cells);
}

void output_picture(struct output *out, const struct picture *picture)
{
	if (!out->quiet && out->renderer->picture)
		out->renderer->picture(out, picture);
}

void output_flush(struct output *out)
{
	if (!out->quiet && out->renderer->flush)
		out->renderer->flush(out);
	errno = 0;
	if (!fflush(out->stream) || errno != EPIPE)
		return;
	/* This is not a failure: the end of main() finds the same, and ignores it. */
	clearerr(out->stream);
	out->left = true;
}

bool output_failed(const struct output *out)
{
	return out->left || ferror(out->stream);
}

void output_group(struct output *out, const char *name)
{
	out->group = name;
	if (!out->quiet)
		out->renderer->group(out);
}

void output_group_end(struct output *out)
{
	if (!out->quiet)
		out->renderer->group_end(out);
	out->group = NULL;
}

void output_fact(struct output *out, const char *name, enum kind kind, struct cell value)
{
	if (output_shows_facts(out))
		out->renderer->fact(out, name, kind, &value);
}

void output_fact_or_reason(struct output *out, const char *name, enum kind kind, struct cell value,
			   const char *reason)
{
	output_fact(out, name, kind, value);
	if (output_shows_facts(out))
		out->renderer->reason(out, name, reason);
}
