/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: which kernel, what was learnt of it, and why the last call failed. */
#ifndef GMEM_CONTEXT_H
#define GMEM_CONTEXT_H

#include <pthread.h>
#include <gmem/gmem.h>
#include "kernel/kernel.h"

#define GMEM_EXPLANATION_MAX 1024

struct gmem_image;
struct gmem_layout;
struct gmem_ram;

struct gmem_ctx {
	struct gmem_kernel *kernel;
	char release[65];
	bool counts_calls;     /* the kernel is a faulty one that was asked to count */
	bool allow_unreleased; /* interfaces that are in no released kernel may be used */
	gmem_log_fn log;
	void *log_arg;
	/* Objects of one context may live in different threads: this guards the explanation, */
	pthread_mutex_t lock;
	char explanation[GMEM_EXPLANATION_MAX];
	/* and this, which is recursive, what is learnt of the kernel once, below. */
	pthread_mutex_t learning;
	bool reader_forbidden;
	enum gmem_evidence chosen;   /* the reader wanted, NONE for any */
	enum gmem_evidence evidence; /* the open reader */
	struct gmem_image *image;    /* see image.h; NULL until a reader is open */
	struct gmem_layout *layout;  /* see layout.h; NULL until asked for */
	struct gmem_ram *ram;	     /* see ram.h; NULL until asked for */
	int control;		     /* see control.c; -EINPROGRESS until asked for */
};

/* Notes why a call fails and returns error, a negative errno, for the caller to return. */
int gmem_fail(struct gmem_ctx *ctx, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends a message to the log function, if there is one. */
void gmem_log(struct gmem_ctx *ctx, enum gmem_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Reads a whole file of /proc or /sys through the port, NUL-terminated; *out is freed by the
 * caller. No explanation is set. Errors: of open and read; EFBIG above 16 MiB.
 */
int gmem_read_file(struct gmem_ctx *ctx, const char *path, char **out, size_t *length);

/* First line of such a file, without its newline, cut to size. Errors: as gmem_read_file(). */
int gmem_read_line(struct gmem_ctx *ctx, const char *path, char *line, size_t size);

#endif
