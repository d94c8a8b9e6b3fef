/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON writer that keeps only its position, so that memory does not grow with the document. Wrong
 * nesting, or a key in a wrong place, is a bug and ends the program.
 */
#ifndef CLI_OUTPUT_JSON_H
#define CLI_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 8

struct json {
	FILE *stream;
	bool one_line;
	unsigned int depth;
	bool is_array[JSON_DEPTH_MAX];
	bool has_element[JSON_DEPTH_MAX];
};

/* key is NULL for an element of an array and for the document itself. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end(struct json *json); /* of the innermost object or array */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* A document that this writer wrote elsewhere, on one line. */
void json_copy(struct json *json, const char *key, const char *document);

#endif
