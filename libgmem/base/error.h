/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Explanations of failures, and messages to the log function. */
#ifndef GMEM_BASE_ERROR_H
#define GMEM_BASE_ERROR_H

#include "base/context.h"

/*
 * Each public call begins with this, because the reason of an older failure does not explain a new
 * one. Lint looks for it.
 */
void gmem_begin(struct gmem_ctx *ctx);

/* The explanation of a failure. */
struct gmem_explanation {
	char text[GMEM_EXPLANATION_MAX];
	bool explained;
	int error;
};

/* Keeps the explanation during calls that may fail without the caller's call failing. */
void gmem_explanation_keep(struct gmem_ctx *ctx, struct gmem_explanation *kept);
void gmem_explanation_restore(struct gmem_ctx *ctx, const struct gmem_explanation *kept);

/* Notes why a call fails and returns error, a negative errno, for the caller to return. */
int gmem_fail(struct gmem_ctx *ctx, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Notes that there was no memory for what. Returns -ENOMEM. */
int gmem_no_memory(struct gmem_ctx *ctx, const char *what);

/*
 * Checks that both are multiples of the page size, for calls that would otherwise round one of
 * them, and that want has only bits that this library knows. Returns 0, or -EINVAL, explained; call
 * is the name of the function in the explanation.
 */
int gmem_check_aligned(struct gmem_ctx *ctx, const char *call, uint64_t offset, uint64_t length);
int gmem_check_want(struct gmem_ctx *ctx, const char *call, unsigned int want);

/* Sends a message to the log function, if there is one. */
void gmem_log(struct gmem_ctx *ctx, enum gmem_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
