// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How many processes have a guest_memfd, with those that share the table of descriptors or the
 * address space in which it was found. Each is counted once, however many ways lead to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "owners/owners.h"

/* Processes of one guest_memfd; the room serves them all. */
struct tally {
	pid_t *list;
	size_t count;
	size_t room;
};

static int add(struct tally *tally, const pid_t *processes, size_t n)
{
	size_t need = tally->count + n, room = tally->room ? tally->room : 64;
	pid_t *list = tally->list;

	while (room < need)
		room *= 2;
	if (!list || room > tally->room)
		list = reallocarray(list, room, sizeof(*list));
	if (!list)
		return -ENOMEM;
	tally->list = list;
	tally->room = room;
	if (n)
		memcpy(&list[tally->count], processes, n * sizeof(*list));
	tally->count = need;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t one = *(const pid_t *)a, other = *(const pid_t *)b;

	return (one > other) - (one < other);
}

/* Leaves each once, ascending. */
static void unite(struct tally *tally)
{
	size_t n = 0;

	if (tally->count)
		qsort(tally->list, tally->count, sizeof(*tally->list), by_number);
	for (size_t i = 0; i < tally->count; i++)
		if (!n || tally->list[n - 1] != tally->list[i])
			tally->list[n++] = tally->list[i];
	tally->count = n;
}

static int add_owners(struct tally *tally, const struct gmem_owned_entry *owned)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < owned->owner_count; i++)
		if (!i || owned->owners[i].process != owned->owners[i - 1].process)
			ret = add(tally, &owned->owners[i].process, 1);
	return ret;
}

/* The entries of one group are neighbours. */
static int add_members(struct tally *tally, const struct gmem_groups *groups,
		       const struct gmem_owned_entry *owned)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < owned->owner_count; i++) {
		const struct gmem_group *group = &groups->list[owned->owners[i].group];

		if (!i || owned->owners[i].group != owned->owners[i - 1].group)
			ret = add(tally, group->members, group->count);
	}
	return ret;
}

/* How many there are beside the owners that are named. */
static int count_others(struct tally *tally, const struct gmem_groups *groups,
			const struct gmem_owned_entry *owned, size_t *others)
{
	size_t owners;
	int ret;

	tally->count = 0;
	ret = add_owners(tally, owned);
	unite(tally);
	owners = tally->count;
	if (!ret)
		ret = add_members(tally, groups, owned);
	if (tally->count > owners)
		unite(tally);
	*others = tally->count - owners;
	return ret;
}

/* The one group that all entries are of, NULL where there are several. */
static const struct gmem_group *only_group(const struct gmem_groups *groups,
					   const struct gmem_owned_entry *owned)
{
	size_t last = owned->owner_count - 1;

	if (!owned->owner_count || owned->owners[0].group != owned->owners[last].group)
		return NULL;
	return &groups->list[owned->owners[0].group];
}

int gmem_owners_count_members(struct gmem_owners *owners)
{
	const struct gmem_group *before = NULL;
	struct tally tally = { 0 };
	size_t others = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < owners->counts.memories; i++) {
		struct gmem_owned_entry *owned = &owners->list[i];
		const struct gmem_group *group = only_group(&owners->groups, owned);

		/*
		 * One table mostly has many guest_memfds: then the other processes are the same as
		 * for the last one.
		 */
		if (!group || group != before)
			ret = count_others(&tally, &owners->groups, owned, &others);
		before = group;
		owned->processes += others;
	}
	free(tally.list);
	return ret;
}
