// SPDX-License-Identifier: GPL-2.0-or-later
#include "args/frames.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <gmem/base.h>

#include "core/size.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define DIGITS "0123456789"
#define ADDRESS_DIGITS 16 /* of a 64-bit number */

/*
 * A number in a log below 16 MiB is of ZONE_DMA, from which no guest memory is taken.
 */
#define HEX_MIN 0x1000

static bool parse_count(const char *text, uint64_t *number, const char **why)
{
	const char *end;

	if (!number_parse(text, number, &end, why))
		return false;
	if (*end)
		*why = "something follows the number; page frames are counted, not sized";
	return !*end;
}

static const char *behind_0x(const char *text)
{
	return text[0] == '0' && tolower((unsigned char)text[1]) == 'x' ? text + 2 : text;
}

static bool parse_hex(const char *text, uint64_t *number, const char **why)
{
	const char *digits = behind_0x(text);
	size_t length = strspn(digits, HEX_DIGITS);

	*why = *digits ? "it is not a hexadecimal number" : "it is empty";
	if (!length || digits[length])
		return false;
	*why = "it does not fit in 64 bits";
	errno = 0;
	*number = strtoull(digits, NULL, 16);
	return !errno;
}

static const struct prefix {
	const char *text;
	enum frames_form form;
	range_number_fn number;
} prefixes[] = {
	{ "pfn:", FRAMES_PFN, parse_hex },
	{ "phys:", FRAMES_PHYSICAL, parse_hex },
	{ "va:", FRAMES_VIRTUAL, parse_hex },
	{ "", FRAMES_PFN, parse_count },
};

static const struct prefix *prefix_of(const char *text)
{
	const struct prefix *prefix = prefixes;

	while (strncasecmp(text, prefix->text, strlen(prefix->text)))
		prefix++;
	return prefix;
}

/* Whether a number of text is so high that it is an address of the kernel. */
static bool has_kernel_address(const char *text)
{
	while (*text) {
		const char *digits = behind_0x(text) + strspn(behind_0x(text), "0");
		size_t length = strspn(digits, HEX_DIGITS);

		if (length == ADDRESS_DIGITS && !strncasecmp(digits, "ff", 2))
			return true;
		text = length ? digits + length : text + 1;
	}
	return false;
}

const char *frames_quote(const char *text)
{
	if (prefix_of(text)->form == FRAMES_VIRTUAL)
		return "va:ADDRESS";
	return has_kernel_address(text) ? "(a kernel address)" : text;
}

/* For hexadecimal numbers without 0x, one or a range: says how to write them. */
static bool suggest(const char *text, char why[FRAMES_WHY_MAX])
{
	size_t first = strspn(text, HEX_DIGITS), second;
	const char *rest = text + first;

	if (!first || first > ADDRESS_DIGITS || strspn(text, DIGITS "+-") == strlen(text))
		return false;
	if (!*rest) {
		snprintf(why, FRAMES_WHY_MAX, "did you mean 0x%s?", text);
		return true;
	}
	second = strspn(rest + 1, HEX_DIGITS);
	if ((*rest != '-' && *rest != '+') || !second || second > ADDRESS_DIGITS ||
	    rest[1 + second])
		return false;
	/* A count that may be decimal is taken as decimal. */
	snprintf(why, FRAMES_WHY_MAX, "did you mean 0x%.*s%c%s%s?", (int)first, text, *rest,
		 *rest == '-' || strspn(rest + 1, DIGITS) < second ? "0x" : "", rest + 1);
	return true;
}

static const char kernel_address[] = "did you mean a kernel address, va:ADDRESS?";

static bool explain(const char *text, const struct prefix *prefix, const char *because,
		    char why[FRAMES_WHY_MAX])
{
	if (prefix->form != FRAMES_VIRTUAL && has_kernel_address(text))
		because = kernel_address;
	else if (!*prefix->text && suggest(text, why))
		return false;
	snprintf(why, FRAMES_WHY_MAX, "%s", because);
	return false;
}

/* What the first number would be if it was hexadecimal. */
static uint64_t hex_reading(const char *text)
{
	size_t digits = strspn(text, DIGITS);
	uint64_t number;

	if (*text == '0' || (text[digits] && !strchr("+-", text[digits])))
		return 0;
	errno = 0;
	number = strtoull(text, NULL, 16); /* ends at the separator */
	return errno || number < HEX_MIN ? 0 : number;
}

uint64_t frames_of_bytes(uint64_t start, uint64_t length, uint64_t page_size)
{
	return (start + (length - 1)) / page_size - start / page_size + 1;
}

bool frames_parse(const char *text, uint64_t page_size, struct frames *frames,
		  char why[FRAMES_WHY_MAX])
{
	const struct prefix *prefix = prefix_of(text);
	const char *numbers = text + strlen(prefix->text), *because = NULL;
	struct range *range = &frames->range;
	char separator;

	*frames = (struct frames){ .form = prefix->form };
	if (!range_parse(numbers, prefix->number, range, &separator, &because))
		return explain(text, prefix, because, why);
	if (frames->form != FRAMES_VIRTUAL && has_kernel_address(numbers))
		return explain(text, prefix, kernel_address, why);
	frames->is_range = separator;
	if (!separator)
		range->length = 1;
	if (range->start + (range->length - 1) < range->start)
		return explain(text, prefix, "it ends beyond 64 bits", why);
	if (frames->form == FRAMES_PHYSICAL) {
		range->length = frames_of_bytes(range->start, range->length, page_size);
		range->start /= page_size;
	}
	if (!*prefix->text)
		frames->as_hex = hex_reading(numbers);
	return true;
}
