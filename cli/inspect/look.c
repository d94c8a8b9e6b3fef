// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/look.h"

#include <string.h>

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	struct look *look = arg;

	gmem_flush_add(look->flush, extent);
	tally_add(&look->tally, extent);
	return 0;
}

int look_at(struct gmem_ctx *ctx, enum gmem_vm_type type, const struct gmem_memory *memory,
	    uint64_t offset, uint64_t length, struct look *look)
{
	const unsigned int want = GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS;
	struct gmem_flush_subject subject = {
		.size = sizeof(subject),
		.vm_type = (int)type,
		.memory_flags = gmem_memory_flags(memory),
		.has_memory_flags = true,
		.is_guest_memory = true,
	};
	struct gmem_target *target;
	int ret = gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target);

	if (ret)
		return ret;
	look_free(look);
	ret = gmem_flush_new(ctx, &subject, &look->flush);
	if (!ret)
		ret = gmem_target_extents(target, offset, length, want, add_extent, look);
	gmem_target_free(target);
	return ret;
}

void look_free(struct look *look)
{
	gmem_flush_free(look->flush);
	memset(look, 0, sizeof(*look));
}
