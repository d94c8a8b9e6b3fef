/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A long call ends when its caller wants it: cancel of the option structs. */
#ifndef GMEM_BASE_CANCEL_H
#define GMEM_BASE_CANCEL_H

#include "base/context.h"

/* Whether the caller wants it to end; cancel may be NULL. */
static inline bool gmem_is_cancelled(const volatile int *cancel)
{
	return cancel && __atomic_load_n(cancel, __ATOMIC_ACQUIRE);
}

/* Notes that call ended because the caller wanted it. Returns -ECANCELED. */
int gmem_cancelled(struct gmem_ctx *ctx, const char *call);

#endif
