/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value of a row, and its text. */
#ifndef CLI_OUTPUT_CELL_H
#define CLI_OUTPUT_CELL_H

#include "output/columns.h"

/* Rows of another table: n times a value for each of its columns. */
struct cell_rows {
	const struct table *table;
	const struct cell *cells;
	size_t n;
};

/* Zeroed, it is an unknown value: JSON null, "-" in a table. */
struct cell {
	bool known;
	uint64_t number;	      /* KIND_NUMBER, _BYTES, _HEX, _ADDRESS, _BOOL */
	const char *text;	      /* KIND_TEXT, _STATE, _LIST, _ROWS, _OBJECT */
	const struct cell_rows *rows; /* KIND_ROWS, _OBJECT */
};

#define CELL_UNKNOWN ((struct cell){ 0 })

static inline struct cell cell_number(uint64_t number)
{
	return (struct cell){ .known = true, .number = number };
}

static inline struct cell cell_number_if(bool known, uint64_t number)
{
	return known ? cell_number(number) : CELL_UNKNOWN;
}

/* NULL makes an unknown value. The text must live until the row is written. */
static inline struct cell cell_text(const char *text)
{
	return (struct cell){ .known = text, .text = text };
}

/* Rows, and the text that stands for them where there is no room for rows. Both must live. */
static inline struct cell cell_rows(const struct cell_rows *rows, const char *text)
{
	return (struct cell){ .known = rows, .text = text, .rows = rows };
}

/* The text of a known value; buffer is used where it is not text itself. */
const char *cell_format(enum kind kind, const struct cell *cell, bool bytes,
			char buffer[CELL_TEXT_MAX]);

#endif
