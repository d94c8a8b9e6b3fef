/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is behind output.h: one renderer for each way to write a document. */
#ifndef CLI_OUTPUT_RENDERER_H
#define CLI_OUTPUT_RENDERER_H

#include "output/json.h"
#include "output/output.h"

struct libscols_table;
struct libscols_line;

/* Rows held to find the widths of columns; a longer table is drawn in parts as long as this. */
#define TABLE_ROWS_HELD 4096

struct renderer {
	void (*begin)(struct output *out, const struct document *document);
	void (*table)(struct output *out);
	void (*row)(struct output *out, size_t parent, const struct cell *cells);
	void (*flush)(struct output *out); /* NULL: nothing is held */
	void (*table_end)(struct output *out);
	void (*group)(struct output *out);
	void (*group_end)(struct output *out);
	void (*fact)(struct output *out, const char *name, enum kind kind,
		     const struct cell *value);
	void (*reason)(struct output *out, const char *name, const char *reason);
	void (*picture)(struct output *out, const struct picture *picture); /* NULL: not drawn */
	void (*end)(struct output *out, const struct ending *ending);
};

extern const struct renderer table_renderer;
extern const struct renderer lines_renderer; /* raw and pairs */
extern const struct renderer json_renderer;
extern const struct renderer jsonl_renderer;

struct output {
	const struct renderer *renderer;
	const struct format *format;
	FILE *stream;
	FILE *errors; /* what is no data */
	bool colored;
	bool quiet;
	bool left; /* whoever read the stream is gone */

	const struct table *main; /* the table that --output is about */
	struct selection main_selection;
	const struct table *table; /* the one being written, or NULL */
	struct selection selection;
	unsigned int tables; /* begun so far */
	const char *group;   /* of facts, or NULL */

	struct json json;
	struct document document; /* of jsonl_renderer, which begins it behind the rows */
	const char *copied_key;	  /* the last one of the row being written, or NULL */
	const char *copied;	  /* its document, or NULL */

	/* Of table_renderer: the part of the table that is held. */
	struct libscols_table *held;
	size_t first_held; /* row number of lines[0] */
	size_t n_held;
	size_t widths[COLUMNS_MAX]; /* of the part before */
	char unsaid[CELL_TEXT_MAX]; /* what it is about, see origin.h, until it was printed */
	bool is_part;		    /* see struct document */
	bool gap;		    /* a table was written, and a blank line comes before what
				     * follows */
	bool out_of_memory;
	/* Last, and not zeroed: n_held of them count. Many commands hold none. */
	struct libscols_line *lines[TABLE_ROWS_HELD];
};

#endif
