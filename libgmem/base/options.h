/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structs that can grow: a caller and a library of different versions understand each other,
 * whichever is the newer one. A new member goes to the end, and never into former padding, because
 * older callers leave arbitrary bytes in their padding.
 */
#ifndef GMEM_BASE_OPTIONS_H
#define GMEM_BASE_OPTIONS_H

#include <stddef.h>

#include "base/context.h"

/*
 * Copies the caller's option struct, which begins with size_t size, to the library's own of known
 * bytes. What a shorter struct lacks reads as zero. A longer one is accepted if all bytes that are
 * unknown here are zero. NULL stands for a struct with size set and the rest zero. type is the
 * struct's name, for the explanation. Errors: EINVAL (size was not set), E2BIG (an option that this
 * library does not know is in use).
 */
int gmem_options_copy(struct gmem_ctx *ctx, const char *type, void *to, size_t known,
		      const void *from);

/* The same for a caller that has no context yet, so that nothing is explained. */
int gmem_options_take(void *to, size_t known, const void *from);

/*
 * Fills the caller's struct out, which begins with size_t size, from the library's own of known
 * bytes: as much as fits, and zeroes beyond what is known here. out keeps its size. first is the
 * size of the struct in its first version. ctx may be NULL; then nothing is explained. After an
 * error out is unchanged. Errors: EINVAL (size was not set), E2BIG (size is beyond a page).
 */
int gmem_fill_out(struct gmem_ctx *ctx, const char *type, size_t first, void *out, const void *from,
		  size_t known);

/* Checks the same without filling: for calls that first do something else, or that take long. */
int gmem_check_out(struct gmem_ctx *ctx, const char *type, size_t first, const void *out);

/* The same for a struct of that type; last is the last member that its first version had. */
#define GMEM_FILL_OUT(ctx, type, last, out, from)                                                  \
	gmem_fill_out(ctx, #type, GMEM_END_OF(struct type, last), 1 ? (out) : (struct type *)NULL, \
		      1 ? (from) : (const struct type *)NULL, sizeof(struct type))
#define GMEM_CHECK_OUT(ctx, type, last, out) \
	gmem_check_out(ctx, #type, GMEM_END_OF(struct type, last), 1 ? (out) : (struct type *)NULL)
#define GMEM_END_OF(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

#endif
