/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking about other processes: any of them may keep the kernel waiting, for ever. What asks runs
 * as the port's operation bounded() says; kernel/kernel.h tells what may stand in such a function.
 */
#ifndef GMEM_BASE_BOUNDED_H
#define GMEM_BASE_BOUNDED_H

#include "base/context.h"

/* Runs it: as the operation, or as a plain call on a kernel that waits for nobody. */
int gmem_bounded(struct gmem_ctx *ctx, struct gmem_bounded_run *run);

/* The same, without a time, for one call that names the process by itself. */
int gmem_bounded_call(struct gmem_ctx *ctx, int (*fn)(void *arg), void *arg);

/* Words for the errors of that, and of all others as gmem_error_words(). */
const char *gmem_bounded_words(int error);

#endif
