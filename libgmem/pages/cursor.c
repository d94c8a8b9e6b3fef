// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A cursor over extents: when everything that the walk found is handed out, the walk goes on by a
 * batch.
 */
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/options.h"
#include "pages/extents.h"

#define KEPT_MAX 1024 /* extents, where there are no batches */

struct gmem_extents {
	struct gmem_ctx *ctx;
	struct gmem_extent_walk *walk;
	const volatile int *cancel;
	bool batches; /* the walk ends by itself after one */
	bool ended;
	struct gmem_extent *kept;
	size_t count, room;
	size_t next;	 /* of kept, to be handed out */
	uint64_t offset; /* where the next one is looked for */
	uint64_t missed; /* offset of an extent that there was no memory to keep */
};

static int keep(const struct gmem_extent *extent, void *arg)
{
	struct gmem_extents *extents = arg;

	if (extents->count == extents->room) {
		size_t room = extents->room ? 2 * extents->room : 64;
		struct gmem_extent *more =
			reallocarray(extents->kept, room, sizeof(*extents->kept));

		if (!more) {
			extents->missed = extent->offset;
			return gmem_no_memory(extents->ctx, "extents of the page cache");
		}
		extents->kept = more;
		extents->room = room;
	}
	extents->kept[extents->count++] = *extent;
	return !extents->batches && extents->count == KEPT_MAX;
}

int gmem_extents_new(struct gmem_target *target, const struct gmem_extents_options *options,
		     struct gmem_extents **out)
{
	struct gmem_extents_options wanted;
	struct gmem_extents *extents;
	int ret;

	gmem_begin(target->ctx);
	ret = gmem_options_copy(target->ctx, "gmem_extents_options", &wanted, sizeof(wanted),
				options);
	if (ret)
		return ret;
	extents = calloc(1, sizeof(*extents));
	if (!extents)
		return gmem_no_memory(target->ctx, "a cursor over extents");
	ret = gmem_extent_walk_new(target, &wanted, keep, extents, &extents->walk);
	if (ret) {
		free(extents);
		return ret;
	}
	extents->ctx = target->ctx;
	extents->batches = wanted.want & GMEM_EXTENT_DIRECT_MAP;
	extents->cancel = wanted.cancel;
	extents->offset = wanted.offset;
	*out = extents;
	return 0;
}

/* Lets the walk go on until it has found something, or has come to its end. */
static int look_ahead(struct gmem_extents *extents)
{
	int ret;

	extents->count = extents->next = 0;
	extents->missed = UINT64_MAX;
	do
		ret = gmem_extent_walk_batch(extents->walk);
	while (ret > 0 && !extents->count);
	if (extents->missed != UINT64_MAX)
		gmem_extent_walk_seek(extents->walk, extents->missed);
	extents->ended = !ret;
	return ret < 0 ? ret : 0;
}

int gmem_extents_next(struct gmem_extents *extents, struct gmem_extent *out)
{
	const struct gmem_extent *next;
	int ret;

	gmem_begin(extents->ctx);
	ret = GMEM_CHECK_OUT(extents->ctx, gmem_extent, has_pfn, out);
	if (ret)
		return ret;
	if (gmem_is_cancelled(extents->cancel))
		return gmem_cancelled(extents->ctx, "gmem_extents_next");
	if (extents->next == extents->count && !extents->ended) {
		ret = look_ahead(extents);
		/* First hands out what was found before the failure; then the call fails again. */
		if (ret && !extents->count)
			return ret;
	}
	if (extents->next == extents->count)
		return 0;
	next = &extents->kept[extents->next++];
	extents->offset = next->offset + gmem_bytes_of(extents->ctx, next->pages);
	ret = GMEM_FILL_OUT(extents->ctx, gmem_extent, has_pfn, out, next);
	return ret ? ret : 1;
}

uint64_t gmem_extents_offset(const struct gmem_extents *extents)
{
	return extents->offset;
}

void gmem_extents_free(struct gmem_extents *extents)
{
	if (!extents)
		return;
	gmem_extent_walk_free(extents->walk);
	free(extents->kept);
	free(extents);
}
