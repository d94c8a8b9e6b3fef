// SPDX-License-Identifier: GPL-2.0-or-later
/* Sizes of the command line. A size that is printed with a unit can be read again. */
#include "fuzz.h"

#include "core/size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), again[32];
	const char *why = NULL, *end;
	uint64_t bytes, number;

	if (size_parse(text, &bytes, &why)) {
		HOLDS(size_format(bytes, again, sizeof(again)) == again);
		if (bytes >= 1024 && bytes < 1ull << 63)
			HOLDS(size_parse(again, &number, &why));
	} else {
		HOLDS(why && *why);
	}
	why = NULL;
	if (number_parse(text, &number, &end, &why))
		HOLDS(end > text && end <= text + size);
	else
		HOLDS(why && *why);
	free(text);
	return 0;
}
