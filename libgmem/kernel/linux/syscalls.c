// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each operation of the port is one system call here, with the errno as its result. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/linux/linux.h"
#include "kernel/linux/syscalls.h"

/* include/uapi/asm-generic/unistd.h, Linux 5.14; glibc 2.36 has no wrapper. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/*
 * statmount(2), include/uapi/linux/mount.h: by a descriptor since Linux 7.0. The kernel answers
 * from its own struct super_block, where fstatfs(2) asks the file system.
 */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef STATMOUNT_SB_BASIC
#define STATMOUNT_SB_BASIC 1u
#endif
#ifndef STATMOUNT_BY_FD
#define STATMOUNT_BY_FD 1u
#endif

struct mount_request { /* struct mnt_id_req */
	uint32_t size;
	uint32_t fd;
	uint64_t id;
	uint64_t mask;
	uint64_t namespace;
};

struct mount_answer { /* struct statmount */
	uint32_t size;
	uint32_t options;
	uint64_t mask;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t sb_magic;
	uint64_t rest[60];
};

_Static_assert(sizeof(struct mount_answer) == 512, "as the kernel has it");

static int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

static struct gmem_bounded_all *bounded_of(struct gmem_kernel *kernel)
{
	return &((struct gmem_linux *)kernel)->bounded;
}

int gmem_linux_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	int fd, error = 0;
	struct gmem_bounded *bounded = gmem_bounded_path(bounded_of(kernel), path, &error);

	if (error)
		return error;
	fd = result(open(path, flags | O_CLOEXEC));
	if (bounded)
		gmem_bounded_end(bounded, fd);
	return fd;
}

int gmem_linux_close(struct gmem_kernel *kernel, int fd)
{
	gmem_bounded_closed(bounded_of(kernel), fd);
	return result(close(fd));
}

int gmem_linux_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	struct gmem_bounded *bounded = gmem_bounded_fd(bounded_of(kernel), fd);
	int ret = result(ioctl(fd, request, arg));

	if (bounded)
		gmem_bounded_end(bounded, -1);
	return ret;
}

int gmem_linux_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		    uint64_t offset, void **out)
{
	void *address = mmap(NULL, length, prot, flags, fd, (off_t)offset);

	(void)kernel;
	if (address == MAP_FAILED)
		return -errno;
	*out = address;
	return 0;
}

int gmem_linux_munmap(struct gmem_kernel *kernel, void *address, size_t length)
{
	(void)kernel;
	return result(munmap(address, length));
}

int gmem_linux_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice)
{
	(void)kernel;
	return result(madvise(address, length, advice));
}

int gmem_linux_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
		     const unsigned long *nodemask, unsigned long maxnode, unsigned int flags)
{
	(void)kernel;
	/*
	 * mbind() of <numaif.h> does the same and no more, but it is in libnuma, which libgmem does
	 * not link.
	 */
	return result(syscall(SYS_mbind, address, length, mode, nodemask, maxnode, flags));
}

int gmem_linux_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			 uint64_t length)
{
	(void)kernel;
	return result(fallocate(fd, mode, (off_t)offset, (off_t)length));
}

int gmem_linux_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	(void)kernel;
	return result(fstat(fd, st));
}

int gmem_linux_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic)
{
	struct mount_request request = {
		.size = sizeof(request),
		.fd = (uint32_t)fd,
		.mask = STATMOUNT_SB_BASIC,
	};
	struct mount_answer answer = { 0 };
	struct statfs st;

	(void)kernel;
	if (!syscall(SYS_statmount, &request, &answer, sizeof(answer), STATMOUNT_BY_FD) &&
	    answer.mask & STATMOUNT_SB_BASIC) {
		*magic = answer.sb_magic;
		return 0;
	}
	/*
	 * The kernel's own mount of guest_memfd is in no namespace, so statmount(2) tells nothing
	 * of it.
	 */
	if (!ask)
		return -ENODATA;
	if (fstatfs(fd, &st))
		return -errno;
	*magic = (uint64_t)st.f_type;
	return 0;
}

ssize_t gmem_linux_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			 uint64_t offset)
{
	struct gmem_bounded *bounded = gmem_bounded_fd(bounded_of(kernel), fd);
	ssize_t got = pread(fd, buffer, length, (off_t)offset);

	if (got < 0)
		got = -errno;
	if (bounded)
		gmem_bounded_end(bounded, -1);
	return got;
}

int gmem_linux_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	int got, error = 0;
	struct gmem_bounded *bounded = gmem_bounded_path(bounded_of(kernel), path, &error);

	if (error)
		return error;
	got = result(readlink(path, buffer, size - 1));
	if (bounded)
		gmem_bounded_end(bounded, -1);
	if (got >= 0)
		buffer[got] = '\0';
	return got;
}

int gmem_linux_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
			      void *arg)
{
	struct dirent *entry;
	DIR *directory = opendir(path);
	int ret = 0;

	(void)kernel;
	if (!directory)
		return -errno;
	errno = 0;
	while (!ret && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = fn(entry->d_name, arg);
		errno = 0;
	}
	if (!ret && errno)
		ret = -errno;
	closedir(directory);
	return ret;
}

int gmem_linux_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what)
{
	int ret, error = 0;
	struct gmem_bounded *bounded = gmem_bounded_pids(bounded_of(kernel), a, b, &error);

	if (error)
		return error;
	ret = result(syscall(SYS_kcmp, a, b, what == GMEM_COMPARE_MM ? KCMP_VM : KCMP_FILES, 0, 0));
	if (bounded)
		gmem_bounded_end(bounded, -1);
	return ret;
}

int gmem_linux_set_cloexec(struct gmem_kernel *kernel, int fd)
{
	(void)kernel;
	return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int gmem_linux_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	int fd, ret;

	(void)kernel;
	if (kind == GMEM_FILE_SECRET)
		fd = result(syscall(SYS_memfd_secret, O_CLOEXEC));
	else
		fd = result(memfd_create("gmem-control", MFD_CLOEXEC));
	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)size)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int gmem_linux_touch(struct gmem_kernel *kernel, void *address)
{
	(void)kernel;
	/*
	 * This is a read, so the content stays. In a shared mapping a read allocates the page as a
	 * write does. The kernel does the read: if the page cannot be mapped, the call fails with
	 * EFAULT, and we get no SIGBUS. rt_sigprocmask() copies the set before it finds that there
	 * is nothing to do for number -1 (kernel/signal.c).
	 */
	syscall(SYS_rt_sigprocmask, -1, address, NULL, sizeof(uint64_t));
	return errno == EINVAL ? 0 : -errno;
}
