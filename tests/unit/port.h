/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context on a model with calls that the test can make fail. Needs libgmem's internal headers. */
#ifndef PORT_H
#define PORT_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "kernel/sim/faults.h"
#include "sim/hooks.h"

static inline struct gmem_ctx *port_ctx(const char *model)
{
	struct gmem_ctx *ctx;
	char spec[64];

	snprintf(spec, sizeof(spec), "%s,count", model);
	ck_assert_int_eq(gmem_ctx_new_simulated(spec, &ctx), 0);
	return ctx;
}

/* The model itself, for gmem_sim_*(). */
static inline struct gmem_kernel *port_sim(const struct gmem_ctx *ctx)
{
	return ctx->kernel;
}

/* Set by port_pretend(). The test's own operations call port.real for everything else. */
static struct {
	const struct gmem_kernel_ops *real;
	struct gmem_kernel_ops ops;
} port;

/* Returns the model's operations. The caller may replace some of them. */
static inline struct gmem_kernel_ops *port_pretend(const struct gmem_ctx *ctx)
{
	if (port_sim(ctx)->ops != &port.ops) {
		port.real = port_sim(ctx)->ops;
		port.ops = *port.real;
		port_sim(ctx)->ops = &port.ops;
	}
	return &port.ops;
}

/* The n-th call from now on fails with error, once. With 0 none does, and nothing is refused. */
static inline void port_fail_at(struct gmem_ctx *ctx, unsigned int n, int error)
{
	gmem_sim_set_fault(ctx->kernel,
			   &(struct gmem_fault){ .kind = GMEM_SIM_ANY, .at = n, .error = error });
}

/* From now on every call of that kind fails. */
static inline void port_refuse(struct gmem_ctx *ctx, enum gmem_sim_call kind, int error)
{
	gmem_sim_set_fault(
		ctx->kernel,
		&(struct gmem_fault){ .kind = kind, .at = 1, .lasting = true, .error = error });
}

static inline void port_refuse_ioctl(struct gmem_ctx *ctx, unsigned long request, int error)
{
	gmem_sim_set_fault(ctx->kernel, &(struct gmem_fault){ .kind = GMEM_SIM_IOCTL,
							      .at = 1,
							      .lasting = true,
							      .error = error,
							      .request = request });
}

static inline void port_refuse_open(struct gmem_ctx *ctx, const char *path, int error)
{
	gmem_sim_set_fault(ctx->kernel, &(struct gmem_fault){ .kind = GMEM_SIM_OPEN,
							      .at = 1,
							      .lasting = true,
							      .error = error,
							      .path = path });
}

/* Whether a call has failed since one of those functions was called. */
static inline bool port_failed(const struct gmem_ctx *ctx)
{
	return gmem_sim_struck(ctx->kernel) > 0;
}

/* Frees a context. Nothing may be open in it any more. */
static inline void port_ctx_free(struct gmem_ctx *ctx, unsigned int fds, uint64_t pages)
{
	ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds);
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), pages);
	gmem_ctx_free(ctx);
}

/* Checks that the explanation contains text. */
static inline void port_said(struct gmem_ctx *ctx, const char *text)
{
	char words[GMEM_EXPLANATION_MAX];

	gmem_explain(ctx, words, sizeof(words));
	ck_assert_msg(strstr(words, text) != NULL, "\"%s\" is not in \"%s\"", text, words);
}

#endif
