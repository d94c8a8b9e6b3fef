// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kmem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int gmem_kmem_read_batch(struct gmem_ctx *ctx, struct gmem_kmem_request *requests, size_t n)
{
	int ret = ctx->kernel->ops->read_kmem(ctx->kernel, requests, n);

	if (ret)
		return gmem_fail(ctx, ret, "reading kernel memory (%s): %s",
				 gmem_evidence_name(ctx->evidence), strerror(-ret));
	return 0;
}

int gmem_kmem_read(struct gmem_ctx *ctx, uint64_t address, void *buffer, size_t length)
{
	while (length) {
		uint32_t piece =
			length < GMEM_KMEM_REQUEST_MAX ? (uint32_t)length : GMEM_KMEM_REQUEST_MAX;
		struct gmem_kmem_request request = {
			.address = address,
			.buffer = buffer,
			.length = piece,
		};
		int ret = gmem_kmem_read_batch(ctx, &request, 1);

		if (ret || request.result)
			return ret ? ret : request.result;
		address += piece;
		buffer = (char *)buffer + piece;
		length -= piece;
	}
	return 0;
}

int gmem_kmem_read_pointer(struct gmem_ctx *ctx, uint64_t address, uint64_t *value)
{
	return gmem_kmem_read(ctx, address, value, sizeof(*value));
}

void *gmem_kmem_room_new(struct gmem_ctx *ctx, size_t size, bool *of_reader)
{
	const struct gmem_kernel_ops *ops = ctx->kernel->ops;
	void *room = ops->kmem_room_take ? ops->kmem_room_take(ctx->kernel, size) : NULL;

	*of_reader = room;
	return room ? room : malloc(size);
}

void gmem_kmem_room_free(struct gmem_ctx *ctx, void *room, bool of_reader)
{
	if (of_reader)
		ctx->kernel->ops->kmem_room_give(ctx->kernel, room);
	else
		free(room);
}
