/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that the test programs share. They do not use libgmem, but only raw system calls and
 * pagemap, so that libgmem can be compared with them.
 */
#ifndef TEST_PAGES_H
#define TEST_PAGES_H

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE ((unsigned long)sysconf(_SC_PAGESIZE))

/*
 * Returns the page frame of a touched page of this process, by
 * /proc/self/pagemap; 0 if not present.
 */
static inline uint64_t pfn_of(const void *address)
{
	uint64_t entry;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &entry, 8, (off_t)((uintptr_t)address / PAGE * 8)) != 8)
		err(2, "/proc/self/pagemap");
	close(fd);
	return entry >> 63 ? entry & ((1ull << 55) - 1) : 0;
}

/* Tells the test that all is ready, and waits for a line or the end of standard input. */
static inline int wait_for_line(void)
{
	char line[64];

	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL;
}

#endif
