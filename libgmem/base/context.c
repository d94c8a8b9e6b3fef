// SPDX-License-Identifier: LGPL-2.1-or-later
/* The settings of a context, and what it tells about its kernel. */
#include "base/context.h"

void gmem_ctx_allow_unreleased(struct gmem_ctx *ctx, bool allow)
{
	ctx->allow_unreleased = allow;
}

void gmem_ctx_allow_faults(struct gmem_ctx *ctx, bool allow)
{
	ctx->guard.allow_faults = allow;
}

const char *gmem_ctx_model(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->model ? ctx->kernel->ops->model(ctx->kernel) : NULL;
}

const char *gmem_ctx_sysroot(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->snapshot ? ctx->kernel->ops->snapshot(ctx->kernel) : NULL;
}

const char *gmem_ctx_core(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->dump ? ctx->kernel->ops->dump(ctx->kernel) : NULL;
}

const char *gmem_ctx_machine(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->machine;
}

const char *gmem_ctx_release(const struct gmem_ctx *ctx)
{
	return ctx->release;
}

const char *gmem_ctx_kernel_log(const struct gmem_ctx *ctx)
{
	return ctx->kernel->ops->log ? ctx->kernel->ops->log(ctx->kernel) : "";
}

void gmem_ctx_set_log(struct gmem_ctx *ctx, gmem_log_fn fn, void *arg)
{
	ctx->log = fn;
	ctx->log_arg = arg;
}
