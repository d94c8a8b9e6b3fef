// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes a document as one JSON object, whatever happens. Types never change with the data. */
#include "output/renderer.h"

#include <inttypes.h>
#include <string.h>
#include <gmem/base.h>

/* Keys may be added at any time; a change of one's meaning or type is a new version. */
#define SCHEMA_VERSION 1

static void text_or_null(struct json *json, const char *key, const char *text)
{
	if (text)
		json_string(json, key, text);
	else
		json_null(json, key);
}

static void begin(struct output *out, const struct document *document)
{
	struct json *json = &out->json;

	json_object(json, NULL);
	json_number(json, "schema_version", SCHEMA_VERSION);
	json_string(json, "tool", "gmemctl");
	json_string(json, "version", gmem_version());
	text_or_null(json, "command", document->command);
	text_or_null(json, "kernel", document->kernel);
	text_or_null(json, "simulated", document->model);
	text_or_null(json, "snapshot", document->sysroot);
	text_or_null(json, "dump", document->core);
}

static void end(struct output *out, const struct ending *ending)
{
	struct json *json = &out->json;

	/* A command that failed in the middle of a table leaves it open. */
	while (json->depth > 1)
		json_end(json);
	if (ending->error) {
		int status = ending->accepted ? ending->accepted : ending->status;

		json_object(json, "error");
		json_string(json, "message", ending->error->message);
		json_string(json, "code", ending->error->code);
		text_or_null(json, "errno", ending->error->error);
		json_number(json, "status", (uint64_t)status);
		json_end(json);
	} else {
		json_null(json, "error");
	}
	json_number(json, "status", (uint64_t)ending->status);
	if (ending->accepted)
		json_number(json, "accepted", (uint64_t)ending->accepted);
	else
		json_null(json, "accepted");
	json_end(json);
}

static void write_list(struct json *json, const char *key, const char *list)
{
	char word[CELL_TEXT_MAX];

	json_array(json, key);
	while (*list) {
		size_t length = strcspn(list, ",");

		snprintf(word, sizeof(word), "%.*s", (int)length, list);
		json_string(json, NULL, word);
		list += length + (list[length] == ',');
	}
	json_end(json);
}

static void write_value(struct json *json, const char *key, enum kind kind,
			const struct cell *cell);

static void write_object(struct json *json, const char *key, const struct table *of,
			 const struct cell *cells)
{
	json_object(json, key);
	for (size_t k = 0; k < of->n; k++)
		write_value(json, of->columns[k].name, of->columns[k].kind, &cells[k]);
	json_end(json);
}

static void write_rows(struct json *json, const char *key, const struct cell_rows *rows)
{
	const struct table *of = rows->table;

	json_array(json, key);
	for (size_t i = 0; i < rows->n; i++)
		write_object(json, NULL, of, &rows->cells[i * of->n]);
	json_end(json);
}

static void write_value(struct json *json, const char *key, enum kind kind, const struct cell *cell)
{
	char text[CELL_TEXT_MAX];

	if (!cell->known) {
		json_null(json, key);
		return;
	}
	switch (kind) {
	case KIND_TEXT:
	case KIND_STATE:
	case KIND_ADDRESS:
		json_string(json, key, cell_format(kind, cell, true, text));
		break;
	case KIND_LIST:
		write_list(json, key, cell->text);
		break;
	case KIND_ROWS:
		write_rows(json, key, cell->rows);
		break;
	case KIND_OBJECT:
		write_object(json, key, cell->rows->table, cell->rows->cells);
		break;
	case KIND_BOOL:
		json_bool(json, key, cell->number);
		break;
	case KIND_NUMBER:
	case KIND_BYTES:
	case KIND_HEX:
		json_number(json, key, cell->number);
		break;
	}
}

static void table(struct output *out)
{
	json_array(&out->json, out->table->name);
}

static void write_row(struct json *json, const struct output *out, const struct cell *cells)
{
	json_object(json, NULL);
	for (size_t i = 0; i < out->selection.n; i++) {
		size_t index = out->selection.index[i];
		const struct column *column = &out->table->columns[index];

		write_value(json, column->name, column->kind, &cells[index]);
	}
	if (out->copied)
		json_copy(json, out->copied_key, out->copied);
	else if (out->copied_key)
		json_null(json, out->copied_key);
	json_end(json);
}

static void row(struct output *out, size_t parent, const struct cell *cells)
{
	(void)parent; /* a table with a tree has the parent in a column */
	write_row(&out->json, out, cells);
}

static void table_end(struct output *out)
{
	json_end(&out->json);
}

static void group(struct output *out)
{
	json_object(&out->json, out->group);
}

static void fact(struct output *out, const char *name, enum kind kind, const struct cell *value)
{
	write_value(&out->json, name, kind, value);
}

static void reason(struct output *out, const char *name, const char *text)
{
	char key[CELL_TEXT_MAX];

	snprintf(key, sizeof(key), "%s_reason", name);
	text_or_null(&out->json, key, text);
}

const struct renderer json_renderer = {
	.begin = begin,
	.table = table,
	.row = row,
	.table_end = table_end,
	.group = group,
	.group_end = table_end,
	.fact = fact,
	.reason = reason,
	.end = end,
};

/* Rows are objects on lines of their own. The document, without them, is the last line. */
static void begin_lines(struct output *out, const struct document *document)
{
	out->document = *document;
	out->json.one_line = true;
}

static void begin_last(struct output *out)
{
	if (!out->json.depth)
		begin(out, &out->document);
}

static void write_line(struct output *out, size_t parent, const struct cell *cells)
{
	struct json json = { .stream = out->stream, .one_line = true };

	(void)parent;
	write_row(&json, out, cells);
}

static void no_table(struct output *out)
{
	(void)out;
}

static void group_of_last(struct output *out)
{
	begin_last(out);
	group(out);
}

static void fact_of_last(struct output *out, const char *name, enum kind kind,
			 const struct cell *value)
{
	begin_last(out);
	fact(out, name, kind, value);
}

static void end_lines(struct output *out, const struct ending *ending)
{
	begin_last(out);
	end(out, ending);
}

const struct renderer jsonl_renderer = {
	.begin = begin_lines,
	.table = no_table,
	.row = write_line,
	.table_end = no_table,
	.group = group_of_last,
	.group_end = table_end,
	.fact = fact_of_last,
	.reason = reason,
	.end = end_lines,
};
