// SPDX-License-Identifier: GPL-2.0-or-later
/* Ranges of bytes of the command line: none is empty, unaligned, or wraps. */
#include "fuzz.h"

#include "args/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	const char *why = NULL;
	struct range range;

	if (range_parse_bytes(text, &range, &why)) {
		HOLDS(range.length > 0 && range.start % 4096 == 0 && range.length % 4096 == 0);
		HOLDS(range.start + (range.length - 1) >= range.start);
	} else {
		HOLDS(why && *why);
	}
	free(text);
	return 0;
}
