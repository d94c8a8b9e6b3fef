// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and the words that stand for them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"

const struct name vm_type_names[] = {
	{ "default", 0 }, { "sw-protected", 1 }, { "sev", 2 }, { "sev-es", 3 },
	{ "snp", 4 },	  { "tdx", 5 },		 { NULL, 0 },
};

const struct name text_value[] = { { NULL, 0 } };

const char *name_of(const struct name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

bool value_of_name(const struct name *names, const char *name, size_t length, uint64_t *value)
{
	for (; names && names->name; names++) {
		if (strlen(names->name) == length && !memcmp(names->name, name, length)) {
			*value = names->value;
			return true;
		}
	}
	return false;
}

/* Reads digits, and K, M, G, T or P for powers of 1024. */
static bool number(const char *text, size_t length, uint64_t *value)
{
	static const char units[] = "KMGTP";
	const char *unit;
	char *end;

	*value = strtoull(text, &end, 0);
	if (end == text + length)
		return true;
	unit = strchr(units, *end);
	if (end + 1 != text + length || !unit)
		return false;
	*value <<= 10 * (unit - units + 1);
	return true;
}

static bool object_value(struct run *run, const char *text, uint64_t *value)
{
	const struct object *object = object_find(run, text);

	if (!object || !object->open) {
		run->missing = true;
		return false;
	}
	*value = object->value;
	return true;
}

static bool factor(struct run *run, const struct name *names, const char *text, size_t length,
		   uint64_t *value)
{
	uint64_t bit;

	if (*text == '$')
		return object_value(run, text, value);
	if (length > 2 && !memcmp(text, "2^", 2)) {
		if (!factor(run, names, text + 2, length - 2, &bit))
			return false;
		*value = bit < 64 ? 1ull << bit : 0;
		return true;
	}
	if (isdigit((unsigned char)*text))
		return number(text, length, value);
	return value_of_name(names, text, length, value);
}

static bool term(struct run *run, const struct name *names, const char *text, size_t length,
		 uint64_t *value)
{
	const char *star = memchr(text, '*', length);
	size_t first = star ? (size_t)(star - text) : length;
	uint64_t times = 1;

	if (!first || !factor(run, names, text, first, value))
		return false;
	if (star &&
	    (first + 1 == length || !factor(run, names, star + 1, length - first - 1, &times)))
		return false;
	*value *= times;
	return true;
}

/* Names may contain '-'. It is a minus only before a number or an object. */
static bool is_operator(const char *at)
{
	return *at == '+' || *at == '|' ||
	       (*at == '-' && (isdigit((unsigned char)at[1]) || at[1] == '$'));
}

bool evaluate(struct run *run, const struct name *names, const char *text, uint64_t *value)
{
	const char *at = text;

	run->missing = false;
	*value = 0;
	do {
		char sign = is_operator(at) ? *at++ : '+';
		size_t length = 0;
		uint64_t operand;

		while (at[length] && !is_operator(at + length))
			length++;
		if (!length || !term(run, names, at, length, &operand))
			return false;
		if (sign == '|')
			*value |= operand;
		else
			*value += sign == '-' ? -operand : operand;
		at += length;
	} while (*at);
	return true;
}
