/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges: START+SIZE, or START-END where END is the first byte, or page, behind the range. */
#ifndef CLI_ARGS_RANGE_H
#define CLI_ARGS_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* How the help tells it. */
#define RANGE_FORM "START+SIZE or START-END (END not included)"

struct range {
	uint64_t start;
	uint64_t length; /* bytes, or page frames; never 0 when parsed */
};

/* A range of bytes, both ends multiples of the page size. Returns false and why in words. */
bool range_parse_bytes(const char *text, struct range *range, const char **why);

/* What reads one of the two numbers: all of text. Returns false and why in words. */
typedef bool (*range_number_fn)(const char *text, uint64_t *number, const char **why);

/*
 * START, START+SIZE or START-END of such numbers; *separator is the one that was there, '\0' for a
 * bare START, which leaves the length alone. Returns false and why in words.
 */
bool range_parse(const char *text, range_number_fn number, struct range *range, char *separator,
		 const char **why);

#endif
