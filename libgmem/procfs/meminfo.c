// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/meminfo.h"

#include <stdlib.h>
#include <string.h>

bool gmem_meminfo_bytes(const char *text, const char *key, uint64_t *bytes)
{
	size_t length = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, key, length) != 0 || text[length] != ':')
			continue;
		*bytes = strtoull(text + length + 1, NULL, 10) * 1024; /* "24713216 kB" */
		return true;
	}
	return false;
}
