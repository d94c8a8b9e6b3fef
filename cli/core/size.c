// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char units[] = "KMGTPE";

/* A fraction is read to this many digits: finer than a byte of an exbibyte makes no difference. */
#define FRACTION_DIGITS 18

struct fraction {
	uint64_t value; /* value / scale */
	uint64_t scale;
};

bool number_parse(const char *text, uint64_t *number, const char **end, const char **why)
{
	bool hex = text[0] == '0' && tolower((unsigned char)text[1]) == 'x';
	char *stop;

	if (*text == '-') {
		*why = "it is negative, and numbers start at 0";
		return false;
	}
	if (hex ? !isxdigit((unsigned char)text[2]) : !isdigit((unsigned char)*text)) {
		*why = *text ? "it is not a number" : "it is empty";
		return false;
	}
	errno = 0;
	*number = strtoull(text, &stop, hex ? 16 : 10);
	if (errno == ERANGE) {
		*why = "it does not fit in 64 bits";
		return false;
	}
	*end = stop;
	return true;
}

static const char *parse_fraction(const char *text, struct fraction *fraction)
{
	*fraction = (struct fraction){ .scale = 1 };
	for (int digits = 0; isdigit((unsigned char)*text); text++, digits++) {
		if (digits >= FRACTION_DIGITS)
			continue;
		fraction->value = fraction->value * 10 + (uint64_t)(*text - '0');
		fraction->scale *= 10;
	}
	return text;
}

/* The multiplier of a suffix, 0 for one that does not exist. */
static uint64_t suffix_multiplier(const char *suffix)
{
	const char *unit = *suffix ? strchr(units, toupper((unsigned char)*suffix)) : NULL;
	uint64_t base, multiplier = 1;

	if (!*suffix)
		return 1;
	if (!unit)
		return 0;
	if (!suffix[1] || !strcasecmp(suffix + 1, "ib"))
		base = 1024;
	else if (!strcasecmp(suffix + 1, "b"))
		base = 1000;
	else
		return 0;
	for (const char *u = units; u <= unit; u++)
		multiplier *= base;
	return multiplier;
}

bool size_parse(const char *text, uint64_t *bytes, const char **why)
{
	struct fraction fraction = { .scale = 1 };
	unsigned __int128 total;
	uint64_t whole, multiplier;
	const char *end;
	bool has_point;

	if (!number_parse(text, &whole, &end, why))
		return false;
	has_point =
		*end == '.' && text[1] != 'x' && text[1] != 'X' && isdigit((unsigned char)end[1]);
	if (has_point)
		end = parse_fraction(end + 1, &fraction);
	multiplier = suffix_multiplier(end);
	if (!multiplier) {
		*why = "its suffix is not one of K M G T P E (1024), KB MB … (1000)";
		return false;
	}
	if (has_point && multiplier == 1) {
		*why = "it is a fraction of a byte";
		return false;
	}
	total = (unsigned __int128)whole * multiplier +
		(unsigned __int128)fraction.value * multiplier / fraction.scale;
	if (total > UINT64_MAX) {
		*why = "it does not fit in 64 bits";
		return false;
	}
	*bytes = (uint64_t)total;
	return true;
}

const char *size_format(uint64_t bytes, char *buffer, size_t size)
{
	uint64_t tenths, unit = 1024;
	int i = 0;

	if (bytes < 1024) {
		snprintf(buffer, size, "%" PRIu64 "B", bytes);
		return buffer;
	}
	while (units[i + 1] && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	tenths = (uint64_t)(((unsigned __int128)bytes * 10 + unit / 2) / unit);
	if (tenths % 10)
		snprintf(buffer, size, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
			 units[i]);
	else
		snprintf(buffer, size, "%" PRIu64 "%c", tenths / 10, units[i]);
	return buffer;
}
