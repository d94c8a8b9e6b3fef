// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/directmap/owned.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "inspect/owner.h"

struct search {
	struct owned *owned;
	size_t memory;
	pid_t vm_pid;
	enum gmem_access_owner access_owner;
	struct patience patience;
};

static int keep(struct search *search, const struct gmem_extent *extent)
{
	struct owned *owned = search->owned;
	struct owned_range *last = owned->n ? &owned->list[owned->n - 1] : NULL, *more;

	if (last && last->memory == search->memory && last->pfn + last->pages == extent->pfn) {
		last->pages += extent->pages;
		return 0;
	}
	if (owned->n == OWNED_RANGES_MAX)
		return -E2BIG;
	/* Room doubles at each power of two. */
	if (!(owned->n & (owned->n - 1))) {
		more = realloc(owned->list, (owned->n ? 2 * owned->n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		owned->list = more;
	}
	owned->list[owned->n++] = (struct owned_range){
		.pfn = extent->pfn,
		.pages = extent->pages,
		.memory = search->memory,
		.vm_pid = search->vm_pid,
		.access_owner = search->access_owner,
	};
	return 0;
}

static int keep_unmapped(const struct gmem_extent *extent, void *arg)
{
	struct search *search = arg;

	if (patience_is_over(&search->patience))
		return -ETIME;
	if (!extent->has_pfn || extent->direct_map != GMEM_DIRECT_MAP_UNMAPPED)
		return 0;
	return keep(search, extent);
}

static int search_memory(struct search *search)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_target *target;
	int ret = gmem_owners_open(search->owned->owners, search->memory, &target);

	if (ret)
		return ret;
	ret = gmem_target_get_info(target, &info);
	if (!ret) {
		search->vm_pid = info.vm_pid;
		search->access_owner = info.access_owner;
		ret = gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP, keep_unmapped,
					  search);
	}
	gmem_target_free(target);
	return ret;
}

/* A guest_memfd that is gone by now has no hole any more. */
static int search_all(struct search *search, size_t memories)
{
	int ret = 0, worst = 0;

	for (; search->memory < memories && ret != -ETIME && ret != -E2BIG; search->memory++) {
		ret = patience_is_over(&search->patience) ? -ETIME : search_memory(search);
		if (ret == -ENOMEM)
			return ret;
		if (ret && ret != -ESRCH)
			worst = ret;
	}
	return worst;
}

static void explain(struct cli *cli, struct owned *owned, int error,
		    const struct gmem_owners_counts *counts)
{
	const char *unseen = owner_unseen(counts, owned->unseen, sizeof(owned->unseen));

	if (error == -ETIME || counts->end == GMEM_SCAN_DEADLINE)
		snprintf(owned->unseen, sizeof(owned->unseen),
			 "not all guest_memfds were looked at within %d seconds", OWNED_SECONDS);
	else if (error == -E2BIG)
		snprintf(owned->unseen, sizeof(owned->unseen),
			 "guest_memfds have more than %u ranges that are not in the direct map",
			 OWNED_RANGES_MAX);
	else if (error)
		cli_explain(cli, error, owned->unseen, sizeof(owned->unseen));
	else if (unseen && unseen != owned->unseen)
		snprintf(owned->unseen, sizeof(owned->unseen), "%s", unseen);
	else if (!unseen && counts->vms_without)
		snprintf(owned->unseen, sizeof(owned->unseen),
			 "%zu processes have a VM and no guest_memfd: KVM may keep one that they "
			 "closed",
			 counts->vms_without);
}

static int by_pfn(const void *a, const void *b)
{
	const struct owned_range *x = a, *y = b;

	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

int owned_find(struct cli *cli, struct owned *owned)
{
	struct search search = { .owned = owned };
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	int ret;

	*owned = (struct owned){ .owners = NULL };
	patience_begin(&search.patience, OWNED_SECONDS);
	ret = owner_scan(cli, &search.patience, false, &owned->owners);
	if (!ret) {
		gmem_owners_get_counts(owned->owners, &counts);
		ret = search_all(&search, counts.memories);
	}
	if (ret == -ENOMEM)
		return ret;
	explain(cli, owned, ret, &counts);
	if (owned->n)
		qsort(owned->list, owned->n, sizeof(*owned->list), by_pfn);
	return 0;
}

void owned_free(struct owned *owned)
{
	gmem_owners_free(owned->owners);
	free(owned->list);
}

const struct owned_range *owned_at(const struct owned *owned, uint64_t pfn, uint64_t *pages)
{
	size_t low = 0, high = owned->n;

	/* The first range that ends behind pfn. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct owned_range *range = &owned->list[middle];

		if (range->pfn + range->pages <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < owned->n) {
		const struct owned_range *range = &owned->list[low];
		bool has = range->pfn <= pfn;
		uint64_t alike = has ? range->pfn + range->pages - pfn : range->pfn - pfn;

		if (alike < *pages)
			*pages = alike;
		return has ? range : NULL;
	}
	return NULL;
}
