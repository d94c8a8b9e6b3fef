// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/image/vmcoreinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char note_name[] = "VMCOREINFO";
static const char release_key[] = "OSRELEASE=";

int gmem_vmcoreinfo_location(const char *line, uint64_t *physical, size_t *size)
{
	char *end;

	errno = 0;
	*physical = strtoull(line, &end, 16);
	if (errno || end == line || *end != ' ')
		return -EILSEQ;
	line = end + 1;
	*size = strtoull(line, &end, 16);
	if (errno || end == line || (*end && *end != '\n'))
		return -EILSEQ;
	if (*size <= GMEM_VMCOREINFO_TEXT || *size > GMEM_VMCOREINFO_MAX)
		return -EILSEQ;
	return 0;
}

int gmem_vmcoreinfo_is(const void *bytes, size_t length, const char *release)
{
	const char *note = bytes;
	const char *text = note + GMEM_VMCOREINFO_TEXT;
	size_t key = sizeof(release_key) - 1, name = strlen(release);

	if (length < GMEM_VMCOREINFO_TEXT + key + name + 1)
		return 0;
	return !memcmp(note + 12, note_name, sizeof(note_name)) &&
	       !memcmp(text, release_key, key) && !memcmp(text + key, release, name) &&
	       text[key + name] == '\n';
}

int gmem_vmcoreinfo_number(const char *text, const char *key, int base, uint64_t *value)
{
	size_t length = strlen(key);
	const char *line = text;
	char *end;

	while (line && (strncmp(line, key, length) || line[length] != '=')) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (!line)
		return -ENOENT;
	line += length + 1;
	errno = 0;
	*value = *line == '-' ? (uint64_t)strtoll(line, &end, base) : strtoull(line, &end, base);
	if (errno || end == line || (*end && *end != '\n'))
		return -EILSEQ;
	return 0;
}
