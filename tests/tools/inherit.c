// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inherit COMMAND...: creates a guest_memfd, prints "memory PID FD", and executes COMMAND, which
 * inherits the descriptor. In this way a process of another user, such as a VMM, gets one. Exits
 * with 77 without /dev/kvm or guest_memfd.
 */
#include <stdio.h>
#include <unistd.h>

#include "kvm.h"
#include "pages.h"

#define SIZE (16 * PAGE)

int main(int argc, char **argv)
{
	int fd = create_memory(create_vm(), SIZE, 0);

	if (argc < 2)
		errx(64, "usage: inherit COMMAND...");
	allocate(fd, 0, SIZE);
	printf("memory %d %d\n", (int)getpid(), fd);
	puts("ready");
	fflush(stdout);
	execvp(argv[1], argv + 1);
	err(2, "%s", argv[1]);
}
