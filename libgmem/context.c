// SPDX-License-Identifier: LGPL-2.1-or-later
/* The context's life, its explanation and its log. */
#include "context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "kernel/faulty/faulty.h"
#include "layout.h"
#include "ram.h"

static void init_locks(struct gmem_ctx *ctx)
{
	pthread_mutexattr_t recursive;

	pthread_mutex_init(&ctx->lock, NULL);
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&ctx->learning, &recursive);
	pthread_mutexattr_destroy(&recursive);
}

static int ctx_open(struct gmem_kernel *kernel, struct gmem_ctx **out)
{
	struct gmem_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx) {
		kernel->ops->destroy(kernel);
		return -ENOMEM;
	}
	ctx->kernel = kernel;
	ctx->control = -EINPROGRESS;
	init_locks(ctx);
	if (gmem_read_line(ctx, "/proc/sys/kernel/osrelease", ctx->release, sizeof(ctx->release)))
		snprintf(ctx->release, sizeof(ctx->release), "unknown");
	*out = ctx;
	return 0;
}

int gmem_ctx_new(struct gmem_ctx **out)
{
	struct gmem_kernel *kernel;
	int ret = gmem_kernel_linux_new(&kernel);

	return ret ? ret : ctx_open(kernel, out);
}

int gmem_ctx_new_simulated(const char *model, struct gmem_ctx **out)
{
	struct gmem_faulty_spec spec;
	struct gmem_kernel *kernel;
	char why[1];
	int ret = gmem_faulty_parse(model, &spec, why, sizeof(why));

	if (!ret)
		ret = gmem_faulty_open(&spec, &kernel);
	if (!ret)
		ret = ctx_open(kernel, out);
	if (!ret)
		(*out)->counts_calls = spec.count;
	return ret;
}

void gmem_ctx_free(struct gmem_ctx *ctx)
{
	if (!ctx)
		return;
	gmem_image_free(ctx->image);
	gmem_layout_free(ctx->layout);
	gmem_ram_free(ctx->ram);
	ctx->kernel->ops->destroy(ctx->kernel);
	pthread_mutex_destroy(&ctx->learning);
	pthread_mutex_destroy(&ctx->lock);
	free(ctx);
}

void gmem_ctx_allow_unreleased(struct gmem_ctx *ctx, bool allow)
{
	ctx->allow_unreleased = allow;
}

const char *gmem_ctx_model(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->model ? ctx->kernel->ops->model(ctx->kernel) : NULL;
}

const char *gmem_ctx_release(const struct gmem_ctx *ctx)
{
	return ctx->release;
}

const char *gmem_ctx_kernel_log(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->log ? ctx->kernel->ops->log(ctx->kernel) : "";
}

const char *gmem_model_name(size_t index)
{
	return gmem_kernel_sim_model_name(index);
}

const char *gmem_model_summary(size_t index)
{
	return gmem_kernel_sim_model_summary(index);
}

int gmem_model_check(const char *model, char *why, size_t size)
{
	struct gmem_faulty_spec spec;
	const char *name;
	int ret = gmem_faulty_parse(model, &spec, why, size);

	if (ret)
		return ret;
	for (size_t i = 0; (name = gmem_model_name(i)); i++)
		if (!strcmp(name, spec.model))
			return 0;
	snprintf(why, size, "no simulated kernel is named '%s'", spec.model);
	return -ENOENT;
}

const char *gmem_model_call_name(size_t index)
{
	return index < GMEM_FAULTY_KINDS ? gmem_faulty_kind_name((unsigned int)index) : NULL;
}

int gmem_ctx_calls(const struct gmem_ctx *ctx, size_t index, uint64_t *calls)
{
	if (!ctx->counts_calls || index >= GMEM_FAULTY_KINDS)
		return -ENOENT;
	*calls = gmem_faulty_calls(ctx->kernel, (enum gmem_faulty_kind)index);
	return 0;
}

const char *gmem_version(void)
{
	return GMEM_VERSION;
}

int gmem_explain(const struct gmem_ctx *ctx, char *buffer, size_t size)
{
	struct gmem_ctx *unlocked = (struct gmem_ctx *)ctx; /* only the lock changes */
	int length;

	pthread_mutex_lock(&unlocked->lock);
	length = snprintf(buffer, size, "%s", ctx->explanation);
	pthread_mutex_unlock(&unlocked->lock);
	return length;
}

void gmem_ctx_set_log(struct gmem_ctx *ctx, gmem_log_fn fn, void *arg)
{
	ctx->log = fn;
	ctx->log_arg = arg;
}

int gmem_fail(struct gmem_ctx *ctx, int error, const char *format, ...)
{
	char text[GMEM_EXPLANATION_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	pthread_mutex_lock(&ctx->lock);
	memcpy(ctx->explanation, text, sizeof(text));
	pthread_mutex_unlock(&ctx->lock);
	return error;
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
