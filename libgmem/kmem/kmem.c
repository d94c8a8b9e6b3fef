// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kmem/kmem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const char *gmem_kmem_words(const struct gmem_ctx *ctx, int error)
{
	if (ctx->kernel->ops->dump && error == -EIO)
		return "the dump is truncated or damaged";
	if (ctx->kernel->ops->dump && error == -GMEM_KERNEL_NOT_RECORDED)
		return "that was left out of the dump";
	if (ctx->kernel->ops->dump && error == -ESTALE)
		return "the dump changed while it was read";
	return gmem_error_words(error);
}

int gmem_kmem_read_batch(struct gmem_ctx *ctx, struct gmem_kmem_request *requests, size_t n)
{
	int ret = ctx->kernel->ops->read_kmem(ctx->kernel, requests, n);

	if (ret)
		return gmem_fail(ctx, ret, "reading kernel memory (%s): %s",
				 gmem_evidence_name(ctx->evidence), gmem_kmem_words(ctx, ret));
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

struct order {
	struct gmem_gather *items[GMEM_GATHER_MAX];
	uint8_t request[GMEM_GATHER_MAX]; /* that each item is part of */
};

/* Sorts by insertion, because objects of one slab are only a few positions out of order. */
static void sort(struct order *order, struct gmem_gather *items, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = i;

		for (; at > 0 && order->items[at - 1]->address > items[i].address; at--)
			order->items[at] = order->items[at - 1];
		order->items[at] = &items[i];
	}
}

/* Puts neighbours into one request each, as long as the port's limit allows. Returns how many. */
static unsigned int plan(struct order *order, unsigned int n, uint32_t size, unsigned char *room,
			 struct gmem_kmem_request *requests)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t address = order->items[i]->address;
		struct gmem_kmem_request *request = count ? &requests[count - 1] : NULL;

		if (!request || address - request->address + size > GMEM_KMEM_REQUEST_MAX ||
		    address - request->address > request->length + GMEM_GATHER_GAP) {
			if (request)
				room += request->length;
			request = &requests[count++];
			*request = (struct gmem_kmem_request){ .address = address, .buffer = room };
		}
		if (request->length < address - request->address + size)
			request->length = (uint32_t)(address - request->address) + size;
		order->request[i] = (uint8_t)(count - 1);
	}
	return count;
}

int gmem_gather(struct gmem_ctx *ctx, struct gmem_gather *items, unsigned int n, uint32_t size,
		void *room, struct gmem_kmem_request *last)
{
	struct gmem_kmem_request requests[GMEM_GATHER_MAX + 1];
	struct order order;
	unsigned int count;
	int ret;

	if (n > GMEM_GATHER_MAX)
		return -EINVAL;
	sort(&order, items, n);
	count = plan(&order, n, size, room, requests);
	requests[count] = *last;
	ret = gmem_kmem_read_batch(ctx, requests, count + 1);
	if (ret)
		return ret;
	*last = requests[count];
	for (unsigned int i = 0; i < n; i++) {
		const struct gmem_kmem_request *request = &requests[order.request[i]];

		order.items[i]->object = (unsigned char *)request->buffer +
					 (order.items[i]->address - request->address);
		if (request->result)
			order.items[i]->object = NULL;
	}
	return 0;
}
