/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_BASE_ADVICE_H
#define GMEM_BASE_ADVICE_H

#include <string.h>

#include "base/context.h"

/*
 * What to do, in the words of the caller or of the library, by its name, which is length bytes
 * long. NULL if there is no advice of that name.
 */
const char *gmem_advice_of_length(const struct gmem_ctx *ctx, const char *name, size_t length);

static inline const char *gmem_advice(const struct gmem_ctx *ctx, const char *name)
{
	return gmem_advice_of_length(ctx, name, strlen(name));
}

#endif
