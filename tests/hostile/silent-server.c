// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * silent-server FOLDER open|gone|exec: a FUSE server that stops answering when its file is open.
 * Its file has the name of a guest_memfd: "[kvm-gmem]" at the root of a mount that is attached
 * nowhere. With gone, the name is removed: the link then reads "/[kvm-gmem] (deleted)", as that of
 * a guest_memfd since Linux 6.19. With exec, a process hangs in execve(2) with exec_update_lock
 * taken, because it flushes its descriptor.
 *
 * Prints "link TEXT", "pid PID" and "ready". At the end of its input it ends, and the kernel ends
 * every process that waits for it. Exits with 77 if there is no FUSE.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tools/pages.h"

#define NAME "[kvm-gmem]"
#define FILE_NODE 2
#define FOREVER 1000000u

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

static void skip(const char *what)
{
	warn("%s", what);
	exit(77);
}

static void answer(int device, uint64_t unique, int error, const void *data, size_t size)
{
	struct {
		struct fuse_out_header header;
		char data[256];
	} out = { .header = { .len = (uint32_t)(sizeof(out.header) + size),
			      .error = error,
			      .unique = unique } };

	if (size)
		memcpy(out.data, data, size);
	if (write(device, &out, out.header.len) < 0 && errno != ENOENT)
		err(2, "an answer to the kernel");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = 1,
		.size = PAGE,
	};
}

static void answer_lookup(int device, uint64_t unique, const char *name)
{
	struct fuse_entry_out out = { .nodeid = FILE_NODE,
				      .attr_valid = FOREVER,
				      .entry_valid = FOREVER,
				      .attr = attributes(FILE_NODE) };

	if (strcmp(name, NAME))
		answer(device, unique, -ENOENT, NULL, 0);
	else
		answer(device, unique, 0, &out, sizeof(out));
}

/* Serves one request. A server that hangs does not answer STATFS and FLUSH. */
static void serve_one(int device, const struct fuse_in_header *in, const void *body)
{
	const struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 4096 };
	const struct fuse_open_out opened = { .fh = 1 };
	const struct fuse_attr_out attr = { .attr_valid = FOREVER, .attr = attributes(in->nodeid) };

	switch (in->opcode) {
	case FUSE_INIT:
		answer(device, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer_lookup(device, in->unique, body);
		break;
	case FUSE_GETATTR:
		answer(device, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(device, in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_UNLINK:
		answer(device, in->unique, 0, NULL, 0);
		break;
	case FUSE_STATFS:
	case FUSE_FLUSH:
	case FUSE_FORGET: /* the kernel expects no answer */
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(device, in->unique, -ENOSYS, NULL, 0);
		break;
	}
}

static void serve(int device)
{
	static char request[65536 + 4096];

	for (;;) {
		ssize_t got = read(device, request, sizeof(request));
		const struct fuse_in_header *in = (const void *)request;

		if (got < 0 && errno == EPERM) /* it is not mounted yet */
			usleep(1000);
		else if (got < 0 && errno != EINTR && errno != ENOENT)
			exit(0);
		if (got >= (ssize_t)sizeof(*in))
			serve_one(device, in, in + 1);
	}
}

/* Mounts the server, opens its file, and unmounts the server again. */
static int open_file(const char *folder, int device, bool gone)
{
	char options[128];
	int tree, fd;

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip("a mount namespace");
	if (mount("silent", folder, "fuse.silent", MS_NOSUID | MS_NODEV, options))
		skip("mount a FUSE file system");
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, folder, OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0)
		skip("open_tree");
	fd = openat(tree, NAME, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(2, NAME);
	if (gone && unlinkat(tree, NAME, 0))
		err(2, "unlinkat");
	if (umount2(folder, MNT_DETACH))
		err(2, "umount");
	return fd;
}

static pid_t start_exec(int fd)
{
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)fd; /* close-on-exec: execve() flushes it and hangs */
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(2);
}

int main(int argc, char **argv)
{
	char path[32], link[256] = "";
	pid_t server, pid = getpid();
	int device, fd;

	if (argc != 3)
		errx(64, "usage: silent-server FOLDER open|gone|exec");
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		skip("/dev/fuse");
	server = fork();
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(device);
	}
	fd = open_file(argv[1], device, !strcmp(argv[2], "gone"));
	close(device);
	if (!strcmp(argv[2], "exec")) {
		pid = start_exec(fd);
		usleep(300000);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		err(2, "readlink");
	printf("link %s\npid %d\nready\n", link, (int)pid);
	while (wait_for_line())
		;
	kill(server, SIGKILL);
	if (pid != getpid())
		kill(pid, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
