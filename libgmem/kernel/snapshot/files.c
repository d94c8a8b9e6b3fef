// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files below DIR. openat2(2) resolves links as if DIR were the root, and does not leave the file
 * system of DIR: a mount in it may be one that never answers. The file type is checked before a
 * path is opened for reading, because opening a device or a FIFO already has effects.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/snapshot/snapshot.h"

#define TRIES 16 /* while directories are renamed meanwhile, openat2(2) gives EAGAIN */

static int open_below(int directory, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd = -1;

	for (int tries = 0; fd < 0 && tries < TRIES; tries++) {
		fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
		if (fd < 0 && errno != EAGAIN)
			return errno == ENOTDIR ? -ENOENT : -errno;
	}
	return fd < 0 ? -EAGAIN : (int)fd;
}

static int judge(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	return (uintmax_t)st.st_size > max ? -EFBIG : 0;
}

int gmem_snapshot_file_open(const struct gmem_snapshot *snapshot, const char *path, size_t max)
{
	int seen = open_below(snapshot->directory, path, O_PATH), fd;
	char self[32];

	if (seen < 0)
		return seen;
	fd = judge(seen, max);
	if (!fd) {
		/* Opens the same file, whatever the path leads to by now. */
		snprintf(self, sizeof(self), "/proc/self/fd/%d", seen);
		fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	close(seen);
	return fd;
}

int gmem_snapshot_file_text(const struct gmem_snapshot *snapshot, const char *path, size_t max,
			    char **out)
{
	int fd = gmem_snapshot_file_open(snapshot, path, max);
	size_t used = 0;
	ssize_t got = 1;
	char *text;

	if (fd < 0)
		return fd;
	text = malloc(max + 1);
	while (text && got > 0 && used < max) {
		got = pread(fd, text + used, max - used, (off_t)used);
		used += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		got = -errno;
	close(fd);
	if (!text)
		return -ENOMEM;
	if (got < 0) {
		free(text);
		return (int)got;
	}
	text[used] = '\0';
	*out = text;
	return 0;
}

int gmem_snapshot_file_list(const struct gmem_snapshot *snapshot, const char *path,
			    gmem_directory_fn fn, void *arg)
{
	int fd = open_below(snapshot->directory, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	struct dirent *entry;
	DIR *directory;
	size_t n = 0;
	int ret = 0;

	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory) {
		ret = -errno;
		close(fd);
		return ret;
	}
	while (!ret && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		ret = n++ < GMEM_SNAPSHOT_ENTRIES_MAX ? fn(entry->d_name, arg) : -EFBIG;
	}
	closedir(directory);
	return ret;
}

int gmem_snapshot_file_link(const struct gmem_snapshot *snapshot, const char *path, char *buffer,
			    size_t size)
{
	int fd = open_below(snapshot->directory, path, O_PATH | O_NOFOLLOW), ret;
	ssize_t got;

	if (fd < 0)
		return fd;
	got = readlinkat(fd, "", buffer, size - 1);
	ret = got < 0 ? -errno : (int)got;
	close(fd);
	if (ret == -ENOENT) /* what readlinkat(2) says of a descriptor that is no link */
		return -EINVAL;
	if (ret >= 0)
		buffer[ret] = '\0';
	return ret;
}
