// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread that is left behind in a system call, on the running kernel. A FIFO that nobody writes
 * makes open(2) wait, as a lock of another process does. The test opens it through /proc/PID/cwd,
 * as it would open what belongs to another process.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/linux/bounded.h"

static struct gmem_kernel *kernel;
static char folder[32];
static char fifo[64], other[64];
static pid_t child;
static volatile int went_on;

static void begin(void)
{
	strcpy(folder, "/tmp/gmem-bounded-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	child = fork();
	if (!child) {
		for (;;)
			pause();
	}
	snprintf(fifo, sizeof(fifo), "/proc/%d/cwd/fifo", (int)child);
	snprintf(other, sizeof(other), "/proc/%d/maps", (int)child);
	ck_assert_int_eq(gmem_kernel_linux_new(&kernel), 0);
}

static void end(void)
{
	kernel->ops->destroy(kernel);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink("fifo");
	rmdir(folder);
}

/* Open descriptors of this process, except for the one that is used to count them. */
static unsigned int open_files(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(directory))
		n++;
	closedir(directory);
	return n - 3;
}

/* When the kernel lets a thread go, its effects are visible a little later. */
static bool soon(bool (*is)(void))
{
	const struct timespec tick = { .tv_nsec = 10000000 };

	for (int i = 0; i < 500; i++) {
		if (is())
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

static unsigned int files_before;

static bool files_as_before(void)
{
	return open_files() == files_before;
}

/* Opens and reads a file without waiting. Then waits, with that descriptor open. */
static int ask(void *arg)
{
	char text[64];
	int fd = kernel->ops->open(kernel, other, O_RDONLY), waits;

	if (fd < 0)
		return fd;
	if (kernel->ops->pread(kernel, fd, text, sizeof(text), 0) <= 0)
		return -EIO;
	waits = kernel->ops->open(kernel, arg, O_RDONLY);
	went_on = 1;
	kernel->ops->close(kernel, fd);
	if (waits >= 0)
		kernel->ops->close(kernel, waits);
	return waits < 0 ? waits : 7;
}

static int let_go(void)
{
	return open("fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static int run(struct gmem_bounded_run *how, const char *path)
{
	how->fn = ask;
	how->arg = (void *)path;
	went_on = 0;
	return kernel->ops->bounded(kernel, how);
}

START_TEST(returns_what_it_returns)
{
	struct gmem_bounded_run how = { 0 };

	begin();
	files_before = open_files();
	ck_assert_int_eq(run(&how, other), 7);
	ck_assert_int_eq(how.left_at, 0);
	ck_assert_int_eq(went_on, 1);
	ck_assert(files_as_before());
	end();
}
END_TEST

START_TEST(call_that_does_not_return_is_left)
{
	struct gmem_bounded_run how = { 0 };
	int writer;

	begin();
	files_before = open_files();
	ck_assert_int_eq(run(&how, fifo), -ETIMEDOUT);
	ck_assert_int_eq(how.left_at, child);
	/* No other call waits for that process, */
	ck_assert_int_eq(
		kernel->ops->bounded(kernel, &(struct gmem_bounded_run){ .fn = ask, .arg = fifo }),
		-ETIMEDOUT);
	/* until the kernel lets the thread go. Then the thread only closes what it had. */
	went_on = 0;
	writer = let_go();
	ck_assert_int_ge(writer, 0);
	close(writer);
	ck_assert(soon(files_as_before));
	ck_assert_int_eq(went_on, 0);
	ck_assert_int_eq(run(&how, other), 7);
	end();
}
END_TEST

/*
 * The kernel's object is freed while a thread is left behind. The thread must not use the object.
 */
START_TEST(outlives_the_object)
{
	struct gmem_bounded_run how = { 0 };
	int writer;

	begin();
	files_before = open_files();
	ck_assert_int_eq(run(&how, fifo), -ETIMEDOUT);
	kernel->ops->destroy(kernel);
	writer = let_go();
	close(writer);
	ck_assert(soon(files_as_before));
	ck_assert_int_eq(went_on, 0);
	ck_assert_int_eq(gmem_kernel_linux_new(&kernel), 0);
	end();
}
END_TEST

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* After the deadline, or after a cancel, the wait for a call is shorter. */
START_TEST(wait_is_shorter_after_cancel)
{
	static const volatile int cancelled = 1;
	struct gmem_bounded_run by_cancel = { .cancel = &cancelled };
	struct gmem_bounded_run by_deadline = { .deadline = 1 };
	double began;

	begin();
	files_before = open_files();
	began = seconds();
	ck_assert_int_eq(run(&by_cancel, fifo), -ETIMEDOUT);
	ck_assert(seconds() - began < 0.9);
	close(let_go());
	ck_assert(soon(files_as_before));
	ck_assert_int_eq(run(&by_deadline, fifo), -ETIMEDOUT);
	ck_assert_int_eq(by_deadline.left_at, child);
	close(let_go());
	end();
}
END_TEST

static int ask_nested(void *arg)
{
	struct gmem_bounded_run how = { .fn = ask, .arg = arg };

	return kernel->ops->bounded(kernel, &how);
}

START_TEST(inner_call_is_left_first)
{
	struct gmem_bounded_run how = { .fn = ask_nested, .arg = fifo };

	begin();
	ck_assert_int_eq(kernel->ops->bounded(kernel, &how), -ETIMEDOUT);
	ck_assert_int_eq(how.left_at, child);
	close(let_go());
	end();
}
END_TEST

/* As far as the path tells, each thread waits for another process. */
START_TEST(number_of_left_calls_is_limited)
{
	static const volatile int cancelled = 1;
	pid_t pids[GMEM_LEFT_MAX + 1];
	int ret = 0;

	begin();
	for (size_t i = 0; i <= GMEM_LEFT_MAX; i++) {
		struct gmem_bounded_run how = { .cancel = &cancelled };
		char path[64];

		pids[i] = fork();
		if (!pids[i]) {
			for (;;)
				pause();
		}
		snprintf(path, sizeof(path), "/proc/%d/cwd/fifo", (int)pids[i]);
		ret = run(&how, path);
		ck_assert_int_eq(ret, i < GMEM_LEFT_MAX ? -ETIMEDOUT : -EBUSY);
	}
	close(let_go());
	for (size_t i = 0; i <= GMEM_LEFT_MAX; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	end();
}
END_TEST

UNIT_MAIN("bounded", returns_what_it_returns, call_that_does_not_return_is_left,
	  outlives_the_object, wait_is_shorter_after_cancel, inner_call_is_left_first,
	  number_of_left_calls_is_limited)
