// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reader proves itself. A page of memfd_secret has left the direct map
 * (set_direct_map_invalid_noflush() in mm/secretmem.c), a page of an ordinary memfd has not, and
 * the reader must report both rightly.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "kmem/pagecache.h"
#include "kmem/pagetable.h"
#include "kmem/reader.h"

static int keep_pfn(const struct gmem_pagecache_run *runs, size_t n, void *arg)
{
	*(struct gmem_pagecache_run *)arg = runs[n - 1];
	return 0;
}

static int state_of_mapping(struct gmem_ctx *ctx, int fd, void *address,
			    enum gmem_direct_map *state)
{
	struct gmem_pagecache_run found = { .pages = 0 };
	struct gmem_pagecache cache;
	struct gmem_directmap_run run = { .pages = 0 };
	const struct gmem_image *image;
	int ret = ctx->kernel->ops->touch(ctx->kernel, address);

	if (ret)
		gmem_fail(ctx, ret, "touching a page for the reader to prove itself on: %s",
			  strerror(-ret));
	if (!ret)
		ret = gmem_pagecache_find(ctx, fd, &cache);
	if (!ret)
		ret = gmem_pagecache_walk(ctx, &cache, 0, 0, keep_pfn, &found);
	if (!ret && (found.pages != 1 || found.reason))
		ret = gmem_fail(ctx, -EILSEQ,
				"the page of a memfd that was just written is not in "
				"its page cache as it was read");
	if (!ret)
		ret = gmem_reader_image(ctx, &image);
	if (!ret)
		ret = gmem_pagetable_lookup(ctx, image, found.pfn, &run);
	if (!ret)
		*state = run.direct_map;
	return ret;
}

/* Makes one page, touches it, and looks it up before it is given back. */
static int state_of_page(struct gmem_ctx *ctx, enum gmem_file_kind kind,
			 enum gmem_direct_map *state)
{
	struct gmem_kernel *kernel = ctx->kernel;
	const uint64_t page = gmem_page_size(ctx);
	void *address;
	int ret, fd = kernel->ops->create_file(kernel, kind, page);

	if (fd < 0)
		return gmem_fail(ctx, fd, "%s: %s%s",
				 kind == GMEM_FILE_SECRET ? "memfd_secret" : "memfd_create",
				 strerror(-fd),
				 fd == -ENOSYS ? " (boot with secretmem.enable=1; the kernel needs "
						 "CONFIG_SECRETMEM)"
					       : "");
	ret = kernel->ops->mmap(kernel, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &address);
	if (ret) {
		gmem_fail(ctx, ret, "mapping a page for the reader to prove itself on: %s%s",
			  strerror(-ret),
			  ret == -EAGAIN ? " (memfd_secret counts as locked memory: ulimit -l)"
					 : "");
		goto close;
	}
	ret = state_of_mapping(ctx, fd, address, state);
	kernel->ops->munmap(kernel, address, page);
close:
	kernel->ops->close(kernel, fd);
	return ret;
}

static int control(struct gmem_ctx *ctx)
{
	enum gmem_direct_map ordinary = GMEM_DIRECT_MAP_UNKNOWN, secret = GMEM_DIRECT_MAP_UNKNOWN;
	const struct gmem_image *image;
	int ret = gmem_reader_image(ctx, &image);

	if (!ret)
		ret = state_of_page(ctx, GMEM_FILE_SECRET, &secret);
	if (!ret)
		ret = state_of_page(ctx, GMEM_FILE_ORDINARY, &ordinary);
	if (ret)
		return ret;
	if (secret == GMEM_DIRECT_MAP_UNMAPPED && ordinary == GMEM_DIRECT_MAP_MAPPED)
		return 1;
	if (secret == GMEM_DIRECT_MAP_UNKNOWN || ordinary == GMEM_DIRECT_MAP_UNKNOWN)
		return gmem_fail(ctx, -EAGAIN,
				 "the page tables could not be read where the reader was to prove "
				 "itself, so nothing is proven");
	return gmem_fail(ctx, 0,
			 "the reader calls a page of memfd_secret %s and an ordinary one %s: its "
			 "answers cannot be trusted on this kernel",
			 gmem_direct_map_name(secret), gmem_direct_map_name(ordinary));
}

int gmem_reader_control(struct gmem_ctx *ctx)
{
	int ret;

	gmem_begin(ctx);
	pthread_mutex_lock(&ctx->learning);
	ret = ctx->control;
	if (ret == -EINPROGRESS)
		ret = control(ctx);
	/*
	 * Set only now, because opening the reader resets it. If the question could not be asked,
	 * it can be asked again.
	 */
	if (ret >= 0)
		ctx->control = ret;
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}
