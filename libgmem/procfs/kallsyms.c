// SPDX-License-Identifier: LGPL-2.1-or-later
/* /proc/kallsyms: lines "address type name", of a module with "\t[module]" behind. */
#include "procfs/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (64u << 10)
#define LONGEST 1024u /* a line has KSYM_NAME_LEN, 512, and little else */
#define TEXT_MAX (256u << 20)

/* Whether the text has the name as a whole word. */
static bool has_name(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += length)
		if (at > text && at[-1] == ' ' && strchr("\t\n", at[length]))
			return true;
	return false;
}

/* Reads on, and keeps the end of each piece before the next: a name may be cut in two. */
static int search(struct gmem_kernel *kernel, int fd, const char *name, char *buffer)
{
	size_t kept = 0;
	uint64_t offset = 0;

	while (offset < TEXT_MAX) {
		ssize_t got = kernel->ops->pread(kernel, fd, buffer + kept, CHUNK, offset);

		if (got < 0)
			return (int)got;
		if (!got)
			return 0;
		buffer[kept + (size_t)got] = '\0';
		if (has_name(buffer, name))
			return 1;
		offset += (uint64_t)got;
		kept += (size_t)got;
		if (kept > LONGEST) {
			memmove(buffer, buffer + kept - LONGEST, LONGEST);
			kept = LONGEST;
		}
	}
	return -EFBIG;
}

int gmem_kallsyms_has(struct gmem_ctx *ctx, const char *name)
{
	struct gmem_kernel *kernel = ctx->kernel;
	int fd = kernel->ops->open(kernel, "/proc/kallsyms", O_RDONLY);
	char *buffer;
	int ret;

	if (fd < 0)
		return fd;
	buffer = malloc(LONGEST + CHUNK + 1);
	ret = buffer ? search(kernel, fd, name, buffer) : -ENOMEM;
	free(buffer);
	kernel->ops->close(kernel, fd);
	return ret;
}
