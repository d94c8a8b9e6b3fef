/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_BASE_ADVICE_H
#define GMEM_BASE_ADVICE_H

#include "base/context.h"

/*
 * What to do, by its name of length bytes, in the words of the caller or of the library. NULL where
 * there is nothing of that name.
 */
const char *gmem_advice(const struct gmem_ctx *ctx, const char *name, size_t length);

#endif
