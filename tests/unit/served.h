/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with other content than the model has, or files that it does not have. */
#ifndef SERVED_H
#define SERVED_H

#include "port.h"

#define SERVED_FD 77777
#define SERVED_MAX 4
#define SERVED_BYTES 4096

static struct {
	struct {
		const char *path;
		unsigned char bytes[SERVED_BYTES];
		size_t length;
	} files[SERVED_MAX];
	size_t n;
	const char *hidden; /* paths with this word do not exist; NULL: none */
} served;

static inline int served_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	for (size_t i = 0; i < served.n; i++)
		if (!strcmp(path, served.files[i].path))
			return SERVED_FD + (int)i;
	if (served.hidden && strstr(path, served.hidden))
		return -ENOENT;
	return port.real->open(kernel, path, flags);
}

static inline bool served_is(int fd)
{
	return fd >= SERVED_FD && fd < SERVED_FD + SERVED_MAX;
}

static inline ssize_t served_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
				   uint64_t offset)
{
	size_t i = (size_t)(fd - SERVED_FD);

	if (!served_is(fd))
		return port.real->pread(kernel, fd, buffer, length, offset);
	if (offset >= served.files[i].length)
		return 0;
	if (length > served.files[i].length - offset)
		length = served.files[i].length - offset;
	memcpy(buffer, served.files[i].bytes + offset, length);
	return (ssize_t)length;
}

static inline int served_close(struct gmem_kernel *kernel, int fd)
{
	return served_is(fd) ? 0 : port.real->close(kernel, fd);
}

/* A context on the model that replaces no file yet. */
static inline struct gmem_ctx *served_ctx(const char *model)
{
	struct gmem_ctx *ctx = port_ctx(model);
	struct gmem_kernel_ops *ops = port_pretend(ctx);

	memset(&served, 0, sizeof(served));
	ops->open = served_open;
	ops->pread = served_pread;
	ops->close = served_close;
	return ctx;
}

/* From now on path has this content. */
static inline void serve(const char *path, const void *bytes, size_t length)
{
	ck_assert_uint_lt(served.n, SERVED_MAX);
	ck_assert_uint_le(length, SERVED_BYTES);
	served.files[served.n].path = path;
	served.files[served.n].length = length;
	memcpy(served.files[served.n++].bytes, bytes, length);
}

static inline void serve_text(const char *path, const char *text)
{
	serve(path, text, strlen(text));
}

#endif
