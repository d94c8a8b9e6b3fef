/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Option structs that can grow: callers built against another libgmem stay understood. */
#ifndef GMEM_BASE_OPTIONS_H
#define GMEM_BASE_OPTIONS_H

#include "base/context.h"

/*
 * Copies the caller's option struct, which begins with size_t size, to the library's own of
 * known bytes. A shorter one reads as zero where it ends; a longer one is taken when all that is
 * unknown here is zero. type is the struct's name, for the explanation. Errors: EINVAL (size was
 * not set), E2BIG (an option that this library does not know is in use).
 */
int gmem_options_copy(struct gmem_ctx *ctx, const char *type, void *to, size_t known,
		      const void *from);

/* The same before there is a context, which could explain. */
int gmem_options_take(void *to, size_t known, const void *from);

#endif
