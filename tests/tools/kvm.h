/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMs, guest_memfds and memslots for the test programs, by raw ioctls. Without KVM
 * the program exits with 77.
 */
#ifndef TEST_KVM_H
#define TEST_KVM_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* From Linux 6.8. The build machine's headers may lack them. */
#define CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct create)
#define SET_REGION2 _IOW(KVMIO, 0x49, struct region2)
#define MEM_GUEST_MEMFD (1u << 2)

struct create {
	uint64_t size, flags, reserved[6];
};

struct region2 {
	uint32_t slot, flags;
	uint64_t gpa, size, userspace_addr, offset;
	uint32_t fd, pad1;
	uint64_t pad2[14];
};

static inline int create_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0ul);

	if (vm < 0) {
		warn("/dev/kvm");
		exit(77);
	}
	return vm;
}

static inline int create_memory(int vm, uint64_t size, uint64_t flags)
{
	struct create create = { .size = size, .flags = flags };
	int fd = ioctl(vm, CREATE_GUEST_MEMFD, &create);

	if (fd < 0 && (errno == ENOTTY || errno == EINVAL)) {
		warn("KVM_CREATE_GUEST_MEMFD");
		exit(77);
	}
	if (fd < 0)
		err(2, "KVM_CREATE_GUEST_MEMFD");
	return fd;
}

static inline void bind_memory(int vm, uint32_t slot, uint64_t gpa, uint64_t size, int fd,
			       uint64_t offset, const void *userspace)
{
	struct region2 region = {
		.slot = slot,
		.flags = MEM_GUEST_MEMFD,
		.gpa = gpa,
		.size = size,
		.userspace_addr = (uintptr_t)userspace,
		.offset = offset,
		.fd = (uint32_t)fd,
	};

	if (ioctl(vm, SET_REGION2, &region))
		err(2, "KVM_SET_USER_MEMORY_REGION2");
}

static inline void allocate(int fd, uint64_t offset, uint64_t size)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size))
		err(2, "fallocate");
}

static inline void punch(int fd, uint64_t offset, uint64_t size)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, (off_t)offset, (off_t)size))
		err(2, "punch");
}

#endif
