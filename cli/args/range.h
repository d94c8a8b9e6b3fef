/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges: START+SIZE, or START-END where END is the first byte, or page, behind the range. */
#ifndef CLI_ARGS_RANGE_H
#define CLI_ARGS_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* The text of the help about it. */
#define RANGE_FORM "START+SIZE or START-END (END not included)"

struct range {
	uint64_t start;
	uint64_t length; /* bytes, or page frames; never 0 when parsed */
};

/* A range of bytes, both ends multiples of the page size. Returns false and why in words. */
bool range_parse_bytes(const char *text, struct range *range, const char **why);

/* Reads one of the two numbers, which is all of text. Returns false, and why in words. */
typedef bool (*range_number_fn)(const char *text, uint64_t *number, const char **why);

/*
 * START, START+SIZE or START-END of such numbers; *separator is the one in the text, '\0' for a
 * bare START, which does not set the length. Returns false and why in words.
 */
bool range_parse(const char *text, range_number_fn number, struct range *range, char *separator,
		 const char **why);

#endif
