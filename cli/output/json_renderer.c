// SPDX-License-Identifier: GPL-2.0-or-later
/* A document as one JSON object, whatever happens. Types never change with the data. */
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

static void write_rows(struct json *json, const char *key, const struct cell_rows *rows)
{
	const struct table *of = rows->table;

	json_array(json, key);
	for (size_t i = 0; i < rows->n; i++) {
		json_object(json, NULL);
		for (size_t k = 0; k < of->n; k++)
			write_value(json, of->columns[k].name, of->columns[k].kind,
				    &rows->cells[i * of->n + k]);
		json_end(json);
	}
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

static void row(struct output *out, size_t parent, const struct cell *cells)
{
	(void)parent; /* a table with a tree has the parent in a column */
	json_object(&out->json, NULL);
	for (size_t i = 0; i < out->selection.n; i++) {
		size_t index = out->selection.index[i];
		const struct column *column = &out->table->columns[index];

		write_value(&out->json, column->name, column->kind, &cells[index]);
	}
	if (out->copied)
		json_copy(&out->json, out->copied_key, out->copied);
	else if (out->copied_key)
		json_null(&out->json, out->copied_key);
	json_end(&out->json);
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
