// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/metrics/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

/* Written, on the disk, and readable for all, before anybody finds it. */
static int fill(int fd, const char *text, size_t size)
{
	int ret = write_all(fd, text, size);

	if (!ret && (fchmod(fd, 0644) || fsync(fd)))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

static const struct {
	mode_t type;
	const char *name;
} others[] = {
	{ S_IFIFO, "a FIFO" },	      { S_IFDIR, "a directory" },   { S_IFSOCK, "a socket" },
	{ S_IFCHR, "a device node" }, { S_IFBLK, "a device node" },
};

static const char *other_name(mode_t mode)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].type == (mode & S_IFMT))
			return others[i].name;
	return "no regular file";
}

/* Nothing is there, or a symbolic link that leads to nothing: renamed over, it would be lost. */
static enum status judge_missing(struct cli *cli, const char *path)
{
	struct stat st;

	if (lstat(path, &st) || !S_ISLNK(st.st_mode))
		return STATUS_YES;
	return cli_fail(cli, STATUS_FAILED,
			"%s: it is a symbolic link that leads to no file: make that file, or name "
			"it instead",
			path);
}

/*
 * Whether path may be replaced: a rename takes away what is no file, where writing would not. It is
 * opened, and not only looked at, so that fs.protected_symlinks has its say (may_follow_link());
 * O_PATH disturbs no FIFO and no device.
 */
static enum status judge(struct cli *cli, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), error = errno;
	struct stat st;

	if (fd < 0 && error == ENOENT)
		return judge_missing(cli, path);
	if (fd < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-error),
				   "%s: it cannot be opened: %s", path, strerror(error));
	error = fstat(fd, &st) ? errno : 0;
	close(fd);
	if (error)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-error),
				   "%s: it cannot be looked at: %s", path, strerror(error));
	if (S_ISREG(st.st_mode))
		return STATUS_YES;
	return cli_fail(cli, STATUS_FAILED,
			"%s: it is %s, and only a file can be replaced: name one, or redirect "
			"standard output",
			path, other_name(st.st_mode));
}

static enum status replace(struct cli *cli, const char *path, const char *text, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char temporary[PATH_MAX];
	int fd, ret;

	if (snprintf(temporary, sizeof(temporary), "%.*s.%s.XXXXXX", (int)(name - path), path,
		     name) >= (int)sizeof(temporary))
		return cli_fail(cli, STATUS_FAILED, "%s: its name is too long", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno),
				   "%s: no file can be made beside it: %s", path, strerror(errno));
	ret = fill(fd, text, size);
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (!ret)
		return STATUS_YES;
	unlink(temporary);
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
			   "%s: it was not written and is as it was: %s", path, strerror(-ret));
}

enum status save_file(struct cli *cli, const char *path, const char *text, size_t size)
{
	enum status status;
	char *target;

	if (!*path || path[strlen(path) - 1] == '/')
		return cli_fail(cli, STATUS_FAILED, "%s: it is no name for a file", path);
	status = judge(cli, path);
	if (status)
		return status;
	/* Where a symbolic link leads; what is not there yet is none. */
	target = realpath(path, NULL);
	if (!target && errno != ENOENT)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-errno),
				   "%s: where it leads cannot be told: %s", path, strerror(errno));
	status = replace(cli, target ? target : path, text, size);
	free(target);
	return status;
}
