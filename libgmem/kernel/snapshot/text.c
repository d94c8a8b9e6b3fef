// SPDX-License-Identifier: LGPL-2.1-or-later
/* Words, numbers and names of errno in untrusted text. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/snapshot/snapshot.h"

#define ERRNO_MAX 4095 /* MAX_ERRNO of include/linux/err.h */

int gmem_snapshot_errno(const char *name)
{
	for (int error = 1; error <= ERRNO_MAX; error++) {
		const char *known = strerrorname_np(error);

		if (known && !strcmp(known, name))
			return error;
	}
	return 0;
}

bool gmem_snapshot_number(const char *word, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	*value = strtoul(word, &end, 0);
	return !errno && !*end && *value <= max;
}

char *gmem_snapshot_word(char **at)
{
	char *word = *at + strspn(*at, " \t\r");
	size_t length = strcspn(word, " \t\r");

	if (!length)
		return NULL;
	*at = word + length + (word[length] != '\0');
	word[length] = '\0';
	return word;
}
