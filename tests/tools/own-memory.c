// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * own-memory SIZE FLAGS [bind]: creates a default VM and a guest_memfd of SIZE bytes with creation
 * FLAGS, and allocates all of it. If FLAGS has mmap and init-shared (3), it touches the memory.
 * With bind it binds the halves to two memslots, at 4 GiB and 8 GiB. Prints "fd N", for each
 * touched page "page OFFSET PFN" by pagemap, and "ready". At a line of input it punches the second
 * quarter of the file and prints "punched". Ends when its input ends. Exits with 77 without
 * /dev/kvm or guest_memfd.
 */
#include <sys/mman.h>

#include "kvm.h"
#include "pages.h"

static void bind_halves(int vm, int fd, uint64_t size)
{
	for (uint32_t slot = 0; slot < 2; slot++)
		bind_memory(vm, slot, (slot + 1ull) << 32, size / 2, fd, slot * (size / 2), NULL);
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
	allocate(fd, 0, size);
	printf("fd %d\n", fd);
	if ((flags & 3) == 3)
		touch_all(fd, size);
	puts("ready");
	while (wait_for_line()) {
		punch(fd, size / 4, size / 4);
		puts("punched");
	}
	return 0;
}
