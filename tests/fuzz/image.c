// SPDX-License-Identifier: GPL-2.0-or-later
/* The search for the direct map: vmcoreinfo and the first tables, corrupted. */
#include "fuzz.h"

#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gmem_ctx *ctx = fuzz_ctx("plain");
	int ret;

	fuzz_kmem_is(ctx, data, size);
	ret = gmem_reader_open(ctx, GMEM_EVIDENCE_NONE);
	HOLDS(ret <= 0);
	if (!ret) {
		HOLDS(ctx->image && ctx->image->struct_page_size > 0);
		HOLDS(ctx->image->levels == 4 || ctx->image->levels == 5);
	}
	fuzz_kmem_end(ctx);
	gmem_ctx_free(ctx);
	return 0;
}
