// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * guest_memfds that a process has mapped only: a mapping keeps the memory when its last descriptor
 * is closed. /proc/PID/maps names them, /proc/PID/map_files leads to their inodes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounded.h"
#include "base/error.h"
#include "base/options.h"
#include "pages/target.h"
#include "procfs/capabilities.h"
#include "procfs/fd.h"
#include "procfs/maps.h"

struct mapped_list {
	struct gmem_mapped *items;
	size_t count;
};

static struct gmem_mapped *find(const struct mapped_list *list, uint64_t device, uint64_t inode)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].device == device && list->items[i].inode == inode)
			return &list->items[i];
	return NULL;
}

static int add_mapping(const struct gmem_mapping *mapping, void *arg)
{
	struct mapped_list *list = arg;
	struct gmem_mapped *known = find(list, mapping->dev, mapping->ino);
	struct gmem_mapped *more;

	if (known) {
		known->mapped += mapping->end - mapping->start;
		return 0;
	}
	more = reallocarray(list->items, list->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	list->items = more;
	more[list->count++] = (struct gmem_mapped){
		.size = sizeof(struct gmem_mapped),
		.device = mapping->dev,
		.inode = mapping->ino,
		.start = mapping->start,
		.end = mapping->end,
		.mapped = mapping->end - mapping->start,
	};
	return 0;
}

/* A guest_memfd that has a descriptor does not belong to this list. */
static int drop_open(const struct gmem_target *target, int fd, void *arg)
{
	struct mapped_list *list = arg;
	struct gmem_mapped *known = find(list, target->dev, target->ino);

	(void)fd;
	if (!known)
		return 0;
	list->count--;
	memmove(known, known + 1, (size_t)(&list->items[list->count] - known) * sizeof(*known));
	return 0;
}

static int failed(struct gmem_ctx *ctx, pid_t pid, int error)
{
	char process[GMEM_PROCESS_NAME_MAX];

	gmem_process_name(pid, process);
	if (error == -ENOMEM)
		return gmem_no_memory(ctx, "the mappings of a process");
	if (error == -EACCES || error == -EPERM)
		return gmem_fail(ctx, -EACCES, "no permission to look at the mappings of %s: %s",
				 process, gmem_guard_why(ctx, GMEM_GUARDED_ALL));
	if (error == -ENOENT || error == -ESRCH)
		return gmem_no_process(ctx, pid);
	return gmem_fail(ctx, error, "the mappings of %s cannot be read: %s", process,
			 gmem_bounded_words(error));
}

static int open_place(struct gmem_ctx *ctx, pid_t pid, const struct gmem_mapped *mapped,
		      struct gmem_target **out)
{
	char path[80];
	int ret;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)pid,
			 (unsigned long long)mapped->start, (unsigned long long)mapped->end);
	else
		snprintf(path, sizeof(path), "/proc/self/map_files/%llx-%llx",
			 (unsigned long long)mapped->start, (unsigned long long)mapped->end);
	ret = gmem_target_open_path(ctx, path, out);
	if (ret || ((*out)->dev == mapped->device && (*out)->ino == mapped->inode))
		return ret;
	gmem_target_free(*out);
	return -ESRCH;
}

/* Another file of that name, or one that was unmapped meanwhile, is skipped. */
static bool is_none(struct gmem_ctx *ctx, pid_t pid, const struct gmem_mapped *mapped, int *error)
{
	struct gmem_target *target;
	int ret = open_place(ctx, pid, mapped, &target);

	if (!ret)
		gmem_target_free(target);
	*error = ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE ? ret : 0;
	return ret == -EMEDIUMTYPE || ret == -ENOENT || ret == -ESRCH;
}

int gmem_target_list_mapped(struct gmem_ctx *ctx, pid_t pid, gmem_target_mapped_fn fn, void *arg)
{
	struct mapped_list list = { 0 };
	int ret;

	gmem_begin(ctx);
	ret = gmem_maps_read(ctx, pid, add_mapping, &list, NULL);
	if (ret)
		ret = failed(ctx, pid, ret);
	if (!ret && list.count)
		ret = gmem_target_each_fd(ctx, pid, drop_open, &list);
	for (size_t i = 0; !ret && i < list.count; i++) {
		if (is_none(ctx, pid, &list.items[i], &ret))
			continue;
		ret = ret ? failed(ctx, pid, ret) : fn(&list.items[i], arg);
	}
	free(list.items);
	return ret;
}

int gmem_target_open_mapped(struct gmem_ctx *ctx, pid_t pid, const struct gmem_mapped *given,
			    struct gmem_target **out)
{
	char process[GMEM_PROCESS_NAME_MAX];
	struct gmem_mapped mapped;
	int ret;

	gmem_begin(ctx);
	ret = gmem_options_copy(ctx, "gmem_mapped", &mapped, sizeof(mapped), given);
	if (ret)
		return ret;
	gmem_process_name(pid, process);
	ret = open_place(ctx, pid, &mapped, out);
	if (ret == -EMEDIUMTYPE)
		return gmem_fail(ctx, ret, "what %s has mapped at 0x%llx is no guest_memfd",
				 process, (unsigned long long)mapped.start);
	if (ret == -ENOENT || ret == -ESRCH)
		return gmem_fail(ctx, -ESRCH,
				 "%s has guest_memfd inode %llu not mapped at 0x%llx any more",
				 process, (unsigned long long)mapped.inode,
				 (unsigned long long)mapped.start);
	return ret ? failed(ctx, pid, ret) : 0;
}
