// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Makes the kernel look through leaves of an xarray, by the program of leaves.bpf.c; its map holds
 * the question and the answer. Only loading the program tells whether this kernel accepts it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/leaves.h"
#include "kernel/linux/bpf_load.h"
#include "kernel/linux/linux.h"
#include "kernel/uapi.h"
#include "leaves.skel.h"

/*
 * A program needs some 17 instructions a slot, whatever is there; compiled code sees by two that a
 * leaf is one run. tests/tools/bench-pfns has the program ahead, by a few percent, where runs are
 * of less than two pages.
 */
#define WORTH 32

struct gmem_bpf_leaves {
	struct leaves *program;
	int fd;
	bool taken;
	pid_t owner; /* as in bpf_reader.c */
};

static int load(void *arg)
{
	struct gmem_bpf_leaves *leaves = arg;

	leaves->program = leaves__open();
	return leaves->program ? leaves__load(leaves->program) : -errno;
}

int gmem_bpf_leaves_new(struct gmem_bpf_leaves **out)
{
	struct gmem_bpf_leaves *leaves = calloc(1, sizeof(*leaves));
	int ret;

	if (!leaves)
		return -ENOMEM;
	leaves->owner = getpid();
	ret = gmem_bpf_load_silently(load, leaves);
	if (ret) {
		gmem_bpf_leaves_free(leaves);
		return ret;
	}
	leaves->fd = bpf_program__fd(leaves->program->progs.leaves_run);
	/* As in bpf_reader.c. */
	madvise(leaves->program->bss, sizeof(*leaves->program->bss), GMEM_MADV_POPULATE_WRITE);
	*out = leaves;
	return 0;
}

void gmem_bpf_leaves_free(struct gmem_bpf_leaves *leaves)
{
	if (!leaves)
		return;
	leaves__destroy(leaves->program);
	free(leaves);
}

struct gmem_leaves *gmem_bpf_leaves_take(struct gmem_bpf_leaves *leaves)
{
	if (leaves->taken || leaves->owner != getpid())
		return NULL;
	leaves->taken = true;
	leaves->program->bss->leaves.worth = WORTH;
	return &leaves->program->bss->leaves;
}

void gmem_bpf_leaves_give(struct gmem_bpf_leaves *leaves)
{
	leaves->taken = false;
}

int gmem_bpf_leaves_scan(struct gmem_bpf_leaves *leaves)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	return leaves->owner == getpid() ? bpf_prog_test_run_opts(leaves->fd, &options) : -ECHILD;
}
