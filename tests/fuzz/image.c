// SPDX-License-Identifier: GPL-2.0-or-later
/* The search for the direct map, with corrupted vmcoreinfo and first tables. */
#include "fuzz.h"

#include "kmem/direct_map.h"

/* The search reads its candidates in one batch, before it has found the base. */
#define CANDIDATES 256

static struct gmem_ctx *ctx;
static uint64_t base;

/* /proc/kcore gives the base, so there is no search with that reader. */
static int hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	(void)kernel;
	*address = base;
	*physical = 0;
	return ctx->evidence == GMEM_EVIDENCE_KCORE ? 0 : -ENODATA;
}

/*
 * Nothing is mapped below the base, so the model is not asked there. A search that fails reads a
 * quarter of a million places.
 */
static int read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	size_t below = 0;

	while (!fuzz_kmem.size && below < n && requests[below].address < base)
		requests[below++].result = -EFAULT;
	return below == n ? 0 : fuzz_kmem_read(kernel, requests + below, n - below);
}

/* As if the reader had not been opened. */
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
 * The first byte tells which reads are left alone. So few inputs corrupt the base, which makes the
 * search fail at all possible places. Most inputs corrupt what is read after the base was found.
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
