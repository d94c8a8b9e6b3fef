// SPDX-License-Identifier: GPL-2.0-or-later
#include "holder/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define INFO_MAX 512
#define READ_TRIES 8
#define SUFFIX ".vm"

/* The specification of XDG_RUNTIME_DIR says to ignore a relative path. */
static const char *absolute(const char *variable)
{
	const char *base = getenv(variable);

	return base && *base == '/' ? base : NULL;
}

/*
 * su and sudo leave another user's XDG_RUNTIME_DIR to root, or take it away: root has one folder.
 */
static void set_path(struct runtime *runtime)
{
	const char *base = absolute("GMEMCTL_RUNTIME_DIR");

	if (!base && geteuid() != 0)
		base = absolute("XDG_RUNTIME_DIR");
	if (!base)
		base = "/run";
	snprintf(runtime->path, sizeof(runtime->path), "%s/gmemctl", base);
}

static enum status cannot(struct cli *cli, const struct runtime *runtime, const char *doing)
{
	bool own = geteuid() == 0 || absolute("XDG_RUNTIME_DIR");
	int error = errno;

	return cli_fail_as(cli, STATUS_FAILED, cause_of_error(-error), "%s %s: %s%s", doing,
			   runtime->path, strerror(error),
			   own ? "" : "; set XDG_RUNTIME_DIR to a folder of yours");
}

static enum status check_folder(struct cli *cli, const struct runtime *runtime)
{
	struct stat st;

	if (fstat(runtime->fd, &st))
		return cannot(cli, runtime, "looking at");
	if (st.st_uid != geteuid())
		return cli_fail_as(
			cli, STATUS_FAILED, cause_of(FAILURE_NOT_PERMITTED),
			"%s belongs to user %u, this is user %u: who can write there could "
			"stand in for a holder%s",
			runtime->path, st.st_uid, geteuid(),
			geteuid() ? "; set XDG_RUNTIME_DIR to a folder of yours" : "");
	if (st.st_mode & 077)
		return cli_fail_as(
			cli, STATUS_FAILED, cause_of(FAILURE_NOT_PERMITTED),
			"%s has mode %04o, and others may have been in it; chmod 700, or "
			"remove it",
			runtime->path, st.st_mode & 07777);
	return STATUS_YES;
}

enum status runtime_open(struct cli *cli, bool create, struct runtime *runtime)
{
	enum status status;

