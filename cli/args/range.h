/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges: START+SIZE, or START-END where END is the first byte, or page, behind the range. */
#ifndef CLI_ARGS_RANGE_H
#define CLI_ARGS_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct range {
	uint64_t start;
	uint64_t length; /* bytes, or pages for a range of page frames; never 0 when parsed */
};

/* A range of bytes, both ends multiples of the page size. Returns false and why in words. */
bool range_parse_bytes(const char *text, struct range *range, const char **why);

/* A range of page frames; a bare START is one page. Returns false and why in words. */
bool range_parse_pfns(const char *text, struct range *range, const char **why);

#endif
