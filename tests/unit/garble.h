/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context that now and then reads kernel memory wrongly, in the same way for the same seed. */
#ifndef GARBLE_H
#define GARBLE_H

#include "base/context.h"

static struct {
	const struct gmem_kernel_ops *real;
	struct gmem_kernel_ops ops;
	uint64_t seed;
	unsigned int one_in; /* one of so many requests is garbled */
} garble;

static inline uint64_t garble_random(void)
{
	garble.seed = garble.seed * 6364136223846793005ull + 1442695040888963407ull;
	return garble.seed >> 20;
}

/* Changes up to three bytes of a request. */
static int garble_read(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int ret = garble.real->read_kmem(kernel, requests, n);

	for (size_t i = 0; i < n; i++) {
		unsigned char *bytes = requests[i].buffer;

		if (garble_random() % garble.one_in)
			continue;
		for (uint64_t k = 1 + garble_random() % 3; k > 0; k--)
			bytes[garble_random() % requests[i].length] ^=
				(unsigned char)(1 + garble_random() % 255);
	}
	return ret;
}

static inline void garble_begin(struct gmem_ctx *ctx, uint64_t seed, unsigned int one_in)
{
	garble.real = ctx->kernel->ops;
	garble.ops = *garble.real;
	garble.ops.read_kmem = garble_read;
	garble.seed = seed;
	garble.one_in = one_in;
	ctx->kernel->ops = &garble.ops;
}

static inline void garble_end(struct gmem_ctx *ctx)
{
	ctx->kernel->ops = garble.real;
}

#endif
