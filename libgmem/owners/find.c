// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a page frame to the guest_memfd that has it. */
#include <errno.h>

#include "base/error.h"
#include "kernel/search.h"
#include "owners/owners.h"

struct search {
	const uint64_t *pfns; /* ascending */
	size_t n;
	size_t memory;
	const struct gmem_target *target; /* open: that owner's */
	enum gmem_access_owner access_owner;
	gmem_owned_frame_fn fn;
	void *arg;
};

static bool is_below(const void *entry, const void *pfn)
{
	return *(const uint64_t *)entry < *(const uint64_t *)pfn;
}

/* Index of the first page frame wanted that is not below pfn. */
static size_t first_wanted(const struct search *search, uint64_t pfn)
{
	return gmem_lower_bound(search->pfns, search->n, sizeof(*search->pfns), is_below, &pfn);
}

static int search_extent(const struct gmem_extent *extent, void *arg)
{
	const struct search *search = arg;
	int ret = 0;

	if (!extent->has_pfn)
		return 0;
	for (size_t i = first_wanted(search, extent->pfn); !ret && i < search->n; i++) {
		uint64_t page = search->pfns[i] - extent->pfn,
			 into = gmem_bytes_of(search->target->ctx, page);
		struct gmem_owned_frame frame = {
			.size = sizeof(frame),
			.pfn = search->pfns[i],
			.memory = search->memory,
			.offset = extent->offset + into,
			.gpa = GMEM_GPA_NONE,
			.vm_pid = search->target->vm_pid,
			.access_owner = search->access_owner,
		};

		if (page >= extent->pages)
			break;
		if (extent->gpa != GMEM_GPA_NONE)
			frame.gpa = extent->gpa + into;
		ret = search->fn(&frame, search->arg);
	}
	return ret;
}

int gmem_owners_find(const struct gmem_owners *owners, const uint64_t *pfns, size_t n,
		     gmem_owned_frame_fn fn, void *arg)
{
	struct search search = { .pfns = pfns, .n = n, .fn = fn, .arg = arg };
	int ret = 0, denied = 0;

	gmem_begin(owners->ctx);
	for (; !ret && search.memory < owners->counts.memories; search.memory++) {
		struct gmem_target *target;
		const char *unused;

		ret = gmem_owners_open(owners, search.memory, &target);
		if (ret == -ESRCH || ret == -EACCES) {
			denied = ret == -EACCES ? ret : denied;
			ret = 0;
			continue;
		}
		if (ret)
			break;
		search.target = target;
		search.access_owner = gmem_target_access_owner(target, &unused);
		ret = gmem_target_extents(target, 0, 0, 0, search_extent, &search);
		gmem_target_free(target);
	}
	return ret ? ret : denied;
}
