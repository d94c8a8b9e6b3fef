/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls of the port, on the running kernel. */
#ifndef GMEM_LINUX_SYSCALLS_H
#define GMEM_LINUX_SYSCALLS_H

#include "kernel/kernel.h"

int gmem_linux_open(struct gmem_kernel *kernel, const char *path, int flags);
int gmem_linux_close(struct gmem_kernel *kernel, int fd);
int gmem_linux_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg);
int gmem_linux_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		    uint64_t offset, void **out);
int gmem_linux_munmap(struct gmem_kernel *kernel, void *address, size_t length);
int gmem_linux_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice);
int gmem_linux_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
		     const unsigned long *nodemask, unsigned long maxnode, unsigned int flags);
int gmem_linux_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			 uint64_t length);
int gmem_linux_fstat(struct gmem_kernel *kernel, int fd, struct stat *st);
int gmem_linux_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic);
ssize_t gmem_linux_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			 uint64_t offset);
int gmem_linux_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size);
int gmem_linux_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
			      void *arg);
int gmem_linux_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what);
int gmem_linux_set_cloexec(struct gmem_kernel *kernel, int fd);
int gmem_linux_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size);
int gmem_linux_touch(struct gmem_kernel *kernel, void *address);

#endif
