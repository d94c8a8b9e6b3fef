// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole files of /proc and /sys, read through the port. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/file.h"

#define FILE_MAX (16u << 20)

/* These files have no size to ask for, so the buffer grows until a read returns nothing. */
static int read_all(struct gmem_kernel *kernel, int fd, char **out, size_t *length)
{
	size_t used = 0, room = 4096;
	char *text = malloc(room + 1);
	ssize_t got;

	if (!text)
		return -ENOMEM;
	for (;;) {
		got = kernel->ops->pread(kernel, fd, text + used, room - used, used);
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used < room)
			continue;
		if (room >= FILE_MAX) {
			got = -EFBIG;
			break;
		}
		room *= 2;
		char *more = realloc(text, room + 1);
		if (!more) {
			got = -ENOMEM;
			break;
		}
		text = more;
	}
	if (got < 0) {
		free(text);
		return (int)got;
	}
	text[used] = '\0';
	*out = text;
	if (length)
		*length = used;
	return 0;
}

/* O_PATH: to see a file needs no permission to use it. */
int gmem_path_exists(struct gmem_ctx *ctx, const char *path)
{
	struct gmem_kernel *kernel = ctx->kernel;
	int fd = kernel->ops->open(kernel, path, O_PATH);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	kernel->ops->close(kernel, fd);
	return 1;
}

int gmem_read_file(struct gmem_ctx *ctx, const char *path, char **out, size_t *length)
{
	struct gmem_kernel *kernel = ctx->kernel;
	int fd, ret;

	fd = kernel->ops->open(kernel, path, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = read_all(kernel, fd, out, length);
	kernel->ops->close(kernel, fd);
	return ret;
}

int gmem_read_line(struct gmem_ctx *ctx, const char *path, char *line, size_t size)
{
	char *text;
	int ret = gmem_read_file(ctx, path, &text, NULL);

	if (ret)
		return ret;
	text[strcspn(text, "\n")] = '\0';
	snprintf(line, size, "%s", text);
	free(text);
	return 0;
}

pid_t gmem_own_pid(struct gmem_ctx *ctx)
{
	char link[32];
	int ret = ctx->kernel->ops->readlink(ctx->kernel, "/proc/self", link, sizeof(link));

	return ret < 0 ? 0 : (pid_t)strtol(link, NULL, 10);
}
