/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard that a context has, see base/guard.h. */
#ifndef GMEM_VERDICT_GUARD_H
#define GMEM_VERDICT_GUARD_H

#include "base/guard.h"

int gmem_flush_guard(struct gmem_ctx *ctx, const struct gmem_touched *touched);

#endif
