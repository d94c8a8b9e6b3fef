// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * own-memory SIZE FLAGS [bind]: creates a default VM and a guest_memfd of SIZE bytes with creation
 * FLAGS, allocates all of it, touches it if FLAGS has mmap and init-shared (3), binds it to two
 * memslots if asked (halves, at 4 GiB and 8 GiB), prints "fd N", for touched memory a "page
 * OFFSET PFN" line each by pagemap, and "ready". Ends at the end of its input; a line of input
 * makes it punch the second quarter of the file and print "punched". Exits 77 without /dev/kvm or
 * guest_memfd.
 */
#include <errno.h>
#include <linux/falloc.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "pages.h"

/* Linux 6.8's, which the build machine's headers may lack. */
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

static int create_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0ul);

	if (vm < 0) {
		warn("/dev/kvm");
		exit(77);
	}
	return vm;
}

static int create_memory(int vm, uint64_t size, uint64_t flags)
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

static void bind_halves(int vm, int fd, uint64_t size)
{
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct region2 region = {
			.slot = slot,
			.flags = MEM_GUEST_MEMFD,
			.gpa = (slot + 1ull) << 32,
			.size = size / 2,
			.offset = slot * (size / 2),
			.fd = (uint32_t)fd,
		};

		if (ioctl(vm, SET_REGION2, &region))
			err(2, "KVM_SET_USER_MEMORY_REGION2");
	}
}

static void touch_all(int fd, uint64_t size)
{
	unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		err(2, "mmap");
	for (uint64_t offset = 0; offset < size; offset += PAGE) {
		memory[offset] = 1;
		printf("page %llu %llu\n", (unsigned long long)offset,
		       (unsigned long long)pfn_of(memory + offset));
	}
}

int main(int argc, char **argv)
{
	uint64_t size, flags;
	int vm, fd;

	if (argc < 3)
		errx(2, "usage: own-memory SIZE FLAGS [bind]");
	size = strtoull(argv[1], NULL, 0);
	flags = strtoull(argv[2], NULL, 0);
	vm = create_vm();
	fd = create_memory(vm, size, flags);
	if (argc > 3)
		bind_halves(vm, fd, size);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size))
		err(2, "fallocate");
	printf("fd %d\n", fd);
	if ((flags & 3) == 3)
		touch_all(fd, size);
	puts("ready");
	while (wait_for_line()) {
		if (fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, (off_t)(size / 4),
			      (off_t)(size / 4)))
			err(2, "punch");
		puts("punched");
	}
	return 0;
}