	set_path(runtime);
	if (create && mkdir(runtime->path, 0700) && errno != EEXIST)
		return cannot(cli, runtime, "making");
	runtime->fd = open(runtime->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (runtime->fd < 0 && errno == ENOENT && !create)
		return STATUS_YES;
	if (runtime->fd < 0)
		return cannot(cli, runtime, "opening");
	status = check_folder(cli, runtime);
	if (status)
		runtime_close(runtime);
	return status;
}

/* Opens the folder at the path if it belongs to this user and others have no access. */
static int open_own(struct runtime *runtime)
{
	struct stat st;

	runtime->fd = open(runtime->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (runtime->fd < 0)
		return -errno;
	if (!fstat(runtime->fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return 0;
	runtime_close(runtime);
	return -EPERM;
}

int runtime_find(struct runtime *runtime)
{
	set_path(runtime);
	return open_own(runtime);
}

int runtime_make_again(struct runtime *runtime)
{
	if (mkdir(runtime->path, 0700) && errno != EEXIST)
		return -errno;
	return open_own(runtime);
}

void runtime_close(struct runtime *runtime)
{
	if (runtime->fd >= 0)
		close(runtime->fd);
	runtime->fd = -1;
}

static const char *file_name(const char *name, char buffer[HELD_NAME_MAX + 8])
{
	snprintf(buffer, HELD_NAME_MAX + 8, "%s" SUFFIX, name);
	return buffer;
}

/* Whether the file that was locked is still the one of that name: it may have been removed. */
static bool is_current(const struct runtime *runtime, const char *file, int fd)
{
	struct stat named, locked;

	return !fstatat(runtime->fd, file, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &locked) &&
	       named.st_ino == locked.st_ino && named.st_dev == locked.st_dev;
}

bool runtime_owns(const struct runtime *runtime, const char *name, int lock)
{
	char file[HELD_NAME_MAX + 8];

	return is_current(runtime, file_name(name, file), lock);
}

bool runtime_is_there(const struct runtime *runtime, const char *name, int lock)
{
	struct runtime now = *runtime;
	char file[HELD_NAME_MAX + 8];
	bool there;

	/*
	 * Goes by its path, because a descriptor still leads to a folder that was deleted or
	 * unmounted.
	 */
	now.fd = open(runtime->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (now.fd < 0)
		return false;
	snprintf(file, sizeof(file), "%s.sock", name);
	there = runtime_owns(&now, name, lock) &&
		!faccessat(now.fd, file, F_OK, AT_SYMLINK_NOFOLLOW);
	runtime_close(&now);
	return there;
}

enum runtime_lock runtime_lock(const struct runtime *runtime, const char *name, bool create,
			       int *fd)
{
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0);
	char file[HELD_NAME_MAX + 8];

	if (runtime->fd < 0)
		return RUNTIME_NONE;
	for (;;) {
		*fd = openat(runtime->fd, file_name(name, file), flags, 0600);
		if (*fd < 0)
			return errno == ENOENT ? RUNTIME_NONE : RUNTIME_ERROR;
		if (flock(*fd, LOCK_EX | LOCK_NB)) {
			if (errno == EWOULDBLOCK)
				return RUNTIME_HELD;
			close(*fd);
			return RUNTIME_ERROR;
		}
		if (is_current(runtime, file, *fd))
			return RUNTIME_OURS;
		close(*fd);
	}
}

/* One look. Returns how many bytes, 0 for none. */
static size_t read_line(int fd, char text[INFO_MAX])
{
	ssize_t got = pread(fd, text, INFO_MAX - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/* It may be written meanwhile: if two looks agree, the text is complete. */
bool runtime_read(int fd, struct held_info *info)
{
	char text[INFO_MAX], again[INFO_MAX];

	if (!read_line(fd, text))
		return false;
	for (int tries = 0; tries < READ_TRIES && read_line(fd, again) && strcmp(text, again);
	     tries++)
		memcpy(text, again, sizeof(text));
	return held_info_read(text, info);
}

/*
 * Filled up before the newline, always to one length: a reader never sees a line's beginning only.
 */
int runtime_write(int fd, const struct held_info *info)
{
	char text[INFO_MAX];
	int length = held_info_write(info, text, sizeof(text)) - 1;

	memset(text + length, ' ', sizeof(text) - 1 - (size_t)length);
	text[sizeof(text) - 2] = '\n';
	errno = 0; /* a part that was written is not reported */
	if (pwrite(fd, text, sizeof(text) - 1, 0) != (ssize_t)sizeof(text) - 1)
		return errno ? -errno : -ENOSPC;
	return 0;
}

/* Through /proc, so that the address is short however long the folder's path is. */
static void set_address(const struct runtime *runtime, const char *name,
			struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%.*s.sock",
		 runtime->fd, HELD_NAME_MAX, name);
}

int runtime_remove_socket(const struct runtime *runtime, const char *name)
{
	char file[HELD_NAME_MAX + 8];

	snprintf(file, sizeof(file), "%s.sock", name);
	return unlinkat(runtime->fd, file, 0) && errno != ENOENT ? -errno : 0;
}

int runtime_remove(const struct runtime *runtime, const char *name)
{
	char file[HELD_NAME_MAX + 8];
	int ret = runtime_remove_socket(runtime, name);

	if (unlinkat(runtime->fd, file_name(name, file), 0) && errno != ENOENT && !ret)
		ret = -errno;
	return ret;
}

/* Connections that wait to be taken. */
#define BACKLOG 64

static int new_socket(int flags)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	return fd < 0 ? -errno : fd;
}

int runtime_listen(const struct runtime *runtime, const char *name)
{
	int fd = new_socket(SOCK_NONBLOCK);
	struct sockaddr_un address;
	mode_t mask;
	int error;

	if (fd < 0)
		return fd;
	set_address(runtime, name, &address);
	mask = umask(0177);
	error = bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG)
			? errno
			: 0;
	umask(mask);
	if (!error)
		return fd;
	close(fd);
	return -error;
}

void runtime_own(int listener)
{
	listen(listener, BACKLOG); /* again: unix_listen() sets sk_peer_pid; it cannot fail here */
}

int runtime_connect(const struct runtime *runtime, const char *name)
{
	int fd = new_socket(0);
	struct sockaddr_un address;
	int error;

	if (fd < 0)
		return fd;
	set_address(runtime, name, &address);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	error = errno;
	close(fd);
	return -error;
}

/* "NAME.vm" */
static int is_held_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(SUFFIX);

	return length > suffix && length - suffix <= HELD_NAME_MAX &&
	       !strcmp(entry->d_name + length - suffix, SUFFIX);
}

enum status runtime_each(struct cli *cli, const struct runtime *runtime,
			 enum status (*fn)(struct cli *cli, const struct runtime *runtime,
					   const char *name, void *arg),
			 void *arg)
{
	enum status status = STATUS_YES;
	struct dirent **entries;
	int n;

	if (runtime->fd < 0)
		return STATUS_YES;
	n = scandirat(runtime->fd, ".", &entries, is_held_file, alphasort);
	if (n < 0)
		return cannot(cli, runtime, "listing");
	for (int i = 0; i < n; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(SUFFIX)] = '\0';
		if (!status && held_is_name(name))
			status = fn(cli, runtime, name, arg);
		free(entries[i]);
	}
	free(entries);
	return status;
}
