/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structs that can grow: callers built against another libgmem stay understood, whichever is the
 * newer one. A new member goes to the end, and never into what was padding there: older callers
 * leave anything in their padding.
 */
#ifndef GMEM_BASE_OPTIONS_H
#define GMEM_BASE_OPTIONS_H

#include <stddef.h>

#include "base/context.h"

/*
 * Copies the caller's option struct, which begins with size_t size, to the library's own of
 * known bytes. A shorter one reads as zero where it ends; a longer one is taken when all that is
 * unknown here is zero. NULL is one with the size set and the rest zero. type is the struct's name,
 * for the explanation. Errors: EINVAL (size was not set), E2BIG (an option that this library does
 * not know is in use).
 */
int gmem_options_copy(struct gmem_ctx *ctx, const char *type, void *to, size_t known,
		      const void *from);

/* The same before there is a context, which could explain. */
int gmem_options_take(void *to, size_t known, const void *from);

/*
 * Fills the caller's struct out, which begins with size_t size, from the library's own of known
 * bytes: as much as fits, and zeroes beyond what is known here. out keeps its size. first is how
 * many bytes the struct had at least ever since it was there. ctx may be NULL, where nothing
 * explains. Errors, out is as it was then: EINVAL (size was not set), E2BIG (size is beyond a
 * page).
 */
int gmem_fill_out(struct gmem_ctx *ctx, const char *type, size_t first, void *out, const void *from,
		  size_t known);

/* Whether it would: for calls that do something before, or that take long. */
int gmem_check_out(struct gmem_ctx *ctx, const char *type, size_t first, const void *out);

/* The same for a struct of that type; last is the last member that its first version had. */
#define GMEM_FILL_OUT(ctx, type, last, out, from)                                                  \
	gmem_fill_out(ctx, #type, GMEM_END_OF(struct type, last), 1 ? (out) : (struct type *)NULL, \
		      1 ? (from) : (const struct type *)NULL, sizeof(struct type))
#define GMEM_CHECK_OUT(ctx, type, last, out) \
	gmem_check_out(ctx, #type, GMEM_END_OF(struct type, last), 1 ? (out) : (struct type *)NULL)
#define GMEM_END_OF(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

#endif
