// SPDX-License-Identifier: GPL-2.0-or-later
#include "save.h"

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

enum status save_file(struct cli *cli, const char *path, const char *text, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char temporary[PATH_MAX];
	int fd, ret;

	if (!*name || snprintf(temporary, sizeof(temporary), "%.*s.%s.XXXXXX", (int)(name - path),
			       path, name) >= (int)sizeof(temporary))
		return cli_fail(cli, STATUS_FAILED, "%s: it is no name for a file", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return cli_fail(cli, STATUS_FAILED, "%s: no file can be made beside it: %s", path,
				strerror(errno));
	ret = fill(fd, text, size);
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (!ret)
		return STATUS_YES;
	unlink(temporary);
	return cli_fail(cli, STATUS_FAILED, "%s: it was not written and is as it was: %s", path,
			strerror(-ret));
}
