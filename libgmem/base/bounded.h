/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking about other processes. Any of them may make the kernel wait for ever. So a function that
 * asks runs through the port's operation bounded(); kernel/kernel.h tells what such a function may
 * do.
 */
#ifndef GMEM_BASE_BOUNDED_H
#define GMEM_BASE_BOUNDED_H

#include "base/context.h"

/* Runs it through that operation, or as a plain call on a kernel that never waits. */
int gmem_bounded(struct gmem_ctx *ctx, struct gmem_bounded_run *run);

/* The same, without a deadline, for a single call that names the process itself. */
int gmem_bounded_call(struct gmem_ctx *ctx, int (*fn)(void *arg), void *arg);

/* Words for the errors of that, and of all others as gmem_error_words(). */
const char *gmem_bounded_words(int error);

#endif
