/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several files made of parts of the input, with a NUL between them. Each file that is opened has
 * the next part as its content. When no part is left, files do not exist.
 */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include "fuzz.h"

#define FUZZ_FILES_MAX 64

static struct {
	bool (*are_of_input)(const char *path);
	struct {
		const uint8_t *data;
		size_t size;
	} opened[FUZZ_FILES_MAX];
	size_t n;
	const uint8_t *left; /* of the input; NULL: nothing is left */
	size_t left_size;
} fuzz_files;

static inline int fuzz_files_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	const uint8_t *end;
	size_t size;

	if (!fuzz_files.are_of_input(path))
		return fuzz_file.real->open(kernel, path, flags);
	if (!fuzz_files.left || fuzz_files.n == FUZZ_FILES_MAX)
		return -ENOENT;
	end = fuzz_files.left_size ? memchr(fuzz_files.left, '\0', fuzz_files.left_size) : NULL;
	size = end ? (size_t)(end - fuzz_files.left) : fuzz_files.left_size;
	fuzz_files.opened[fuzz_files.n].data = fuzz_files.left;
	fuzz_files.opened[fuzz_files.n].size = size;
	fuzz_files.left = end ? end + 1 : NULL;
	fuzz_files.left_size -= end ? size + 1 : size;
	return FUZZ_FILE_FD + (int)fuzz_files.n++;
}

static inline bool fuzz_files_has(int fd)
{
	return fd >= FUZZ_FILE_FD && fd < FUZZ_FILE_FD + FUZZ_FILES_MAX;
}

static inline int fuzz_files_close(struct gmem_kernel *kernel, int fd)
{
	return fuzz_files_has(fd) ? 0 : fuzz_file.real->close(kernel, fd);
}

static inline ssize_t fuzz_files_pread(struct gmem_kernel *kernel, int fd, void *buffer,
				       size_t length, uint64_t offset)
{
	if (!fuzz_files_has(fd))
		return fuzz_file.real->pread(kernel, fd, buffer, length, offset);
	fuzz_file.data = fuzz_files.opened[fd - FUZZ_FILE_FD].data;
	fuzz_file.size = fuzz_files.opened[fd - FUZZ_FILE_FD].size;
	return fuzz_file_pread(kernel, FUZZ_FILE_FD, buffer, length, offset);
}

/*
 * Answers with the input for the paths of ctx for which the function returns
 * true, until fuzz_file_end().
 */
static inline void fuzz_files_are(struct gmem_ctx *ctx, bool (*are_of_input)(const char *path),
				  const uint8_t *data, size_t size)
{
	fuzz_file_is(ctx, "", NULL, 0);
	fuzz_file.ops.open = fuzz_files_open;
	fuzz_file.ops.close = fuzz_files_close;
	fuzz_file.ops.pread = fuzz_files_pread;
	fuzz_files.are_of_input = are_of_input;
	fuzz_files.n = 0;
	fuzz_files.left = data;
	fuzz_files.left_size = size;
}

#endif
