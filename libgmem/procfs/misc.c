// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/misc.h"

#include <stdlib.h>
#include <string.h>

#include "procfs/file.h"

/* misc_seq_show() in drivers/char/misc.c: "%3i %s\n". Other names may end alike. */
int gmem_misc_has(struct gmem_ctx *ctx, const char *name)
{
	char *text, *line, *next;
	int ret = gmem_read_file(ctx, "/proc/misc", &text, NULL);

	if (ret)
		return ret;
	for (line = strtok_r(text, "\n", &next); line && !ret; line = strtok_r(NULL, "\n", &next)) {
		const char *blank = strrchr(line, ' ');

		ret = blank && !strcmp(blank + 1, name);
	}
	free(text);
	return ret;
}
