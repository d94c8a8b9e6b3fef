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

/* Linux 6.8 to 6.18. No file can have this text: the path of one begins with a slash. */
#define LINK_ANONYMOUS "anon_inode:[kvm-gmem]"
/* simple_dname() in fs/d_path.c, since it has a file system of its own. A file may be named so. */
#define LINK_OWN_FS "/[kvm-gmem] (deleted)"

bool gmem_link_may_be_guest_memfd(const char *link)
{
	return !strcmp(link, LINK_ANONYMOUS) || !strcmp(link, LINK_OWN_FS);
}

/*
 * Its own file system since the inode has one (kvm_gmem_init_fs_context()); before, an anonymous
 * inode that is known by the text of its link only. The link is that of the descriptor that was
 * opened, because the process may have put something else in its place. No call here makes the kernel
 * ask a file system's server.
 */
int gmem_is_guest_memfd(struct gmem_ctx *ctx, int fd)
{
	struct gmem_kernel *kernel = ctx->kernel;
	char link[64], path[64];
	uint64_t magic;
	int ret;

	gmem_fd_path(0, fd, path, sizeof(path));
	ret = kernel->ops->readlink(kernel, path, link, sizeof(link));
	if (ret == -ENAMETOOLONG) /* the name of some file */
		return 0;
	if (ret < 0)
		return ret == -ENOENT ? -EBADF : ret;
	if (!strcmp(link, LINK_ANONYMOUS))
		return 1;
	if (strcmp(link, LINK_OWN_FS) != 0)
		return 0;
	ret = kernel->ops->fs_magic(kernel, fd, &magic);
	return ret ? ret : magic == GMEM_GUEST_MEMFD_MAGIC;
}
