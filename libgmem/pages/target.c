// SPDX-License-Identifier: LGPL-2.1-or-later
/* A guest_memfd of some process, found through /proc and opened without a hold on its VM. */
#include "pages/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounded.h"
#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "kmem/objects.h"
#include "procfs/capabilities.h"
#include "procfs/fd.h"
#include "procfs/file.h"
#include "procfs/vm_types.h"

#define FDS_MAX (1u << 20) /* sysctl_nr_open's default: no process has more */

static int open_failed(struct gmem_ctx *ctx, pid_t pid, int fd, int error)
{
	char path[32], comm[32], process[GMEM_PROCESS_NAME_MAX];

	gmem_process_name(pid, process);
	if (error == -ETIMEDOUT || error == -EBUSY || error == -EAGAIN)
		return gmem_fail(ctx, error, "%s cannot be looked at: %s", process,
				 gmem_bounded_words(error));
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (error == -EACCES || error == -EPERM)
		return gmem_fail(ctx, -EACCES, "no permission to look at %s: %s", process,
				 gmem_guard_why(ctx, GMEM_GUARDED_FDS));
	if (pid && gmem_read_line(ctx, path, comm, sizeof(comm)))
		return gmem_no_process(ctx, pid);
	if (error == -ENOENT && fd < 0)
		return gmem_no_process(ctx, pid);
	if (error == -ENOENT)
		return gmem_fail(ctx, -EBADF, "%s has no descriptor %d", process, fd);
	if (error == -ENODATA)
		return gmem_fail(
			ctx, error,
			"descriptor %d of %s has the name of a guest_memfd; whether "
			"it is one can be told with a reader of kernel memory, or on Linux "
			"7.0 and later",
			fd, process);
	return gmem_fail(ctx, error, "descriptor %d of %s cannot be opened: %s", fd, process,
			 strerror(-error));
}

/*
 * Looks at the text of the link before anything is opened, because opening the file of a server
 * that is gone may wait for it. (What a link of /proc leads to is opened without a look at its
 * name, so that one that is exchanged meanwhile is found by the descriptor's own link.)
 */
static int look_at_link(struct gmem_kernel *kernel, const char *path)
{
	char link[64];
	int ret = kernel->ops->readlink(kernel, path, link, sizeof(link));

	if (ret < 0 && ret != -ENAMETOOLONG)
		return ret;
	return ret >= 0 && gmem_link_may_be_guest_memfd(link) ? 0 : -EMEDIUMTYPE;
}

/*
 * Whether it is one: by its link and file system, or by the superblock in the kernel's memory. The
 * file system itself is asked only where neither tells.
 */
static int confirm(struct gmem_ctx *ctx, int fd)
{
	uint64_t magic;
	int ret = gmem_is_guest_memfd(ctx, fd, false);

	if (ret == -ENODATA)
		ret = gmem_pagecache_fs_magic(ctx, fd, &magic) ? gmem_is_guest_memfd(ctx, fd, true)
							       : magic == GMEM_GUEST_MEMFD_MAGIC;
	return ret ? ret : -EMEDIUMTYPE;
}

struct opening {
	struct gmem_kernel *kernel;
	const char *path;
};

static int open_link(void *arg)
{
	const struct opening *opening = arg;
	int ret = look_at_link(opening->kernel, opening->path);

	return ret ? ret : opening->kernel->ops->open(opening->kernel, opening->path, O_PATH);
}

