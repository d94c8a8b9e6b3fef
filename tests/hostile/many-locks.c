// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * many-locks FOLDER FDS LOCKS [gmem]: has FDS descriptors of a file "[kvm-gmem]" in FOLDER, or of a
 * real guest_memfd. The file has LOCKS POSIX locks, and each read of its fdinfo prints all of them.
 *
 * Prints "ready". Ends when its input ends. Exits with 77 if something that it needs is missing.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "tools/kvm.h"
#include "tools/pages.h"

static int open_file(const char *folder, const char *kind)
{
	char path[512];
	int fd;

	if (kind)
		return create_memory(create_vm(), PAGE, 0);
	snprintf(path, sizeof(path), "%s/[kvm-gmem]", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	unsigned int fds;
	int fd;

	if (argc < 4)
		errx(64, "usage: many-locks FOLDER FDS LOCKS [gmem]");
	fds = (unsigned int)atoi(argv[2]);
	limit = (struct rlimit){ fds + 64, fds + 64 };
	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		warn("RLIMIT_NOFILE");
		return 77;
	}
	fd = open_file(argv[1], argv[4]);
	for (unsigned int i = 1; i < fds; i++)
		if (dup(fd) < 0)
			err(2, "dup");
	for (int i = 0; i < atoi(argv[3]); i++) {
		struct flock lock = { .l_type = F_RDLCK, .l_start = 2 * i, .l_len = 1 };

		if (fcntl(fd, F_SETLK, &lock))
			err(2, "F_SETLK");
	}
	puts("ready");
	while (wait_for_line())
		;
	return 0;
}
