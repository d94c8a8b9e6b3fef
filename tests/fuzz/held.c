// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text that a holder writes beside its socket, as others read it. If it is
 * written again, it is the same.
 */
#include "fuzz.h"

#include "held/held.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), once[512], again[512];
	struct held_info info;
	int length;

	held_is_name(text);
	if (held_info_read(text, &info)) {
		HOLDS(held_is_name(info.name) && info.pid > 0);
		length = held_info_write(&info, once, sizeof(once));
		HOLDS(length > 0 && length < (int)sizeof(once));
		HOLDS(held_info_read(once, &info));
		held_info_write(&info, again, sizeof(again));
		HOLDS(!strcmp(once, again));
	}
	free(text);
	return 0;
}
