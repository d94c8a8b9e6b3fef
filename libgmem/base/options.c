// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structs that can grow: what a caller gives is read as copy_struct_from_user() reads the structs
 * of system calls, and what it gets is written as sched_attr_copy_to_user() writes them.
 */
#include "base/options.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

#define OPTIONS_MAX 4096u /* a page, the limit of system calls too: a larger size is refused */

static bool all_zero(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

int gmem_options_take(void *to, size_t known, const void *from)
{
	size_t given;

	memcpy(&given, from, sizeof(given));
	if (given < sizeof(given))
		return -EINVAL;
	if (given > OPTIONS_MAX)
		return -E2BIG;
	if (given > known && !all_zero((const unsigned char *)from + known, given - known))
		return -E2BIG;
	memset(to, 0, known);
	memcpy(to, from, given < known ? given : known);
	return 0;
}

static int no_size(struct gmem_ctx *ctx, const char *type, size_t given)
{
	return gmem_fail(ctx, -EINVAL,
			 "struct %s: Invalid argument: its size is %zu; set size to "
			 "sizeof(struct %s) and the rest to zero",
			 type, given, type);
}

static int beyond_a_page(struct gmem_ctx *ctx, const char *type, size_t given)
{
	return gmem_fail(ctx, -E2BIG,
			 "struct %s: Argument list too long: its size is %zu, and none is "
			 "larger than %u bytes; set size to sizeof(struct %s)",
			 type, given, OPTIONS_MAX, type);
}

int gmem_options_copy(struct gmem_ctx *ctx, const char *type, void *to, size_t known,
		      const void *from)
{
	size_t given;
	int ret;

	if (!from) {
		memset(to, 0, known);
		memcpy(to, &known, sizeof(known));
		return 0;
	}
	ret = gmem_options_take(to, known, from);
	memcpy(&given, from, sizeof(given));
	if (ret == -EINVAL)
		return no_size(ctx, type, given);
	if (ret == -E2BIG && given > OPTIONS_MAX)
		return beyond_a_page(ctx, type, given);
	if (ret == -E2BIG)
		return gmem_fail(ctx, -E2BIG,
				 "struct %s: Argument list too long: libgmem %s knows %zu of its "
				 "%zu bytes and the others are not zero; use a newer libgmem",
				 type, gmem_version(), known, given);
	return ret;
}

int gmem_check_out(struct gmem_ctx *ctx, const char *type, size_t first, const void *out)
{
	size_t given;

	memcpy(&given, out, sizeof(given));
	if (given >= first && given <= OPTIONS_MAX)
		return 0;
	if (!ctx)
		return given < first ? -EINVAL : -E2BIG;
	return given < first ? no_size(ctx, type, given) : beyond_a_page(ctx, type, given);
}

int gmem_fill_out(struct gmem_ctx *ctx, const char *type, size_t first, void *out, const void *from,
		  size_t known)
{
	int ret = gmem_check_out(ctx, type, first, out);
	size_t given;

	if (ret)
		return ret;
	memcpy(&given, out, sizeof(given));
	memcpy(out, from, given < known ? given : known);
	if (given > known)
		memset((unsigned char *)out + known, 0, given - known);
	memcpy(out, &given, sizeof(given));
	return 0;
}
