// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keep-memory path|socket|uring: has a guest_memfd with pages, without an ordinary descriptor of
 * it. The guest_memfd is kept by an O_PATH descriptor only, is in flight in a unix socket, or is
 * registered with an io_uring.
 *
 * Prints "inode N", "bytes N" and "ready". Ends when its input ends. Exits with 77 if something
 * that it needs is missing.
 */
#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/kvm.h"
#include "tools/pages.h"

#define PAGES 64

static void keep_path(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (open(path, O_PATH | O_CLOEXEC) < 0)
		err(2, "O_PATH");
}

static void keep_socket(int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec byte = { "x", 1 };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int ends[2];

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || sendmsg(ends[0], &message, 0) != 1)
		err(2, "sendmsg");
}

static void keep_uring(int fd)
{
	struct io_uring_params params = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4u, &params);

	if (ring < 0) {
		warn("io_uring_setup");
		exit(77);
	}
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1u))
		err(2, "IORING_REGISTER_FILES");
}

static const struct {
	const char *name;
	void (*keep)(int fd);
} ways[] = {
	{ "path", keep_path },
	{ "socket", keep_socket },
	{ "uring", keep_uring },
};

int main(int argc, char **argv)
{
	struct stat st;
	int vm, fd;
	size_t way = 0;

	while (argc == 2 && way < 3 && strcmp(argv[1], ways[way].name))
		way++;
	if (argc != 2 || way == 3)
		errx(64, "usage: keep-memory path|socket|uring");
	vm = create_vm();
	fd = create_memory(vm, PAGES * PAGE, 0);
	allocate(fd, 0, PAGES * PAGE);
	if (fstat(fd, &st))
		err(2, "fstat");
	ways[way].keep(fd);
	close(fd);
	close(vm);
	printf("inode %lu\nbytes %lu\nready\n", (unsigned long)st.st_ino, PAGES * PAGE);
	while (wait_for_line())
		;
	return 0;
}
