// SPDX-License-Identifier: LGPL-2.1-or-later
#include "owners/groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/file.h"

#define START_FIELD 22 /* starttime in /proc/PID/stat, do_task_stat() in fs/proc/array.c */

/* Room doubles at each power of two. */
static void *grow(void *list, size_t n, size_t size)
{
	return n & (n - 1) ? list : realloc(list, (n ? 2 * n : 1) * size);
}

/* When a thread began, in clock ticks since boot; 0 where that is not told. */
static uint64_t start_of(struct gmem_ctx *ctx, pid_t tid)
{
	char path[32], line[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	if (gmem_read_line(ctx, path, line, sizeof(line)))
		return 0;
	at = strrchr(line, ')'); /* the name may have anything in it */
	for (int field = 2; at && field < START_FIELD; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at, NULL, 10) : 0;
}

int gmem_groups_add(struct gmem_groups *groups, pid_t tid, size_t *index)
{
	struct gmem_group *list = grow(groups->list, groups->count, sizeof(*list));

	if (!list)
		return -ENOMEM;
	groups->list = list;
	list[groups->count] = (struct gmem_group){ .tid = tid };
	*index = groups->count++;
	return 0;
}

static int insert(struct gmem_groups *groups, enum gmem_compared what, size_t at, size_t index)
{
	size_t n = groups->ordered[what];
	size_t *order = groups->order[what];

	if (n == groups->room[what]) {
		size_t room = n ? 2 * n : 64;

		size_t *grown = reallocarray(order, room, sizeof(*order));

		if (!grown)
			return -ENOMEM;
		groups->order[what] = order = grown;
		groups->room[what] = room;
	}
	memmove(&order[at + 1], &order[at], (n - at) * sizeof(*order));
	order[at] = index;
	groups->ordered[what]++;
	return 0;
}

/* The thread that stood for a group has ended, or another thread has its number now. */
static void drop(struct gmem_groups *groups, enum gmem_compared what, size_t at)
{
	size_t *order = groups->order[what];

	groups->ordered[what]--;
	memmove(&order[at], &order[at + 1], (groups->ordered[what] - at) * sizeof(*order));
}

bool gmem_groups_forget(struct gmem_groups *groups, pid_t tid)
{
	bool found = false;

	for (int what = 0; what < GMEM_COMPARED; what++) {
		for (size_t at = groups->ordered[what]; at--;) {
			if (groups->list[groups->order[what][at]].tid != tid)
				continue;
			drop(groups, (enum gmem_compared)what, at);
			found = true;
		}
	}
	return found;
}

/*
 * One search: the place of the thread, and 0 where the group there is its own, 1 where it is new.
 * Errors: of kcmp(2), with *at the group that could not be compared.
 */
static int search(struct gmem_ctx *ctx, const struct gmem_groups *groups, enum gmem_compared what,
		  pid_t tid, size_t *at)
{
	struct gmem_kernel *kernel = ctx->kernel;
	size_t low = 0, high = groups->ordered[what];

	/* If a comparison waits, it waits for the other thread, because this one answers. */
	if (high)
		kernel->ops->compare(kernel, tid, tid, what);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		pid_t other = groups->list[groups->order[what][middle]].tid;
		int order = kernel->ops->compare(kernel, other, tid, what);

		*at = middle;
		if (order <= 0)
			return order;
		if (order == 1)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low;
	return 1;
}

static bool still_stands(struct gmem_ctx *ctx, const struct gmem_group *group)
{
	return start_of(ctx, group->tid) == group->started;
}

int gmem_groups_find(struct gmem_ctx *ctx, struct gmem_groups *groups, enum gmem_compared what,
		     pid_t tid, size_t *index, bool *is_new)
{
	struct gmem_kernel *kernel = ctx->kernel;
	size_t at = 0;
	int ret;

	*is_new = false;
	while ((ret = search(ctx, groups, what, tid, &at)) != 1) {
		if (!ret && still_stands(ctx, &groups->list[groups->order[what][at]])) {
			*index = groups->order[what][at];
			return 0;
		}
		/* It may be this thread that is gone or guarded, not the other. */
		if (ret && kernel->ops->compare(kernel, tid, tid, what))
			break;
		drop(groups, what, at);
	}
	if (ret == -ESRCH)
		return ret;
	*is_new = true;
	if (ret != 1)
		return gmem_groups_add(groups, tid, index);
	ret = gmem_groups_add(groups, tid, index);
	if (ret)
		return ret;
	groups->list[*index].started = start_of(ctx, tid);
	return insert(groups, what, at, *index);
}

int gmem_group_join(struct gmem_group *group, pid_t process)
{
	pid_t *members = grow(group->members, group->count, sizeof(*members));

	if (!members)
		return -ENOMEM;
	group->members = members;
	members[group->count++] = process;
	return 0;
}

bool gmem_group_has(const struct gmem_group *group, pid_t process)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->members[i] == process)
			return true;
	return false;
}

void gmem_groups_free(struct gmem_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		free(groups->list[i].members);
	free(groups->list);
	for (size_t i = 0; i < GMEM_COMPARED; i++)
		free(groups->order[i]);
}
