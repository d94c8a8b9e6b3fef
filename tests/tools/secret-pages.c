// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * secret-pages COUNT: touches COUNT pages of memfd_secret and as many ordinary ones. Prints "secret
 * PFN" and "ordinary PFN" lines and "ready". At a line of input it frees the secret pages and
 * prints "freed". Ends when its input ends. Exits with 77 if memfd_secret is not available.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "pages.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static unsigned char *map(int fd, size_t length)
{
	void *address = mmap(NULL, length, PROT_READ | PROT_WRITE,
			     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (address == MAP_FAILED)
		err(2, "mmap");
	return address;
}

static void print_pages(const char *kind, unsigned char *address, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		address[i * PAGE] = 1;
		printf("%s %llu\n", kind, (unsigned long long)pfn_of(address + i * PAGE));
	}
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	unsigned char *secret;

	if (fd < 0) {
		warn("memfd_secret");
		return 77;
	}
	if (ftruncate(fd, (off_t)(count * PAGE)))
		err(2, "ftruncate");
	secret = map(fd, count * PAGE);
	print_pages("secret", secret, count);
	print_pages("ordinary", map(-1, count * PAGE), count);
	puts("ready");
	if (!wait_for_line())
		return 0;
	munmap(secret, count * PAGE);
	close(fd);
	puts("freed");
	wait_for_line();
	return 0;
}
