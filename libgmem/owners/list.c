// SPDX-License-Identifier: LGPL-2.1-or-later
/* The list of owners: one entry an inode, with all that hold it. */
#include "owners/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Index of the first entry that is not before the inode. */
static size_t place_of(const struct gmem_owners *owners, uint64_t dev, uint64_t ino)
{
	size_t low = 0, high = owners->counts.memories;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct gmem_owned *owned = &owners->list[middle];

		if (owned->dev < dev || (owned->dev == dev && owned->ino < ino))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct gmem_owned *gmem_owners_lookup(const struct gmem_owners *owners, uint64_t dev, uint64_t ino)
{
	size_t i = place_of(owners, dev, ino);

	if (i < owners->counts.memories && owners->list[i].dev == dev && owners->list[i].ino == ino)
		return &owners->list[i];
	return NULL;
}

static struct gmem_owned *insert(struct gmem_owners *owners, const struct gmem_owned *inode)
{
	size_t n = owners->counts.memories, i = place_of(owners, inode->dev, inode->ino);
	struct gmem_owned *list = owners->list;

	/* Room doubles at each power of two. */
	if (!(n & (n - 1))) {
		list = realloc(list, (n ? 2 * n : 1) * sizeof(*list));
		if (!list)
			return NULL;
		owners->list = list;
	}
	memmove(&list[i + 1], &list[i], (n - i) * sizeof(*list));
	list[i] = (struct gmem_owned){
		.dev = inode->dev,
		.ino = inode->ino,
		.size = inode->size,
	};
	owners->counts.memories++;
	return &list[i];
}

/* The entry of this process's mappings, which is its last, or NULL. */
static struct gmem_holder *mapped_before(struct gmem_owned *owned, pid_t pid)
{
	struct gmem_holder *last =
		owned->held_count ? &owned->held[owned->held_count - 1].holder : NULL;

	return last && last->pid == pid && last->fd < 0 ? last : NULL;
}

int gmem_owners_add(struct gmem_owners *owners, const struct gmem_owned *inode,
		    const struct gmem_held *held)
{
	struct gmem_owned *owned = gmem_owners_lookup(owners, inode->dev, inode->ino);
	const struct gmem_holder *holder = &held->holder;
	struct gmem_holder *mapped;
	struct gmem_held *more;
	size_t n;

	if (!owned)
		owned = insert(owners, inode);
	if (!owned)
		return -ENOMEM;
	mapped = holder->fd < 0 ? mapped_before(owned, holder->pid) : NULL;
	if (mapped) {
		mapped->mapped += holder->mapped;
		return 0;
	}
	n = owned->held_count;
	if (!(n & (n - 1))) {
		more = realloc(owned->held, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		owned->held = more;
	}
	if (!n || owned->held[n - 1].process != held->process)
		owned->processes++;
	owned->held[owned->held_count++] = *held;
	return 0;
}

const struct gmem_held *gmem_owned_by(const struct gmem_owned *owned, pid_t process)
{
	for (size_t i = 0; i < owned->held_count; i++)
		if (owned->held[i].process == process)
			return &owned->held[i];
	return NULL;
}

void gmem_holder_path(const struct gmem_holder *holder, char path[GMEM_HOLDER_PATH_MAX])
{
	if (holder->fd >= 0)
		snprintf(path, GMEM_HOLDER_PATH_MAX, "/proc/%d/fd/%d", (int)holder->pid,
			 holder->fd);
	else
		snprintf(path, GMEM_HOLDER_PATH_MAX, "/proc/%d/map_files/%llx-%llx",
			 (int)holder->pid, (unsigned long long)holder->start,
			 (unsigned long long)holder->end);
}
