// SPDX-License-Identifier: LGPL-2.1-or-later
/* The list of owners: one entry for each inode, with everything that holds it. */
#include "owners/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/search.h"

static bool is_before(const void *entry, const void *key)
{
	const struct gmem_owned_entry *owned = entry, *other = key;

	return owned->dev < other->dev || (owned->dev == other->dev && owned->ino < other->ino);
}

/* Index of the first entry that is not before the inode. */
static size_t place_of(const struct gmem_owners *owners, uint64_t dev, uint64_t ino)
{
	const struct gmem_owned_entry key = { .dev = dev, .ino = ino };

	return gmem_lower_bound(owners->list, owners->counts.memories, sizeof(*owners->list),
				is_before, &key);
}

struct gmem_owned_entry *gmem_owners_lookup(const struct gmem_owners *owners, uint64_t dev,
					    uint64_t ino)
{
	size_t i = place_of(owners, dev, ino);

	if (i < owners->counts.memories && owners->list[i].dev == dev && owners->list[i].ino == ino)
		return &owners->list[i];
	return NULL;
}

static struct gmem_owned_entry *insert(struct gmem_owners *owners,
				       const struct gmem_owned_entry *inode)
{
	size_t n = owners->counts.memories, i = place_of(owners, inode->dev, inode->ino);
	struct gmem_owned_entry *list = owners->list;

	/* Room doubles at each power of two. */
	if (!(n & (n - 1))) {
		list = realloc(list, (n ? 2 * n : 1) * sizeof(*list));
		if (!list)
			return NULL;
		owners->list = list;
	}
	memmove(&list[i + 1], &list[i], (n - i) * sizeof(*list));
	list[i] = (struct gmem_owned_entry){
		.dev = inode->dev,
		.ino = inode->ino,
		.size = inode->size,
		.address = inode->address,
	};
	owners->counts.memories++;
	return &list[i];
}

int gmem_owners_note(struct gmem_owners *owners, const struct gmem_owned_entry *inode)
{
	return gmem_owners_lookup(owners, inode->dev, inode->ino) || insert(owners, inode)
		       ? 0
		       : -ENOMEM;
}

/* The entry of this process's mappings, which is its last, or NULL. */
static struct gmem_owner *mapped_before(struct gmem_owned_entry *owned, pid_t pid)
{
	struct gmem_owner *last =
		owned->owner_count ? &owned->owners[owned->owner_count - 1].owner : NULL;

	return last && last->pid == pid && last->fd < 0 ? last : NULL;
}

bool gmem_owners_names(const struct gmem_owners *owners, const struct gmem_owned_entry *owned,
		       size_t group)
{
	if (!owned || !owned->owner_count) /* otherwise a guest_memfd that can be opened through
					    * none of them would be lost */
		return true;
	if (owners->named >= GMEM_OWNERS_NAMED_ALL)
		return false;
	return owned->last_group != group || owned->in_group < GMEM_OWNERS_NAMED;
}

static int name_owner(struct gmem_owners *owners, struct gmem_owned_entry *owned,
		      const struct gmem_owner_entry *entry)
{
	struct gmem_owner_entry *more;
	size_t n = owned->owner_count;

	if (!(n & (n - 1))) {
		more = realloc(owned->owners, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		owned->owners = more;
	}
	owned->owners[owned->owner_count++] = *entry;
	owned->in_group++;
	owners->named++;
	return 0;
}

void gmem_owner_set_place(struct gmem_owner *owner, const struct gmem_owner *place)
{
	owner->fd = place->fd;
	owner->start = place->start;
	owner->end = place->end;
	owner->mapped = place->end - place->start;
	owner->path_only = place->path_only;
}

int gmem_owners_add(struct gmem_owners *owners, const struct gmem_owned_entry *inode,
		    const struct gmem_owner_entry *entry)
{
	struct gmem_owned_entry *owned = gmem_owners_lookup(owners, inode->dev, inode->ino);
	const struct gmem_owner *owner = &entry->owner;
	struct gmem_owner *mapped;
	bool named;

	if (!owned)
		owned = insert(owners, inode);
	if (!owned)
		return -ENOMEM;
	mapped = owner->fd < 0 ? mapped_before(owned, owner->pid) : NULL;
	if (mapped) {
		mapped->mapped += owner->mapped;
		return 0;
	}
	named = gmem_owners_names(owners, owned, entry->group);
	owned->descriptors += owner->fd >= 0;
	if (owned->last_process != entry->process)
		owned->processes++;
	owned->last_process = entry->process;
	if (owned->last_group != entry->group || !owned->owner_count)
		owned->in_group = 0;
	owned->last_group = entry->group;
	return named ? name_owner(owners, owned, entry) : 0;
}

const struct gmem_owner_entry *gmem_owned_by(const struct gmem_owners *owners,
					     const struct gmem_owned_entry *owned, pid_t process)
{
	for (size_t i = 0; i < owned->owner_count; i++)
		if (owned->owners[i].process == process ||
		    gmem_group_has(&owners->groups.list[owned->owners[i].group], process))
			return &owned->owners[i];
	return NULL;
}

void gmem_owner_path(const struct gmem_owner *owner, char path[GMEM_OWNER_PATH_MAX])
{
	if (owner->fd >= 0)
		snprintf(path, GMEM_OWNER_PATH_MAX, "/proc/%d/fd/%d", (int)owner->pid, owner->fd);
	else
		snprintf(path, GMEM_OWNER_PATH_MAX, "/proc/%d/map_files/%llx-%llx", (int)owner->pid,
			 (unsigned long long)owner->start, (unsigned long long)owner->end);
}