int gmem_target_open_path(struct gmem_ctx *ctx, const char *path, struct gmem_target **out)
{
	struct gmem_kernel *kernel = ctx->kernel;
	struct opening opening = { kernel, path };
	struct gmem_target *target;
	struct stat st;
	int ret, fd = gmem_bounded_call(ctx, open_link, &opening);

	if (fd < 0)
		return fd;
	target = calloc(1, sizeof(*target));
	if (!target) {
		kernel->ops->close(kernel, fd);
		return -ENOMEM;
	}
	target->ctx = ctx;
	target->vm_type = -1;
	target->is_protected = -1;
	target->vm_pid = -1;
	target->fd = fd;
	ret = confirm(ctx, fd);
	if (ret > 0)
		ret = kernel->ops->fstat(kernel, target->fd, &st);
	if (ret) {
		gmem_target_free(target);
		return ret;
	}
	target->size = (uint64_t)st.st_size;
	target->dev = st.st_dev;
	target->ino = st.st_ino;
	target->changed_ns =
		(uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec;
	*out = target;
	return 0;
}

int gmem_target_at(struct gmem_ctx *ctx, uint64_t inode, uint64_t dev, struct gmem_target **out)
{
	const struct gmem_objects *objects;
	struct gmem_target *target;
	int ret = gmem_objects_get(ctx, &objects);

	if (ret)
		return ret;
	target = calloc(1, sizeof(*target));
	if (!target)
		return gmem_no_memory(ctx, "a guest_memfd");
	*target = (struct gmem_target){
		.ctx = ctx,
		.fd = -1,
		.dev = dev,
		.cache.inode = inode,
		.has_cache = true,
		.vm_type = -1,
		.is_protected = -1,
		.vm_pid = -1,
	};
	ret = gmem_object_read(ctx, objects, inode, GMEM_OF_INODE_INO, 8, &target->ino);
	if (!ret)
		ret = gmem_object_read(ctx, objects, inode, GMEM_OF_INODE_SIZE, 8, &target->size);
	if (!ret)
		ret = gmem_object_read(ctx, objects, inode, GMEM_OF_INODE_MAPPING, 8,
				       &target->cache.mapping);
	if (ret) {
		gmem_target_free(target);
		return gmem_fail(ctx, ret, "its struct inode cannot be read");
	}
	*out = target;
	return 0;
}

int gmem_target_open(struct gmem_ctx *ctx, pid_t pid, int fd, struct gmem_target **out)
{
	char path[64], process[GMEM_PROCESS_NAME_MAX];
	int ret;

	gmem_begin(ctx);
	if (fd < 0)
		return gmem_fail(ctx, -EBADF, "%d is no descriptor", fd);
	gmem_fd_path(pid, fd, path, sizeof(path));
	ret = gmem_target_open_path(ctx, path, out);
	if (ret != -EMEDIUMTYPE)
		return ret ? open_failed(ctx, pid, fd, ret) : 0;
	*strrchr(path, '/') = '\0';
	return gmem_fail(
		ctx, ret,
		"descriptor %d of %s is no guest_memfd; ls -l %s shows those as [kvm-gmem]", fd,
		gmem_process_name(pid, process), path);
}

void gmem_target_set_progress(struct gmem_target *target, gmem_target_progress_fn fn, void *arg)
{
	target->progress = fn;
	target->progress_arg = arg;
}

void gmem_target_free(struct gmem_target *target)
{
	struct gmem_kernel *kernel;

	if (!target)
		return;
	kernel = target->ctx->kernel;
	if (target->fd >= 0)
		kernel->ops->close(kernel, target->fd);
	free(target->bindings);
	free(target);
}

struct fd_list {
	struct gmem_kernel *kernel;
	pid_t pid;
	int *fds;
	size_t count;
};

static int add_fd(const char *name, void *arg)
{
	struct fd_list *list = arg;
	char *end;
	long fd = strtol(name, &end, 10);
	int *more;

	if (*end || end == name || fd < 0 || fd > INT32_MAX || list->count >= FDS_MAX)
		return 0;
	more = realloc(list->fds, (list->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	list->fds = more;
	more[list->count++] = (int)fd;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

static bool is_new(const uint64_t *inodes, size_t n, uint64_t inode)
{
	for (size_t i = 0; i < n; i++)
		if (inodes[i] == inode)
			return false;
	return true;
}

/* Whether a descriptor of the list is to be passed over: no guest_memfd, or gone meanwhile. */
static bool is_other(int error)
{
	return error == -EMEDIUMTYPE || error == -EBADF || error == -ENOENT || error == -ESRCH;
}

/* Keeps those that may be guest_memfds. Each of them is then opened, which costs more. */
static int leave_candidates(void *arg)
{
	struct fd_list *list = arg;
	size_t count = list->count;

	list->count = 0;
	for (size_t i = 0; i < count; i++) {
		char path[64];
		int ret;

		gmem_fd_path(list->pid, list->fds[i], path, sizeof(path));
		ret = look_at_link(list->kernel, path);
		if (ret == -ETIMEDOUT)
			return ret;
		if (!is_other(ret))
			list->fds[list->count++] = list->fds[i];
	}
	return 0;
}

/* Each guest_memfd of the list once. */
static int report_fds(struct gmem_ctx *ctx, pid_t pid, const struct fd_list *list,
		      gmem_target_fn fn, void *arg)
{
	uint64_t *inodes = calloc(list->count ? list->count : 1, sizeof(*inodes));
	size_t found = 0;
	int ret = inodes ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < list->count; i++) {
		struct gmem_target *target;

		ret = gmem_target_open(ctx, pid, list->fds[i], &target);
		if (ret) {
			ret = is_other(ret) ? 0 : ret;
			continue;
		}
		if (is_new(inodes, found, target->ino)) {
			inodes[found++] = target->ino;
			ret = fn(target, list->fds[i], arg);
		}
		gmem_target_free(target);
	}
	free(inodes);
	return ret;
}

int gmem_target_each_fd(struct gmem_ctx *ctx, pid_t pid, gmem_target_fn fn, void *arg)
{
	struct fd_list list = { .kernel = ctx->kernel, .pid = pid };
	char path[64];
	int ret;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	else
		snprintf(path, sizeof(path), "/proc/self/fd");
	ret = ctx->kernel->ops->list_directory(ctx->kernel, path, add_fd, &list);
	if (ret) {
		ret = open_failed(ctx, pid, -1, ret);
		goto out;
	}
	if (list.count)
		qsort(list.fds, list.count, sizeof(*list.fds), by_number);
	ret = gmem_bounded_call(ctx, leave_candidates, &list);
	ret = ret ? open_failed(ctx, pid, -1, ret) : report_fds(ctx, pid, &list, fn, arg);
out:
	free(list.fds);
	return ret;
}

struct numbers {
	gmem_target_fd_fn fn;
	void *arg;
};

static int pass_number(const struct gmem_target *target, int fd, void *arg)
{
	const struct numbers *numbers = arg;

	(void)target;
	return numbers->fn(fd, numbers->arg);
}

int gmem_target_list(struct gmem_ctx *ctx, pid_t pid, gmem_target_fd_fn fn, void *arg)
{
	struct numbers numbers = { .fn = fn, .arg = arg };

	gmem_begin(ctx);
	return gmem_target_each_fd(ctx, pid, pass_number, &numbers);
}

int gmem_target_vm_type(const struct gmem_target *target)
{
	struct gmem_numbering numbering;

	if (target->vm_type < 0)
		return -1;
	gmem_vm_types_judge(target->ctx, 1u << target->vm_type, &numbering);
	return numbering.doubted ? -1 : target->vm_type;
}

int gmem_target_binding(struct gmem_target *target, size_t index, struct gmem_binding *out)
{
	int ret;

	gmem_begin(target->ctx);
	ret = gmem_target_read_bindings(target);
	if (ret)
		return ret;
	if (index >= target->binding_count)
		return -ENOENT;
	return GMEM_FILL_OUT(target->ctx, gmem_binding, flags, out, &target->bindings[index]);
}
