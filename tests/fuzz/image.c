// SPDX-License-Identifier: GPL-2.0-or-later
/* The search for the direct map: vmcoreinfo and the first tables, corrupted. */
#include "fuzz.h"

#include "kmem/direct_map.h"

/* What the search reads before it has found the base: its candidates, in one batch. */
#define CANDIDATES 256

static struct gmem_ctx *ctx;
static uint64_t base;

/* /proc/kcore tells the base, so that with it there is no search. */
static int hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	(void)kernel;
	*address = base;
	*physical = 0;
	return ctx->evidence == GMEM_EVIDENCE_KCORE ? 0 : -ENODATA;
}

/*
 * Nothing is mapped below the base, so the model is not asked there: a search that fails looks at a
 * quarter of a million places.
 */
static int read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	size_t below = 0;

	while (!fuzz_kmem.size && below < n && requests[below].address < base)
		requests[below++].result = -EFAULT;
	return below == n ? 0 : fuzz_kmem_read(kernel, requests + below, n - below);
}

/* As if it had not been opened. */
static void close_reader(void)
{
	gmem_image_free(ctx->image);
	ctx->image = NULL;
	ctx->evidence = GMEM_EVIDENCE_NONE;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	ctx = fuzz_ctx("plain");
	if (gmem_reader_open(ctx, GMEM_EVIDENCE_NONE))
		abort();
	base = ctx->image->page_offset_base;
	close_reader();
	return 0;
}

/*
 * The first byte tells which reads are spared. So few inputs corrupt the base, for which the search
 * then fails at all possible places, and most inputs corrupt what is read after it was found.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ret;

	if (!size)
		return 0;
	fuzz_kmem_is(ctx, data + 1, size - 1);
	fuzz_kmem.ops.read_kmem = read_kmem;
	fuzz_kmem.ops.direct_map_hint = hint;
	fuzz_kmem.spared = data[0] == UINT8_MAX ? 0 : CANDIDATES + data[0] % 16;
	ret = gmem_reader_open(ctx, GMEM_EVIDENCE_NONE);
	HOLDS(ret <= 0);
	if (!ret) {
		HOLDS(ctx->image && ctx->image->struct_page_size > 0);
		HOLDS(ctx->image->tables.levels == 4 || ctx->image->tables.levels == 5);
	}
	fuzz_kmem_end(ctx);
	close_reader();
	return 0;
}
