/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns: declared once by a command, drawn by every renderer. */
#ifndef CLI_OUTPUT_COLUMNS_H
#define CLI_OUTPUT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a value is; decides how each renderer writes it. */
enum kind {
	KIND_TEXT,
	KIND_STATE,   /* a word of a fixed set, coloured by what it means */
	KIND_LIST,    /* words with commas between; a JSON array */
	KIND_NUMBER,  /* decimal */
	KIND_BYTES,   /* 4M, or decimal with --bytes; a JSON number */
	KIND_HEX,     /* PFN or offset: 0x… for people, a JSON number */
	KIND_ADDRESS, /* guest-physical address: 0x…, a JSON string */
	KIND_BOOL,    /* yes or no */
	KIND_ROWS,    /* rows of another table: a JSON array of objects, elsewhere their text */
	KIND_OBJECT,  /* one such row: a JSON object */
};

struct column {
	const char *name; /* JSON key: lower case, '_' between words */
	enum kind kind;
	bool shown; /* without --output */
	bool tree;  /* draws the tree of rows, in tables */
	bool wrap;  /* may take several lines on a narrow terminal */
	const char *help;
	unsigned char width; /* at least so wide, in tables that are drawn as rows come; 0: any */
};

/* Rows of one sort: the name is the JSON key of their array. */
struct table {
	const char *name;
	const struct column *columns;
	size_t n;
};

#define COLUMNS_MAX 32

/* How many columns there are; a table with more than a selection has room for does not compile. */
#define TABLE_LENGTH(columns)                     \
	(sizeof(columns) / sizeof((columns)[0]) + \
	 0 * sizeof(char[sizeof(columns) / sizeof((columns)[0]) <= COLUMNS_MAX ? 1 : -1]))

#define TABLE(table_name, table_columns)                          \
	{                                                         \
		.name = (table_name), .columns = (table_columns), \
		.n = TABLE_LENGTH(table_columns),                 \
	}

/* The columns of a table to show, in this order. */
struct selection {
	size_t index[COLUMNS_MAX];
	size_t n;
};

/* Room for a heading or the text of a value that is not text itself. */
#define CELL_TEXT_MAX 64

/* The heading of a column: "FIRST-PFN", or with '_' for shell variables: "FIRST_PFN". */
const char *column_heading(const struct column *column, char dash, char buffer[CELL_TEXT_MAX]);

/*
 * Reads a list of --output: names of columns with commas between, a leading '+' adds to those
 * shown anyway; NULL selects these, all selects every column. Returns false and the name that
 * is no column in wrong[]. second is a table that the same command writes below this one, or NULL:
 * names after a '+' may be columns of either.
 */
bool columns_select(const struct table *table, const struct table *second, const char *list,
		    bool all, struct selection *selection, char wrong[CELL_TEXT_MAX]);

/*
 * Selects columns of such a second table: those shown anyway, or all of them, and after a '+' those
 * that the list names. A list without '+' is about the first table only.
 */
void columns_select_second(const struct table *table, const char *list, bool all,
			   struct selection *selection);

/* Whether the table has a column of that name, in either case, which may end with a comma. */
bool columns_have(const struct table *table, const char *name);

/* Whether a table's column is among those to be shown. */
bool columns_selected(const struct selection *selection, size_t index);

#endif
