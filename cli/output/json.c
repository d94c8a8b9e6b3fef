// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/json.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "core/utf8.h"

/*
 * Each key of the document and each row of its arrays gets a line of its own; values inside them do
 * not.
 */
#define LINE_DEPTH 2

static void new_line(struct json *json, unsigned int depth)
{
	if (depth > LINE_DEPTH || json->one_line)
		return;
	putc_unlocked('\n', json->stream);
	while (depth--)
		putc_unlocked('\t', json->stream);
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* A control character of up to two bytes, a quote or a backslash. */
static void write_escape(FILE *stream, const unsigned char *text, size_t length)
{
	unsigned char byte = text[length - 1]; /* of U+0080 to U+009F, it is the number too */

	if (byte == '"' || byte == '\\')
		fprintf(stream, "\\%c", byte);
	else if (byte == '\n')
		fputs("\\n", stream);
	else if (byte == '\t')
		fputs("\\t", stream);
	else
		fprintf(stream, "\\u%04x", byte);
}

/* One character that is not plain ASCII; returns what follows it. */
static const unsigned char *write_special(FILE *stream, const unsigned char *text)
{
	size_t length = utf8_length(text);

	if (length == 0) {
		fputs(UTF8_REPLACEMENT, stream);
		return text + 1;
	}
	if (length == 1 || !utf8_shown(text))
		write_escape(stream, text, length);
	else
		fwrite(text, 1, length, stream);
	return text + length;
}

/* Names of processes and files may hold any byte, but JSON allows only some. */
static void write_string(FILE *stream, const char *value)
{
	const unsigned char *text = (const unsigned char *)value;

	putc_unlocked('"', stream);
	while (*text) {
		if (is_plain(*text))
			putc_unlocked(*text++, stream);
		else
			text = write_special(stream, text);
	}
	putc_unlocked('"', stream);
}

/* printf would take most of the time when pages are listed. */
static void write_number(FILE *stream, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		putc_unlocked(digits[--n], stream);
}

static void begin_value(struct json *json, const char *key)
{
	unsigned int depth = json->depth;

	if (depth == 0) {
		assert(!key && !json->has_element[0]);
		json->has_element[0] = true;
		return;
	}
	assert(json->is_array[depth] == !key);
	if (json->has_element[depth])
		putc_unlocked(',', json->stream);
	json->has_element[depth] = true;
	new_line(json, depth);
	if (key) {
		write_string(json->stream, key);
		putc_unlocked(':', json->stream);
	}
}

static void open_value(struct json *json, const char *key, bool is_array)
{
	begin_value(json, key);
	assert(json->depth + 1 < JSON_DEPTH_MAX);
	json->depth++;
	json->is_array[json->depth] = is_array;
	json->has_element[json->depth] = false;
	putc(is_array ? '[' : '{', json->stream);
}

void json_object(struct json *json, const char *key)
{
	open_value(json, key, false);
}

void json_array(struct json *json, const char *key)
{
	open_value(json, key, true);
}

void json_end(struct json *json)
{
	assert(json->depth > 0);
	/* An object of a row was written on the row's own line, and so ends there. */
	if (json->has_element[json->depth] && json->depth <= LINE_DEPTH)
		new_line(json, json->depth - 1);
	putc(json->is_array[json->depth] ? ']' : '}', json->stream);
	if (--json->depth == 0)
		putc('\n', json->stream);
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	write_string(json->stream, value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	write_number(json->stream, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->stream);
}

void json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->stream);
}

void json_copy(struct json *json, const char *key, const char *document)
{
	begin_value(json, key);
	/* In strings these two are escaped. */
	for (; *document; document += strspn(document, "\n\t")) {
		size_t length = strcspn(document, "\n\t");

		fwrite(document, 1, length, json->stream);
		document += length;
	}
}
