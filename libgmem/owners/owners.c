// SPDX-License-Identifier: LGPL-2.1-or-later
/* The list of owners: one entry an inode, with all that hold it. */
#include "owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../guard.h"
#include "../options.h"

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

int gmem_owners_new(struct gmem_ctx *ctx, const struct gmem_owners_options *options,
		    struct gmem_owners **out)
{
	struct gmem_owners_options wanted = { 0 };
	struct gmem_owners *owners;
	int ret = options ? gmem_options_copy(ctx, "gmem_owners_options", &wanted, sizeof(wanted),
					      options)
			  : 0;

	if (ret)
		return ret;
	owners = calloc(1, sizeof(*owners));
	if (!owners)
		return gmem_fail(ctx, -ENOMEM, "out of memory");
	owners->ctx = ctx;
	ret = gmem_owners_scan(owners, !wanted.no_mappings);
	if (ret) {
		gmem_owners_free(owners);
		return ret;
	}
	if (owners->counts.not_permitted)
		owners->counts.why_denied = gmem_guard_why(ctx, GMEM_GUARDED_ALL);
	*out = owners;
	return 0;
}

void gmem_owners_free(struct gmem_owners *owners)
{
	if (!owners)
		return;
	for (size_t i = 0; i < owners->counts.memories; i++)
		free(owners->list[i].held);
	free(owners->list);
	free(owners);
}

void gmem_owners_counts(const struct gmem_owners *owners, struct gmem_owners_counts *out)
{
	*out = owners->counts;
}

int gmem_owners_at(const struct gmem_owners *owners, size_t index, struct gmem_owner *out)
{
	const struct gmem_owned *owned;

	if (index >= owners->counts.memories)
		return -ENOENT;
	owned = &owners->list[index];
	*out = (struct gmem_owner){
		.device = owned->dev,
		.inode = owned->ino,
		.size = owned->size,
		.holders = owned->held_count,
		.processes = owned->processes,
	};
	return 0;
}

int gmem_owners_holder(const struct gmem_owners *owners, size_t index, size_t holder,
		       struct gmem_holder *out)
{
	if (index >= owners->counts.memories || holder >= owners->list[index].held_count)
		return -ENOENT;
	*out = owners->list[index].held[holder].holder;
	out->command = owners->list[index].held[holder].command;
	return 0;
}

int gmem_owners_primary(const struct gmem_owners *owners, size_t index, pid_t thread,
			struct gmem_holder *out)
{
	const struct gmem_held *held = NULL;
	pid_t process;

	if (index >= owners->counts.memories)
		return -ENOENT;
	if (thread > 0 && !owners->counts.in_namespace &&
	    !gmem_process_of(owners->ctx, thread, &process))
		held = gmem_owned_by(&owners->list[index], process);
	if (!held)
		held = owners->list[index].held;
	*out = held->holder;
	out->command = held->command;
	return 0;
}

/* Descriptors and addresses may have come to hold something else: the inode must be the same. */
static int open_held(const struct gmem_owners *owners, const struct gmem_owned *owned,
		     const struct gmem_holder *holder, struct gmem_target **out)
{
	char path[GMEM_HOLDER_PATH_MAX];
	struct gmem_target *target;
	int ret;

	gmem_holder_path(holder, path);
	ret = gmem_target_open_path(owners->ctx, path, &target);
	if (ret)
		return ret;
	if (target->dev != owned->dev || target->ino != owned->ino) {
		gmem_target_free(target);
		return -ESRCH;
	}
	*out = target;
	return 0;
}

int gmem_owners_open(const struct gmem_owners *owners, size_t index, struct gmem_target **out)
{
	const struct gmem_owned *owned;
	int worst = -ESRCH;

	if (index >= owners->counts.memories)
		return gmem_fail(owners->ctx, -ENOENT, "there is no guest_memfd %zu in the list",
				 index);
	owned = &owners->list[index];
	for (size_t i = 0; i < owned->held_count; i++) {
		int ret = open_held(owners, owned, &owned->held[i].holder, out);

		if (!ret)
			return 0;
		if (ret == -EACCES || ret == -EPERM)
			worst = -EACCES;
		else if (ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE)
			return gmem_fail(owners->ctx, ret, "inode %llu: %s",
					 (unsigned long long)owned->ino, strerror(-ret));
	}
	if (worst == -EACCES)
		return gmem_fail(owners->ctx, worst, "inode %llu is not ours to look at: %s",
				 (unsigned long long)owned->ino,
				 gmem_guard_why(owners->ctx, GMEM_GUARDED_ALL));
	return gmem_fail(owners->ctx, worst, "nobody has inode %llu open any more",
			 (unsigned long long)owned->ino);
}
