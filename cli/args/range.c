// SPDX-License-Identifier: GPL-2.0-or-later
#include "args/range.h"

#include <string.h>
#include <gmem/base.h>

#include "core/cli.h"
#include "core/size.h"

/* Longest number that can stand on one side of a range. */
#define SIDE_MAX 40

/* The second number is behind a '+': a length, or behind a '-': the end. */
static bool set_length(char separator, uint64_t second, struct range *range, const char **why)
{
	if (separator == '-' && second < range->start)
		*why = "its end lies before its start";
	else if (second == 0 || (separator == '-' && second == range->start))
		*why = "it is empty (the end of START-END does not belong to it)";
	else if (separator == '+' && range->start + second < second)
		*why = "it ends beyond 64 bits";
	else
		return range->length = separator == '-' ? second - range->start : second, true;
	return false;
}

bool range_parse(const char *text, range_number_fn number, struct range *range, char *separator,
		 const char **why)
{
	size_t side = strcspn(text, "+-");
	char start[SIDE_MAX];
	uint64_t second;

	if (side == 0 && *text == '-') {
		*why = "it is negative, and numbers start at 0";
		return false;
	}
	if (side >= sizeof(start)) {
		*why = "it is not a number";
		return false;
	}
	memcpy(start, text, side);
	start[side] = '\0';
	*separator = text[side];
	if (!number(start, &range->start, why))
		return false;
	if (!*separator)
		return true;
	return number(text + side + 1, &second, why) && set_length(*separator, second, range, why);
}

bool range_parse_bytes(const char *text, struct range *range, const char **why)
{
	char separator;

	if (!range_parse(text, size_parse, range, &separator, why))
		return false;
	if (!separator) {
		*why = "it needs an end: START+SIZE or START-END";
		return false;
	}
	if (range->start % SMALLEST_PAGE || range->length % SMALLEST_PAGE) {
		*why = "it is not of whole pages: 4096 is the smallest page of a kernel";
		return false;
	}
	return true;
}
