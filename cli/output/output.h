/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where answers go. A command writes tables (rows of declared columns) and facts (single named
 * values); the format decides how they look. Rows are written as they come, nothing is held
 * but a bounded number of them for the widths of a table's columns.
 *
 *   format   tables                          facts
 *   table    each, aligned, with headings    a line each, "name: value"
 *   raw      the first                       "name value", beside a table "# name value"
 *   pairs    the first, NAME="value"         NAME="value", beside a table FACT_NAME="value"
 *   json     each, an array                  keys of the document
 *   jsonl    a row is an object on a line    keys of an object on the last line
 */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include "core/streams.h"
#include "output/cell.h"

enum style { STYLE_TABLE, STYLE_RAW, STYLE_PAIRS, STYLE_JSON, STYLE_JSONL };

/* Whether values go out as JSON. */
static inline bool style_is_json(enum style style)
{
	return style == STYLE_JSON || style == STYLE_JSONL;
}

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct format {
	enum style style;
	enum color color;
	bool no_headings;
	bool bytes;
	bool all_columns;
	const char *columns; /* of --output, for the command's own table; or NULL */
};

/*
 * What the document says about itself. NULL means not known. If model, sysroot and core are all
 * NULL, it is about the running kernel.
 */
struct document {
	const char *command;
	const char *kernel;  /* its release */
	const char *model;   /* of the simulated kernel; NULL: no */
	const char *sysroot; /* folder of the snapshot; NULL: no */
	const char *core;    /* file of the dump; NULL: no */
	bool is_part;	     /* a part of a larger output, which says itself what it is about */
};

struct output;
struct picture;

#define NO_PARENT SIZE_MAX

/*
 * Begins the document. table is the one that --output is about, NULL for none; quiet keeps
 * everything but JSON back. NULL where memory is short.
 */
struct output *output_new(const struct streams *streams, const struct format *format,
			  const struct document *document, const struct table *table,
			  const struct selection *selection, bool quiet);

/* What failed first. */
struct document_error {
	const char *message;
	const char *code;
	const char *error; /* name of the errno, or NULL */
};

/* How the run ends. */
struct ending {
	const struct document_error *error; /* NULL where nothing failed */
	int status;			    /* the exit status */
	int accepted; /* what it would be without --accept; 0 where that is the same */
};

/* Ends the document. */
void output_free(struct output *out, const struct ending *ending);

/* Whether a terminal on standard output is to have colours: NO_COLOR, TERM and --color say it. */
bool output_wants_color(enum color color);

/* Whether a column is shown: what is not need not be looked up. */
bool output_wants(const struct output *out, const struct table *table, size_t column);

/* Whether facts are shown: what they say needs to be looked up. */
bool output_shows_facts(const struct output *out);

void output_table(struct output *out, const struct table *table);
void output_table_end(struct output *out);

/* cells has one value for each column of the table, shown or not. */
void output_row(struct output *out, const struct cell *cells);

/* The same; in JSON its last key has a document that was written before, or NULL. */
void output_row_with(struct output *out, const struct cell *cells, const char *key,
		     const char *document);

/* As output_row(), under an earlier row of this table (counted from 0) in its tree. */
void output_row_under(struct output *out, size_t parent, const struct cell *cells);

/* A picture, which is for people: only the style table draws it. */
void output_picture(struct output *out, const struct picture *picture);

/* Flushes what was written so far, for rows that come over time. */
void output_flush(struct output *out);

/* Whether standard output takes nothing any more. */
bool output_failed(const struct output *out);

/* Facts between these two are one object of the document, "name key" for people. */
void output_group(struct output *out, const char *name);
void output_group_end(struct output *out);

/* A fact that is always known. */
void output_fact(struct output *out, const char *name, enum kind kind, struct cell value);

/* One that may be unknown: reason says why, NULL otherwise; in JSON its key is name_reason. */
void output_fact_or_reason(struct output *out, const char *name, enum kind kind, struct cell value,
			   const char *reason);

#endif
