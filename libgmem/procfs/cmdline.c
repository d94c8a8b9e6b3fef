// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/cmdline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/file.h"

int gmem_read_boot_words(struct gmem_ctx *ctx, char **words)
{
	char *line, *rest, *end;
	size_t length;
	int ret = gmem_read_file(ctx, "/proc/cmdline", &line, &length);

	if (ret)
		return ret;
	/* Words move to the front of their line. The empty one needs a byte more than the line. */
	*words = end = calloc(1, length + 2);
	for (char *at = strtok_r(line, " \n", &rest); end && at; at = strtok_r(NULL, " \n", &rest))
		end = stpcpy(end, at) + 1;
	free(line);
	return *words ? 0 : -ENOMEM;
}

char *gmem_next_boot_word(char *word)
{
	return word + strlen(word) + 1;
}

int gmem_boot_value(struct gmem_ctx *ctx, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);
	char *words;
	int ret = gmem_read_boot_words(ctx, &words);

	*value = '\0';
	if (ret)
		return ret;
	for (char *at = words; *at; at = gmem_next_boot_word(at))
		if (!strncmp(at, key, length) && at[length] == '=')
			snprintf(value, size, "%s", at + length + 1);
	free(words);
	return 0;
}
