// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/bounded.h"

int gmem_bounded(struct gmem_ctx *ctx, struct gmem_bounded_run *run)
{
	struct gmem_kernel *kernel = ctx->kernel;

	run->left_at = 0;
	return kernel->ops->bounded ? kernel->ops->bounded(kernel, run) : run->fn(run->arg);
}

int gmem_bounded_call(struct gmem_ctx *ctx, int (*fn)(void *arg), void *arg)
{
	struct gmem_bounded_run run = { .fn = fn, .arg = arg };

	return gmem_bounded(ctx, &run);
}

const char *gmem_bounded_words(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "it keeps a lock that the kernel waits for, as an execve(2) or a page fault on "
		       "a file server that does not answer does; end that process";
	case -EBUSY:
		return "too many processes keep locks that the kernel waits for, and no more is waited "
		       "for; end those processes";
	case -EAGAIN:
		return "no thread can be made to ask for it: a limit of processes is reached";
	default:
		return gmem_error_words(error);
	}
}
