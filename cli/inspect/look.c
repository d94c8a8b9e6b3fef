// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/look.h"

#include <string.h>

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	struct look *look = arg;

	tally_add(&look->tally, extent);
	return 0;
}

int look_at(struct gmem_ctx *ctx, enum gmem_vm_type type, const struct gmem_memory *memory,
	    uint64_t offset, uint64_t length, struct look *look)
{
	struct look seen = { .answer.size = sizeof(seen.answer) };
	const struct gmem_preflight_options options = {
		.size = sizeof(options),
		.vm_type = (int)type,
		.memory = memory,
		.offset = offset,
		.length = length,
		.fn = add_extent,
		.arg = &seen,
	};
	int ret = gmem_flush_preflight(ctx, &options, &seen.answer, &seen.flush);

	/* Nothing was looked at: what was seen before stays. */
	if (ret && !seen.flush)
		return ret;
	look_free(look);
	*look = seen;
	return ret;
}

void look_free(struct look *look)
{
	gmem_flush_free(look->flush);
	memset(look, 0, sizeof(*look));
}
