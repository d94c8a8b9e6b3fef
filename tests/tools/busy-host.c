// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * busy-host PROCESSES FDS MEMORIES: starts PROCESSES processes with FDS descriptors each (regular
 * files, sockets, pipes, eventfds by turns). MEMORIES guest_memfds are spread over them, if KVM can
 * create them. Prints "ready". Ends with all of its processes when its input ends.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "kvm.h"
#include "pages.h"

#define PAGES 16

static void open_one(unsigned long i)
{
	int pair[2], fd = 0;

	switch (i % 4) {
	case 0:
		fd = open("/etc/passwd", O_RDONLY);
		break;
	case 1:
		fd = socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
		break;
	case 2:
		fd = eventfd(0, 0);
		break;
	case 3:
		fd = pipe(pair);
		break;
	}
	if (fd < 0)
		err(2, "a descriptor of kind %lu", i % 4);
}

/* The kernel gives the lowest free number. So the next number tells how many are open. */
static unsigned long count_fds(void)
{
	int fd = dup(0);

	if (fd < 0)
		err(2, "dup");
	close(fd);
	return (unsigned long)fd;
}

static void fill(unsigned long fds, bool memory)
{
	if (memory) {
		int fd = create_memory(create_vm(), PAGES * PAGE, 0);

		allocate(fd, 0, PAGES * PAGE);
	}
	for (unsigned long i = 0; count_fds() < fds; i++)
		open_one(i);
}

static void start(unsigned long fds, bool memory, int ready, int end)
{
	char byte = 0;
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fill(fds, memory);
	if (write(ready, &byte, 1) != 1)
		_exit(2);
	close(ready); /* end of file tells that all are ready, or gone */
	if (read(end, &byte, 1) < 0)
		_exit(2);
	_exit(0);
}

int main(int argc, char **argv)
{
	const struct rlimit limit = { 65536, 65536 };
	unsigned long processes, fds, memories;
	int ready[2], end[2];
	char byte;

	if (argc != 4)
		errx(2, "usage: busy-host PROCESSES FDS MEMORIES");
	processes = strtoul(argv[1], NULL, 0);
	fds = strtoul(argv[2], NULL, 0);
	memories = strtoul(argv[3], NULL, 0);
	setrlimit(RLIMIT_NOFILE, &limit);
	if (pipe(ready) || pipe(end))
		err(2, "pipe");
	signal(SIGCHLD, SIG_IGN);
	for (unsigned long i = 0; i < processes; i++)
		start(fds, i < memories, ready[1], end[0]);
	close(ready[1]);
	for (unsigned long i = 0; i < processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			errx(2, "a process ended early");
	puts("ready");
	while (wait_for_line())
		;
	return 0;
}
