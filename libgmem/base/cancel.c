// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/cancel.h"

#include "base/error.h"

void gmem_cancel(volatile int *cancel)
{
	__atomic_store_n(cancel, 1, __ATOMIC_RELEASE);
}

int gmem_cancelled(struct gmem_ctx *ctx, const char *call)
{
	return gmem_fail(ctx, -ECANCELED, "%s: Operation canceled: the caller wanted it", call);
}
