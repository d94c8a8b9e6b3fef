// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/bits.h"

#include <stdio.h>
#include <string.h>

const char *bits_describe(uint64_t mask, bit_name_fn name, char buffer[BITS_TEXT_MAX])
{
	size_t used = 0;

	*buffer = '\0';
	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *comma = used ? "," : "";
		const char *text;

		if (!(mask >> bit & 1))
			continue;
		text = name(bit);
		if (text)
			snprintf(buffer + used, BITS_TEXT_MAX - used, "%s%s", comma, text);
		else
			snprintf(buffer + used, BITS_TEXT_MAX - used, "%sbit-%u", comma, bit);
		used += strlen(buffer + used);
	}
	return buffer;
}
