// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swap-link FOLDER NAME VICTIM: runs as a user without rights. As fast as it can, it replaces NAME
 * in FOLDER by a file, then by a symbolic link to VICTIM. Other users may write to FOLDER.
 *
 * Prints "ready". Ends when its input ends. Exits with 77 if it cannot become that user.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534
#define NEW "swap-link.new"

static void put(const char *name)
{
	/*
	 * rename() fails while root's file is in a sticky folder. unlink()
	 * makes room for the next try.
	 */
	if (rename(NEW, name))
		unlink(NEW);
}

static void swap(const char *name, const char *victim)
{
	int fd;

	if (!symlink(victim, NEW))
		put(name);
	fd = open(NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	close(fd);
	put(name);
}

int main(int argc, char **argv)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	if (argc != 4)
		errx(64, "usage: swap-link FOLDER NAME VICTIM");
	if (chdir(argv[1]))
		err(2, "%s", argv[1]);
	if (setgid(NOBODY) || setuid(NOBODY)) {
		warn("uid %d", NOBODY);
		return 77;
	}
	puts("ready");
	fflush(stdout);
	while (!poll(&in, 1, 0))
		swap(argv[2], argv[3]);
	return 0;
}
