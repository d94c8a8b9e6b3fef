// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * thread-memory: creates guest_memfds in processes with several threads. Tests compare them with
 * the output of list. The first process is a broker, and it has three children:
 *
 *   made     a thread created the VM and its memory; the broker got a descriptor of it
 *   own      a thread has a descriptor table of its own, and the memory is in that table
 *   closed   all descriptors are closed, and the memory is mapped
 *
 * Prints "NAME PID TID FD" for each, where TID is the thread that created the memory, "broker PID
 * FD", "kcmp" if the kernel has kcmp(2), and "ready". Ends when its input ends. Exits with 77
 * without /dev/kvm or guest_memfd.
 */
#include <linux/kcmp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kvm.h"
#include "pages.h"

#define SIZE (16 * PAGE)
#define MMAP_SHARED 3 /* creation flags mmap, init-shared */
#define IDLE 3	      /* threads without a table or memory of their own */

static int to_broker; /* a child writes here what it created, and that it is ready */

struct news {
	pid_t tid;
	int fd;
};

static int make(uint64_t flags)
{
	int fd = create_memory(create_vm(), SIZE, flags);

	allocate(fd, 0, SIZE);
	return fd;
}

static void tell_broker(int fd)
{
	const struct news news = { .tid = (pid_t)syscall(SYS_gettid), .fd = fd };

	if (write(to_broker, &news, sizeof(news)) != sizeof(news))
		err(2, "write");
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *made(void *arg)
{
	tell_broker(make(0));
	return idle(arg);
}

static void *own(void *arg)
{
	if (unshare(CLONE_FILES))
		err(2, "unshare");
	tell_broker(make(0));
	return idle(arg);
}

static void *closed(void *arg)
{
	int fd = make(MMAP_SHARED);

	if (mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		err(2, "mmap");
	tell_broker(fd);
	if (syscall(SYS_close_range, 0u, ~0u, 0u))
		err(2, "close_range");
	return idle(arg);
}

static void live(void *(*fn)(void *))
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < IDLE; i++)
		pthread_create(&thread, NULL, idle, NULL);
	pthread_create(&thread, NULL, fn, NULL);
	idle(NULL);
}

/*
 * Starts a child and waits until it is ready. The child "closed" is ready when
 * its pipe is closed, too.
 */
static struct news start(const char *name, void *(*fn)(void *), pid_t *pid)
{
	struct news news = { 0 };
	int ends[2], status;
	ssize_t got;

	if (pipe(ends))
		err(2, "pipe");
	fflush(stdout);
	*pid = fork();
	if (*pid < 0)
		err(2, "fork");
	if (!*pid) {
		close(ends[0]);
		to_broker = ends[1];
		live(fn);
	}
	close(ends[1]);
	got = read(ends[0], &news, sizeof(news));
	if (got == sizeof(news) && fn == closed)
		while (read(ends[0], &status, 1) > 0)
			;
	if (got != sizeof(news)) {
		waitpid(*pid, &status, 0);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
	}
	printf("%s %d %d %d\n", name, (int)*pid, (int)news.tid, news.fd);
	return news;
}

int main(void)
{
	pid_t maker, other;
	struct news news;
	int pidfd, fd;

	start("own", own, &other);
	start("closed", closed, &other);
	news = start("made", made, &maker);
	pidfd = (int)syscall(SYS_pidfd_open, maker, 0u);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, news.fd, 0u);
	if (fd < 0)
		err(2, "pidfd_getfd");
	printf("broker %d %d\n", (int)getpid(), fd);
	if (!syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILES, 0, 0))
		puts("kcmp");
	puts("ready");
	fflush(stdout);
	while (wait_for_line())
		;
	return 0;
}
