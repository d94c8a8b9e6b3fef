// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * long-maps FOLDER MEGABYTES: a process with a /proc/PID/maps of MEGABYTES. It maps a
 * file that has a long name in FOLDER many times. The last mapping is of a guest_memfd
 * that has no descriptor any more.
 *
 * Prints "inode N" and "ready". Ends when its input ends. Exits with 77 if something
 * that it needs is missing.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/kvm.h"
#include "tools/pages.h"

#define DEPTH 15 /* folders of 240 bytes each: below PATH_MAX */
#define MMAP_SHARED 3

static int open_deep(const char *folder)
{
	char name[241];
	int fd;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	if (chdir(folder))
		err(2, "%s", folder);
	for (int i = 0; i < DEPTH; i++) {
		if (mkdir(name, 0700) && errno != EEXIST)
			err(2, "mkdir");
		if (chdir(name))
			err(2, "chdir");
	}
	fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, PAGE))
		err(2, "file");
	return fd;
}

int main(int argc, char **argv)
{
	int lines, deep, fd;
	struct stat st;
	char *at;

	if (argc != 3)
		errx(64, "usage: long-maps FOLDER MEGABYTES");
	fd = create_memory(create_vm(), PAGE, MMAP_SHARED);
	if (fstat(fd, &st) || mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		err(2, "mmap");
	close(fd);
	deep = open_deep(argv[1]);
	lines = (int)((unsigned long)atoi(argv[2]) * 1048576 / (DEPTH * 241));
	at = mmap(NULL, 2 * PAGE * (unsigned long)lines, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	if (at == MAP_FAILED)
		err(2, "mmap");
	for (int i = 0; i < lines; i++)
		if (mmap(at + 2 * PAGE * (unsigned long)i, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
			 deep, 0) == MAP_FAILED)
			err(2, "mmap %d", i);
	printf("inode %lu\nready\n", (unsigned long)st.st_ino);
	while (wait_for_line())
		;
	return 0;
}
