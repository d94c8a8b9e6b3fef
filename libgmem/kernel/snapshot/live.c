// SPDX-License-Identifier: LGPL-2.1-or-later
/* Operations that need a live kernel: a snapshot has no answer to them. */
#include "kernel/snapshot/snapshot.h"

#include <errno.h>

int gmem_snapshot_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		       uint64_t offset, void **out)
{
	(void)kernel;
	(void)length;
	(void)prot;
	(void)flags;
	(void)fd;
	(void)offset;
	(void)out;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_munmap(struct gmem_kernel *kernel, void *address, size_t length)
{
	(void)kernel;
	(void)address;
	(void)length;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice)
{
	(void)kernel;
	(void)address;
	(void)length;
	(void)advice;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
			const unsigned long *nodemask, unsigned long maxnode, unsigned int flags)
{
	(void)kernel;
	(void)address;
	(void)length;
	(void)mode;
	(void)nodemask;
	(void)maxnode;
	(void)flags;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			    uint64_t length)
{
	(void)kernel;
	(void)fd;
	(void)mode;
	(void)offset;
	(void)length;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic)
{
	(void)kernel;
	(void)fd;
	(void)ask;
	(void)magic;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what)
{
	(void)what;
	(void)kernel;
	(void)a;
	(void)b;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_set_cloexec(struct gmem_kernel *kernel, int fd)
{
	(void)kernel;
	(void)fd;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_touch(struct gmem_kernel *kernel, void *address)
{
	(void)kernel;
	(void)address;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests,
			    size_t n)
{
	(void)kernel;
	(void)requests;
	(void)n;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_current_task(struct gmem_kernel *kernel, uint64_t *address)
{
	(void)kernel;
	(void)address;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_direct_map_hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	(void)kernel;
	(void)address;
	(void)physical;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_symbol(struct gmem_kernel *kernel, const char *name, uint64_t *address)
{
	(void)kernel;
	(void)name;
	(void)address;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_offset_of(struct gmem_kernel *kernel, const char *type, const char *member,
			    size_t *offset)
{
	(void)kernel;
	(void)type;
	(void)member;
	(void)offset;
	return -GMEM_KERNEL_NOT_RECORDED;
}

int gmem_snapshot_size_of(struct gmem_kernel *kernel, const char *type, size_t *size)
{
	(void)kernel;
	(void)type;
	(void)size;
	return -GMEM_KERNEL_NOT_RECORDED;
}
