// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors as /proc shows them: which of them is a guest_memfd. */
#include "procfs/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernel/uapi.h"

void gmem_fd_path(pid_t pid, int fd, char *path, size_t size)
{
	if (pid)
		snprintf(path, size, "/proc/%d/fd/%d", (int)pid, fd);
	else
		snprintf(path, size, "/proc/self/fd/%d", fd);
}

const char *gmem_process_name(pid_t pid, char name[GMEM_PROCESS_NAME_MAX])
{
	if (pid)
		snprintf(name, GMEM_PROCESS_NAME_MAX, "process %d", (int)pid);
	else
		snprintf(name, GMEM_PROCESS_NAME_MAX, "this process");
	return name;
}

int gmem_no_process(struct gmem_ctx *ctx, pid_t pid)
{
	if (!pid)
		return gmem_fail(ctx, -ESRCH, "there is no /proc/self: is /proc mounted?");
	return gmem_fail(ctx, -ESRCH, "there is no process %d (any more)", (int)pid);
}

/* anon_inode_getfile() in kvm_dev_ioctl_create_vm() and create_vcpu_fd(), virt/kvm/kvm_main.c. */
#define LINK_VM "anon_inode:kvm-vm"
#define LINK_VCPU "anon_inode:kvm-vcpu" /* ":0" follows */

/* Linux 6.8 to 6.18. No file can have this text: the path of one begins with a slash. */
#define LINK_ANONYMOUS "anon_inode:[kvm-gmem]"
/* simple_dname() in fs/d_path.c, since it has a file system of its own. A file may be named so. */
#define LINK_OWN_FS "/[kvm-gmem] (deleted)"

bool gmem_link_may_be_guest_memfd(const char *link)
{
	return !strcmp(link, LINK_ANONYMOUS) || !strcmp(link, LINK_OWN_FS);
}

bool gmem_link_is_vm(const char *link)
{
	return !strcmp(link, LINK_VM);
}

bool gmem_link_is_vcpu(const char *link)
{
	return !strncmp(link, LINK_VCPU, sizeof(LINK_VCPU) - 1);
}

int gmem_fd_link_is(struct gmem_ctx *ctx, int fd, bool (*is)(const char *link))
{
	struct gmem_kernel *kernel = ctx->kernel;
	char link[64], path[64];
	struct stat st;
	int ret;

	if (fd < 0)
		return -EBADF;
	gmem_fd_path(0, fd, path, sizeof(path));
	ret = kernel->ops->readlink(kernel, path, link, sizeof(link));
	if (ret >= 0)
		return is(link);
	if (ret == -ENAMETOOLONG) /* the name of some file */
		return 0;
	if (ret != -ENOENT)
		return ret;
	ret = kernel->ops->fstat(kernel, fd, &st);
	return ret ? ret : -ENODATA;
}

/*
 * fstat(2) takes such a descriptor. If a call uses the file, fdget() (fs/file.c) gives EBADF.
 * Reading 0 bytes does nothing, whatever the file is, and needs no /proc.
 */
bool gmem_fd_is_path(struct gmem_ctx *ctx, int fd)
{
	struct gmem_kernel *kernel = ctx->kernel;
	struct stat st;
	char none;

	return !kernel->ops->fstat(kernel, fd, &st) &&
	       kernel->ops->pread(kernel, fd, &none, 0, 0) == -EBADF;
}

/*
 * Its own file system since the inode has one (kvm_gmem_init_fs_context()); before, an anonymous
 * inode that is known by the text of its link only. The link is that of the descriptor that was
 * opened, because the process may have put something else in its place. Without ask no call here
 * makes the kernel ask a file system's server.
 */
int gmem_is_guest_memfd(struct gmem_ctx *ctx, int fd, bool ask)
{
	struct gmem_kernel *kernel = ctx->kernel;
	char link[64], path[64];
	uint64_t magic;
	int ret;

	gmem_fd_path(0, fd, path, sizeof(path));
	ret = kernel->ops->readlink(kernel, path, link, sizeof(link));
	if (ret == -ENAMETOOLONG) /* the name of some file */
		return 0;
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (ret >= 0 && !strcmp(link, LINK_ANONYMOUS))
		return 1;
	if (ret >= 0 && strcmp(link, LINK_OWN_FS) != 0)
		return 0;
	/* It is not open, or there is no /proc; EBADF tells which. */
	ret = kernel->ops->fs_magic(kernel, fd, ask, &magic);
	return ret ? ret : magic == GMEM_GUEST_MEMFD_MAGIC;
}
