// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A reader that looks for one member of an object and passes over the others. A line that was cut
 * off is not an error, and a line that is not an object stays as it is.
 */
#include "oops/json.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* journalctl's name of it, and that of Docker's files. */
static const char *const names[] = { "\"MESSAGE\"", "\"log\"" };

static char *blanks(char *at)
{
	return at + strspn(at, " \t\r");
}

/* Behind a string that begins here; its end may be missing. */
static char *pass_string(char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

/* Behind a value: up to the comma or bracket that ends it. */
static char *pass_value(char *at)
{
	unsigned int depth = 0;

	while (*at && (depth || !strchr(",}]", *at))) {
		if (*at == '"') {
			at = pass_string(at);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
	}
	return at;
}

/* UTF-8 of a code point below 0x10000; of one that takes two, and of zero, a question mark. */
static char *put_code(char *out, unsigned int code)
{
	if (!code || (code >= 0xd800 && code < 0xe000))
		code = '?';
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* What an escape stands for, which is never longer than that. at: behind the backslash. */
static char *take_escape(char **at, char *out)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	char digits[5] = "";
	const char *known;
	int n = 0;

	if (**at != 'u') {
		known = strchr(from, **at);
		*out++ = known ? to[known - from] : **at;
		++*at;
		return out;
	}
	for (++*at; n < 4 && isxdigit((unsigned char)**at); n++)
		digits[n] = *(*at)++;
	return put_code(out, (unsigned int)strtoul(digits, NULL, 16));
}

static char *take_string(char *at, char *out, bool *whole)
{
	for (at++; *at && *at != '"';) {
		if (*at == '\\' && at[1]) {
			at++;
			out = take_escape(&at, out);
		} else {
			*out++ = *at++;
		}
	}
	*whole = *at == '"';
	return out;
}

/* "[66,85,71]": journalctl's way to write a message with bytes that are no text. */
static char *take_bytes(char *at, char *out, bool *whole)
{
	do {
		char *end;
		unsigned long byte = strtoul(at + 1, &end, 10);

		if (end == at + 1)
			break;
		if (byte && byte <= UINT8_MAX)
			*out++ = (char)byte;
		at = blanks(end);
	} while (*at == ',');
	*whole = *at == ']';
	return out;
}

static bool is_wanted(const char *at)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(at, names[i], strlen(names[i])))
			return true;
	return false;
}

/* The value of the member, or NULL. */
static char *find_value(char *at)
{
	while (*at == '"') {
		bool wanted = is_wanted(at);

		at = blanks(pass_string(at));
		if (*at != ':')
			return NULL;
		at = blanks(at + 1);
		if (wanted)
			return at;
		at = pass_value(at);
		if (*at != ',')
			return NULL;
		at = blanks(at + 1);
	}
	return NULL;
}

/* Where the first member begins: journalctl's forms json, json-seq, json-sse and json-pretty. */
static char *begin(char *line)
{
	char *at = blanks(line);

	if (*at == '\036')
		at++;
	else if (!strncmp(at, "data: {", 7))
		at += 6;
	if (*at == '{')
		return blanks(at + 1);
	return is_wanted(at) ? at : NULL;
}

bool oops_json_message(char *line, bool *whole)
{
	char *at = begin(line), *end;

	if (at)
		at = find_value(at);
	if (!at)
		return false;
	/* More than one field of that name: the first. */
	if (*at == '[' && *blanks(at + 1) == '"')
		at = blanks(at + 1);
	if (*at == '"')
		end = take_string(at, line, whole);
	else if (*at == '[')
		end = take_bytes(at, line, whole);
	else
		return false;
	*end = '\0';
	return true;
}
