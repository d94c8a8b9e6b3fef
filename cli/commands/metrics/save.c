// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/metrics/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
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

/* Makes the file complete, on the disk, and readable for all, before others can find it. */
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

/*
 * The place where a file goes. The place that was checked is the one that is used: no path is
 * walked a second time.
 */
struct place {
	const char *path; /* as it was given, for messages */
	int folder;	  /* O_PATH, or -1 */
	char name[NAME_MAX + 1];
	bool by_link; /* a symbolic link led here */
};

static enum status cannot_follow(struct cli *cli, const struct place *place, int error)
{
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-error),
			   "%s: where it leads cannot be told: %s", place->path, strerror(error));
}

/* Goes to path, which begins at the place's folder: opens the folder of its last name. */
static enum status go(struct cli *cli, struct place *place, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int length = slash ? (int)(slash - path) : 0, folder, error;
	char before[PATH_MAX];

	if (slash == path)
		length = 1;
	snprintf(before, sizeof(before), "%.*s", slash ? length : 1, slash ? path : ".");
	folder = openat(place->folder < 0 ? AT_FDCWD : place->folder, before,
			O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = errno;
	if (place->folder >= 0)
		close(place->folder);
	place->folder = folder;
	if (folder < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-error),
				   "%s: no file can be made beside it: %s", place->path,
				   strerror(error));
	if (snprintf(place->name, sizeof(place->name), "%s", name) < (int)sizeof(place->name))
		return STATUS_YES;
	return cli_fail(cli, STATUS_FAILED, "%s: its name is too long", place->path);
}

/*
 * The kernel asks this too where fs.protected_symlinks is set, but in sticky folders only
 * (may_follow_link() in fs/namei.c). In other folders, a user who may place a link could choose
 * what is replaced.
 */
static bool is_trusted(const struct stat *link)
{
	return link->st_uid == 0 || link->st_uid == geteuid();
}

/* Follows the symbolic link that stands at the place: that inode is judged, opened, and read. */
static enum status follow(struct cli *cli, struct place *place)
{
	int link = openat(place->folder, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	enum status status = STATUS_YES;
	char target[PATH_MAX];
	struct stat st;
	ssize_t length;

	if (link < 0 || fstat(link, &st)) {
		status = cannot_follow(cli, place, errno);
	} else if (!is_trusted(&st)) {
		status = cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_PERMITTED),
				     "%s: it is a symbolic link of another user, with uid %u, who "
				     "could choose what is replaced: name the file itself",
				     place->path, st.st_uid);
	} else {
		length = readlinkat(link, "", target, sizeof(target));
		if (length < 0 || length == (ssize_t)sizeof(target)) {
			status = cannot_follow(cli, place, length < 0 ? errno : ENAMETOOLONG);
		} else {
			target[length] = '\0';
			place->by_link = true;
			status = go(cli, place, target);
		}
	}
	if (link >= 0)
		close(link);
	return status;
}

/*
 * Whether what stands at the place may be replaced: a rename would also remove something that is
 * not a file.
 */
static enum status judge(struct cli *cli, const struct place *place, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return STATUS_YES;
	return cli_fail(cli, STATUS_FAILED,
			"%s: it is %s, and only a file can be replaced: name one, or redirect "
			"standard output",
			place->path, other_name(st->st_mode));
}

/* Nothing is there, or a symbolic link that leads to nothing. A rename would destroy the link. */
static enum status judge_missing(struct cli *cli, const struct place *place)
{
	if (!place->by_link)
		return STATUS_YES;
	return cli_fail(cli, STATUS_FAILED,
			"%s: it is a symbolic link that leads to no file: make that file, or name "
			"it instead",
			place->path);
}

#define LINKS_MAX 40 /* MAXSYMLINKS in include/linux/namei.h */

/* Goes to where path leads, and judges what is there. */
static enum status find_place(struct cli *cli, struct place *place)
{
	enum status status = go(cli, place, place->path);
	struct stat st;

	for (int links = 0; !status && links < LINKS_MAX; links++) {
		const char *name = *place->name ? place->name : ".";

		if (fstatat(place->folder, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
			return errno == ENOENT ? judge_missing(cli, place)
					       : cannot_follow(cli, place, errno);
		if (!S_ISLNK(st.st_mode))
			return judge(cli, place, &st);
		status = follow(cli, place);
	}
	return status ? status : cannot_follow(cli, place, ELOOP);
}

#define TRIES 100

/* Makes a file that nobody else can have made, in the folder that was judged. */
static int make_beside(const struct place *place, char *name, size_t size)
{
	int fd = -1;

	for (int tries = 0; fd < 0 && tries < TRIES; tries++) {
		unsigned int number;

		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -EAGAIN;
		if (snprintf(name, size, ".%s.%08x", place->name, number) >= (int)size)
			return -ENAMETOOLONG;
		fd = openat(place->folder, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

static enum status replace(struct cli *cli, const struct place *place, const char *text,
			   size_t size)
{
	char temporary[NAME_MAX + 1];
	int ret = make_beside(place, temporary, sizeof(temporary));

	if (ret < 0)
		return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
				   "%s: no file can be made beside it: %s", place->path,
				   strerror(-ret));
	ret = fill(ret, text, size);
	if (!ret && renameat(place->folder, temporary, place->folder, place->name))
		ret = -errno;
	if (!ret)
		return STATUS_YES;
	unlinkat(place->folder, temporary, 0);
	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(ret),
			   "%s: it was not written and is as it was: %s", place->path,
			   strerror(-ret));
}

enum status save_file(struct cli *cli, const char *path, const char *text, size_t size)
{
	struct place place = { .path = path, .folder = -1 };
	enum status status;

	if (!*path || path[strlen(path) - 1] == '/')
		return cli_fail(cli, STATUS_FAILED, "%s: it is not a file name", path);
	if (strlen(path) >= PATH_MAX)
		return cli_fail(cli, STATUS_FAILED, "%s: its name is too long", path);
	status = find_place(cli, &place);
	if (!status)
		status = replace(cli, &place, text, size);
	if (place.folder >= 0)
		close(place.folder);
	return status;
}
