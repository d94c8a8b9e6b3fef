// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forked: a child uses its parent's context, which reads kernel memory. Both processes share the
 * map of the reader, and each would take the other's answers for its own. So the child's calls must
 * fail, and the parent goes on. Prints "refused: WHY" and "parent goes on". Exits with 1 if one of
 * them is not true, and 77 without a reader.
 */
#include <errno.h>
#include <gmem/gmem.h>
#include <sys/wait.h>

#include "pages.h"

static int pass(const struct gmem_directmap_run *run, void *arg)
{
	(void)run;
	(void)arg;
	return 0;
}

static int in_child(struct gmem_ctx *ctx)
{
	char why[1024];
	int ret = gmem_directmap_walk(ctx, 0, 512, pass, NULL);

	gmem_explain(ctx, why, sizeof(why));
	printf("refused: %s\n", why);
	fflush(stdout);
	gmem_ctx_free(ctx);
	return ret == -ECHILD ? 0 : 1;
}

int main(void)
{
	struct gmem_ctx *ctx;
	int status;
	pid_t child;

	if (gmem_ctx_new(&ctx) || gmem_reader_open(ctx, GMEM_EVIDENCE_BPF)) {
		fputs("no BPF reader\n", stderr);
		return 77;
	}
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (!child)
		_exit(in_child(ctx));
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "the child was not refused");
	if (gmem_directmap_walk(ctx, 0, 512, pass, NULL))
		errx(1, "the parent does not go on");
	puts("parent goes on");
	gmem_ctx_free(ctx);
	return 0;
}
