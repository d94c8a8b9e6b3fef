// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors as /proc shows them: which of them is a guest_memfd. */
#include "procfs/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/uapi.h"

void gmem_fd_path(pid_t pid, int fd, char *path, size_t size)
{
	if (pid)
		snprintf(path, size, "/proc/%d/fd/%d", (int)pid, fd);
	else
		snprintf(path, size, "/proc/self/fd/%d", fd);
}

/*
 * Its own file system since the inode has one (kvm_gmem_init_fs_context()); before, an anonymous
 * inode that is known by the text of its link only. The link is asked first, because fstatfs(2) on
 * just any descriptor may wait for a file server; and of the descriptor that was opened, because
 * the process may have put something else in its place.
 */
int gmem_is_guest_memfd(struct gmem_ctx *ctx, int fd)
{
	struct gmem_kernel *kernel = ctx->kernel;
	char link[128], path[64];
	uint64_t magic;
	int ret;

	gmem_fd_path(0, fd, path, sizeof(path));
	ret = kernel->ops->readlink(kernel, path, link, sizeof(link));
	if (ret == -ENAMETOOLONG) /* the name of some file */
		return 0;
	if (ret < 0)
		return ret;
	if (!strstr(link, GMEM_LINK_MARK))
		return 0;
	if (!strcmp(link, "anon_inode:[kvm-gmem]"))
		return 1;
	ret = kernel->ops->fs_magic(kernel, fd, &magic);
	return ret ? ret : magic == GMEM_GUEST_MEMFD_MAGIC;
}
