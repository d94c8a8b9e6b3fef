/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that the fuzzers share. Each fuzzer is one file with one LLVMFuzzerTestOneInput(). Its
 * name is that of what it parses, and its corpus is the folder of the same name. Needs
 * libgmem's internal headers.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Checks what must be true of every answer. Ends the fuzzer with the input that broke it. */
#define HOLDS(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))

static int fuzz_report = STDERR_FILENO;

static inline void fuzz_broken(const char *condition, const char *file, int line)
{
	dprintf(fuzz_report, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* Copies the input into a string of its own, so that a read past its end is found. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static inline struct gmem_ctx *fuzz_ctx(const char *model)
{
	struct gmem_ctx *ctx;

	if (gmem_ctx_new_simulated(model, &ctx))
		abort();
	return ctx;
}

/*
 * Files with the input as their content: on this simulated kernel, open and pread answer with the
 * input for every path that contains one of these words.
 */
static struct {
	const struct gmem_kernel_ops *real;
	struct gmem_kernel_ops ops;
	const char *word;
	const uint8_t *data;
	size_t size;
} fuzz_file;

#define FUZZ_FILE_FD 77777

static inline int fuzz_file_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	if (strstr(path, fuzz_file.word))
		return FUZZ_FILE_FD;
	return fuzz_file.real->open(kernel, path, flags);
}

static inline int fuzz_file_close(struct gmem_kernel *kernel, int fd)
{
	return fd == FUZZ_FILE_FD ? 0 : fuzz_file.real->close(kernel, fd);
}

static inline ssize_t fuzz_file_pread(struct gmem_kernel *kernel, int fd, void *buffer,
				      size_t length, uint64_t offset)
{
	if (fd != FUZZ_FILE_FD)
		return fuzz_file.real->pread(kernel, fd, buffer, length, offset);
	if (offset >= fuzz_file.size)
		return 0;
	if (length > fuzz_file.size - offset)
		length = (size_t)(fuzz_file.size - offset);
	memcpy(buffer, fuzz_file.data + offset, length);
	return (ssize_t)length;
}

/* From now on the paths of ctx that contain word have this input as their content. */
static inline void fuzz_file_is(struct gmem_ctx *ctx, const char *word, const uint8_t *data,
				size_t size)
{
	fuzz_file.real = ctx->kernel->ops;
	fuzz_file.ops = *fuzz_file.real;
	fuzz_file.ops.open = fuzz_file_open;
	fuzz_file.ops.close = fuzz_file_close;
	fuzz_file.ops.pread = fuzz_file_pread;
	fuzz_file.word = word;
	fuzz_file.data = data;
	fuzz_file.size = size;
	ctx->kernel->ops = &fuzz_file.ops;
}

/* To be called before ctx is freed. */
static inline void fuzz_file_end(struct gmem_ctx *ctx)
{
	ctx->kernel->ops = fuzz_file.real;
}

/*
 * Kernel memory that the input corrupts. The first requests are left alone. Each later request
 * takes a byte of the input. If the byte is odd, the request takes eight more, which overwrite an
 * aligned place in the answer. When the input is used up, memory is not changed any more.
 */
static struct {
	const struct gmem_kernel_ops *real;
	struct gmem_kernel_ops ops;
	const uint8_t *data;
	size_t size;
	size_t spared;
} fuzz_kmem;

static inline bool fuzz_kmem_take(void *to, size_t n)
{
	if (fuzz_kmem.size < n)
		return false;
	memcpy(to, fuzz_kmem.data, n);
	fuzz_kmem.data += n;
	fuzz_kmem.size -= n;
	return true;
}

static inline int fuzz_kmem_read(struct gmem_kernel *kernel, struct gmem_kmem_request *requests,
				 size_t n)
{
	int ret = fuzz_kmem.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++) {
		unsigned char *bytes = requests[i].buffer;
		uint8_t how, value[8];
		size_t at;

		if (fuzz_kmem.spared) {
			fuzz_kmem.spared--;
			continue;
		}
		if (!fuzz_kmem_take(&how, 1) || !(how & 1) || !fuzz_kmem_take(value, 8))
			continue;
		if (how & 2)
			requests[i].result = -EFAULT;
		at = (size_t)(how >> 2) * 8 % requests[i].length & ~(size_t)7;
		for (size_t k = 0; k < 8 && at + k < requests[i].length; k++)
			bytes[at + k] = how & 0x80 ? bytes[at + k] ^ value[k] : value[k];
	}
	return ret;
}

static inline void fuzz_kmem_is(struct gmem_ctx *ctx, const uint8_t *data, size_t size)
{
	fuzz_kmem.real = ctx->kernel->ops;
	fuzz_kmem.ops = *fuzz_kmem.real;
	fuzz_kmem.ops.read_kmem = fuzz_kmem_read;
	fuzz_kmem.data = data;
	fuzz_kmem.size = size;
	fuzz_kmem.spared = 0;
	ctx->kernel->ops = &fuzz_kmem.ops;
}

static inline void fuzz_kmem_end(struct gmem_ctx *ctx)
{
	ctx->kernel->ops = fuzz_kmem.real;
}

#endif
