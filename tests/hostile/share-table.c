// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * share-table PROCESSES FDS null|gmem|private: PROCESSES processes share one descriptor
 * table (clone(2) with CLONE_FILES, no threads). The table has FDS descriptors of /dev/null
 * or of one guest_memfd. With private, each process has its own copy of the table, with
 * descriptors of one guest_memfd.
 *
 * Prints "ready". Ends when its input ends. Exits with 77 if something that it needs is missing.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/kvm.h"
#include "tools/pages.h"

static void open_all(const char *kind, unsigned int count)
{
	struct rlimit limit = { count + 64, count + 64 };
	int fd;

	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		warn("RLIMIT_NOFILE %u", count);
		exit(77);
	}
	fd = strcmp(kind, "null") ? create_memory(create_vm(), PAGE, 0)
				  : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(2, "/dev/null");
	for (unsigned int i = 1; i < count; i++)
		if (dup(fd) < 0)
			err(2, "dup");
}

int main(int argc, char **argv)
{
	unsigned int processes = argc == 4 ? (unsigned int)atoi(argv[1]) : 0;
	unsigned long flags;

	if (argc != 4)
		errx(64, "usage: share-table PROCESSES FDS null|gmem|private");
	flags = SIGCHLD | (strcmp(argv[3], "private") ? (unsigned long)CLONE_FILES : 0ul);
	open_all(argv[3], (unsigned int)atoi(argv[2]));
	for (unsigned int i = 1; i < processes; i++) {
		long pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);

		if (pid < 0)
			err(2, "clone");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	puts("ready");
	while (wait_for_line())
		;
	return 0;
}
