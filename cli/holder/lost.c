// SPDX-License-Identifier: GPL-2.0-or-later
#include "holder/lost.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DELETED " (deleted)"
#define PATIENCE_MS 10000
#define FDS_MAX 1024 /* a holder has few */

static bool is_number(const struct dirent *entry)
{
	return entry->d_name[0] && !entry->d_name[strspn(entry->d_name, "0123456789")];
}

/* The process belongs to this user, and has a holder's name. No other process is looked at. */
static bool may_be_holder(int proc)
{
	char comm[32] = "";
	struct stat st;
	int fd;

	if (fstat(proc, &st) || st.st_uid != geteuid())
		return false;
	fd = openat(proc, "comm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, comm, sizeof(comm) - 1) < 0)
		*comm = '\0';
	close(fd);
	return !strcmp(comm, HOLDER_COMM "\n");
}

/*
 * Whether a descriptor's link is "FOLDER/NAME.vm" of this folder. A file system that was unmounted
 * has lost the path of its mount point; the link of a file in it begins with its own root.
 */
static bool is_of_folder(const struct runtime *runtime, char *link, char name[HELD_NAME_MAX + 1])
{
	size_t length = strlen(link), deleted = strlen(DELETED);
	char *slash;

	if (length > deleted && !strcmp(link + length - deleted, DELETED))
		link[length -= deleted] = '\0';
	slash = strrchr(link, '/');
	if (!slash || length < 4 || strcmp(link + length - 3, ".vm") != 0 ||
	    length - 3 - (size_t)(slash + 1 - link) > HELD_NAME_MAX)
		return false;
	snprintf(name, HELD_NAME_MAX + 1, "%.*s", (int)(link + length - 3 - (slash + 1)),
		 slash + 1);
	*slash = '\0';
	return held_is_name(name) && (!strcmp(link, runtime->path) || !strcmp(link, "/gmemctl"));
}

/* Whether the folder has no such file, or has one of another holder. */
static bool is_lost(const struct runtime *runtime, const char *name, int fd)
{
	char path[PATH_MAX + HELD_NAME_MAX + 8];
	struct stat named, kept;

	snprintf(path, sizeof(path), "%s/%s.vm", runtime->path, name);
	if (fstat(fd, &kept))
		return false;
	return lstat(path, &named) || named.st_ino != kept.st_ino || named.st_dev != kept.st_dev;
}

/* Reads a descriptor that is a lost NAME.vm. */
static bool read_lost(const struct runtime *runtime, int fds, const char *number,
		      struct held_info *info)
{
	char link[PATH_MAX], name[HELD_NAME_MAX + 1];
	ssize_t length = readlinkat(fds, number, link, sizeof(link) - 1);
	bool found;
	int fd;

	if (length < 0)
		return false;
	link[length] = '\0';
	if (!is_of_folder(runtime, link, name))
		return false;
	fd = openat(fds, number, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	found = is_lost(runtime, name, fd) && runtime_read(fd, info) && !strcmp(info->name, name);
	close(fd);
	return found;
}

/*
 * *denied: ptrace_may_access() says no, as of a process that has a capability which this one has
 * not.
 */
static bool look_at(const struct runtime *runtime, int proc, pid_t pid, struct held_info *info,
		    bool *denied)
{
	int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	*denied = fd < 0 && errno == EACCES;
	if (!fds) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (int n = 0; !found && !*denied && n < FDS_MAX && (entry = readdir(fds)); n++) {
		if (!is_number(entry))
			continue;
		errno = 0;
		found = read_lost(runtime, dirfd(fds), entry->d_name, info) && info->pid == pid;
		*denied = !found && errno == EACCES;
	}
	closedir(fds);
	return found;
}

pid_t lost_each(const struct runtime *runtime, lost_fn fn, void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct held_info info;
	pid_t first_denied = 0;
	bool denied;

	while (proc && (entry = readdir(proc))) {
		int fd = is_number(entry) ? openat(dirfd(proc), entry->d_name,
						   O_RDONLY | O_DIRECTORY | O_CLOEXEC)
					  : -1;

		if (fd < 0)
			continue;
		denied = false;
		if (may_be_holder(fd) && look_at(runtime, fd, atoi(entry->d_name), &info, &denied))
			fn(&info, arg);
		if (denied && !first_denied)
			first_denied = atoi(entry->d_name);
		close(fd);
	}
	if (proc)
		closedir(proc);
	return first_denied;
}

struct wanted {
	const char *name;
	struct held_info *info;
	bool found;
};

static void take_wanted(const struct held_info *info, void *arg)
{
	struct wanted *wanted = arg;

	if (wanted->found || strcmp(info->name, wanted->name) != 0)
		return;
	*wanted->info = *info;
	wanted->found = true;
}

bool lost_find(const struct runtime *runtime, const char *name, struct held_info *info)
{
	struct wanted wanted = { .name = name, .info = info };

	lost_each(runtime, take_wanted, &wanted);
	return wanted.found;
}

int lost_end(const struct runtime *runtime, const struct held_info *info)
{
	int fd = (int)syscall(SYS_pidfd_open, info->pid, 0), ret = 0;
	struct pollfd end = { .fd = fd, .events = POLLIN };
	struct held_info again;

	if (fd < 0)
		return errno == ESRCH ? 0 : -errno;
	/*
	 * Another process may have this number by now. So the file is looked up again, and the
	 * signal goes only to the process that it names.
	 */
	if (!lost_find(runtime, info->name, &again) || again.pid != info->pid)
		ret = -ESRCH;
	else if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0))
		ret = -errno;
	else if (poll(&end, 1, PATIENCE_MS) <= 0)
		ret = -ETIMEDOUT;
	close(fd);
	return ret;
}
