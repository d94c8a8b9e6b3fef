// SPDX-License-Identifier: LGPL-2.1-or-later
/* Why the last call on a context failed, and messages on the way. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *gmem_error_words(int error)
{
	if (error == -GMEM_ENOTRECORDED)
		return "the snapshot does not tell";
	if (error == -EILSEQ)
		return "what was read contradicts itself";
	if (error == -EFAULT)
		return "an address in it is not mapped";
	if (error == -ECHILD)
		return "this context was opened by another process, from which this one came by "
		       "fork(); open one in this process";
	return strerror(-error);
}

/* error may be NULL: then any error counts. */
static int explain(const struct gmem_ctx *ctx, const int *error, char *buffer, size_t size)
{
	struct gmem_ctx *unlocked = (struct gmem_ctx *)ctx; /* only the lock changes */
	bool told;
	int length;

	pthread_mutex_lock(&unlocked->lock);
	told = ctx->explained && (!error || *error == ctx->explained_error);
	length = snprintf(buffer, size, "%s",
			  told	  ? ctx->explanation
			  : error ? gmem_error_words(*error)
				  : "");
	pthread_mutex_unlock(&unlocked->lock);
	return length;
}

int gmem_explain(const struct gmem_ctx *ctx, char *buffer, size_t size)
{
	return explain(ctx, NULL, buffer, size);
}

int gmem_explain_error(const struct gmem_ctx *ctx, int error, char *buffer, size_t size)
{
	return explain(ctx, &error, buffer, size);
}

void gmem_explanation_keep(struct gmem_ctx *ctx, struct gmem_explanation *kept)
{
	pthread_mutex_lock(&ctx->lock);
	memcpy(kept->text, ctx->explanation, sizeof(kept->text));
	kept->error = ctx->explained_error;
	kept->explained = ctx->explained;
	pthread_mutex_unlock(&ctx->lock);
}

void gmem_explanation_restore(struct gmem_ctx *ctx, const struct gmem_explanation *kept)
{
	pthread_mutex_lock(&ctx->lock);
	memcpy(ctx->explanation, kept->text, sizeof(kept->text));
	ctx->explained_error = kept->error;
	__atomic_store_n(&ctx->explained, kept->explained, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&ctx->lock);
}

void gmem_begin(struct gmem_ctx *ctx)
{
	if (!__atomic_load_n(&ctx->explained, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&ctx->lock);
	__atomic_store_n(&ctx->explained, false, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&ctx->lock);
}

int gmem_fail(struct gmem_ctx *ctx, int error, const char *format, ...)
{
	char text[GMEM_EXPLANATION_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (error == -ECHILD) /* that is the reason, whatever the call wanted to read */
		snprintf(text, sizeof(text), "%s", gmem_error_words(error));

	pthread_mutex_lock(&ctx->lock);
	memcpy(ctx->explanation, text, sizeof(text));
	ctx->explained_error = error;
	__atomic_store_n(&ctx->explained, true, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&ctx->lock);
	return error;
}

int gmem_no_memory(struct gmem_ctx *ctx, const char *what)
{
	return gmem_fail(ctx, -ENOMEM, "malloc: Cannot allocate memory: none left for %s", what);
}

int gmem_check_aligned(struct gmem_ctx *ctx, const char *call, uint64_t offset, uint64_t length)
{
	const uint64_t page = gmem_page_size(ctx);
	bool of_offset = offset % page;

	if (!of_offset && !(length % page))
		return 0;
	return gmem_fail(ctx, -EINVAL,
			 "%s: Invalid argument: %s 0x%llx is no multiple of %llu, the page size; "
			 "take a multiple of it",
			 call, of_offset ? "offset" : "length",
			 (unsigned long long)(of_offset ? offset : length),
			 (unsigned long long)page);
}

int gmem_check_want(struct gmem_ctx *ctx, const char *call, unsigned int want)
{
	const unsigned int known =
		GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS | GMEM_EXTENT_ONE_BY_ONE;

	if (!(want & ~known))
		return 0;
	return gmem_fail(ctx, -EINVAL,
			 "%s: Invalid argument: libgmem %s knows no bits 0x%x to want; take those "
			 "of enum gmem_extent_want",
			 call, gmem_version(), want & ~known);
}

void gmem_log(struct gmem_ctx *ctx, enum gmem_log_level level, const char *format, ...)
{
	char text[GMEM_EXPLANATION_MAX];
	va_list args;

	if (!ctx->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ctx->log(level, text, ctx->log_arg);
}
