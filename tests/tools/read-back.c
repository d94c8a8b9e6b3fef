// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * read-back: touches pages of a guest_memfd, and prints "page OFFSET PFN" lines and "ready". A line
 * of input has an offset. The program then reads a byte at that offset through /proc/self/mem,
 * which goes through the direct map. Before that, it allocates and frees pages of memfd_secret:
 * these make the kernel split the direct map around them into 4K pages. For kernels in an emulator
 * only: if the page is not in the direct map, that read is an oops. Exits with 77 if KVM,
 * guest_memfd or memfd_secret is not available.
 */
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kvm.h"
#include "pages.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define PAGES 64ull

static void *touched(int fd)
{
	unsigned char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		err(2, "mmap");
	for (uint64_t i = 0; i < PAGES; i++)
		memory[i * PAGE] = 1;
	return memory;
}

static void split_direct_map(void)
{
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGES * PAGE)) {
		warn("memfd_secret");
		exit(77);
	}
	munmap(touched(fd), PAGES * PAGE);
	close(fd);
}

int main(void)
{
	unsigned char *memory, byte;
	char line[64];
	uint64_t offset;
	int fd, self;

	split_direct_map();
	memory = touched(create_memory(create_vm(), PAGES * PAGE, 3));
	for (uint64_t i = 0; i < PAGES; i++)
		printf("page %" PRIu64 " %" PRIu64 "\n", i * PAGE, pfn_of(memory + i * PAGE));
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 0;
	offset = strtoull(line, NULL, 0);
	self = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	fd = self < 0 || offset >= PAGES * PAGE ? -1 : self;
	if (fd < 0 || pread(fd, &byte, 1, (off_t)(uintptr_t)(memory + offset)) != 1)
		err(2, "/proc/self/mem");
	printf("read %u\n", byte);
	return 0;
}
