// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A thread that can be left behind in a system call. For each call that may wait, state tells
 * whether the thread may go on. The thread goes on behind the call only if it was not left, and it
 * can be left only while it is inside the call. So once it was left, only its own stack is in use;
 * the buffers of these calls are on that stack. When the kernel lets it go at last, the thread
 * jumps to its beginning and ends.
 */
#include "kernel/linux/bounded.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/linux/linux.h"

#define TICK_MS 50   /* from one look at the thread to the next */
#define WAIT_MS 1000 /* that one call may take before the thread is left behind in it */
#define FILES_MAX 4  /* descriptors that it has open while it makes such a call */
#define STACK (1u << 19)

enum state { OUTSIDE, INSIDE, LEFT };

struct gmem_bounded {
	int (*fn)(void *arg);
	void *arg;
	pthread_key_t running;
	pthread_mutex_t lock; /* of ended and result */
	pthread_cond_t changed;
	bool ended;
	int result;
	unsigned int users; /* held by the thread, and by its starter or the list of threads left
			     * behind */
	int state;
	uint64_t calls; /* how many it has begun */
	pid_t tid;
	pid_t about; /* the process that the current call may wait for */
	int files[FILES_MAX];
	jmp_buf beginning;
};

int gmem_bounded_init(struct gmem_bounded_all *all)
{
	all->count = 0;
	if (pthread_key_create(&all->running, NULL))
		return -ENOMEM;
	pthread_mutex_init(&all->lock, NULL);
	return 0;
}

static void release(struct gmem_bounded *bounded)
{
	if (__atomic_sub_fetch(&bounded->users, 1, __ATOMIC_ACQ_REL))
		return;
	pthread_cond_destroy(&bounded->changed);
	pthread_mutex_destroy(&bounded->lock);
	free(bounded);
}

void gmem_bounded_destroy(struct gmem_bounded_all *all)
{
	for (size_t i = 0; i < all->count; i++)
		release(all->left[i]);
	pthread_mutex_destroy(&all->lock);
	pthread_key_delete(all->running);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool has_ended(struct gmem_bounded *bounded)
{
	bool ended;

	pthread_mutex_lock(&bounded->lock);
	ended = bounded->ended;
	pthread_mutex_unlock(&bounded->lock);
	return ended;
}

/* Forgets threads that the kernel has let go. The caller holds the lock. */
static void forget_ended(struct gmem_bounded_all *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (has_ended(all->left[i]))
			release(all->left[i]);
		else
			all->left[n++] = all->left[i];
	}
	__atomic_store_n(&all->count, n, __ATOMIC_RELAXED);
}

/* Whether a thread was left behind that waits for that process still. */
static bool is_waited_for(struct gmem_bounded_all *all, pid_t pid)
{
	bool found = false;

	if (!__atomic_load_n(&all->count, __ATOMIC_RELAXED))
		return false;
	pthread_mutex_lock(&all->lock);
	forget_ended(all);
	for (size_t i = 0; i < all->count; i++)
		found = found || all->left[i]->about == pid;
	pthread_mutex_unlock(&all->lock);
	return found;
}

static struct gmem_bounded *begin(struct gmem_bounded *bounded, pid_t about)
{
	bounded->about = about;
	__atomic_store_n(&bounded->calls, bounded->calls + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&bounded->state, INSIDE, __ATOMIC_RELEASE);
	return bounded;
}

static struct gmem_bounded *begin_about(struct gmem_bounded_all *all, pid_t about, int *error)
{
	struct gmem_bounded *bounded = pthread_getspecific(all->running);

	if (!bounded || !about)
		return NULL;
	if (is_waited_for(all, about)) {
		*error = -ETIMEDOUT;
		return NULL;
	}
	return begin(bounded, about);
}

/*
 * The process that a path of /proc/PID is about: following the path takes its locks. 0 for all
 * other paths.
 */
static pid_t process_of_path(const char *path)
{
	static const char proc[] = "/proc/";
	static const char *const locked[] = { "/fd/", "/maps", "/map_files/", "/pagemap", "/cwd/" };
	char *rest;
	long pid;

	if (strncmp(path, proc, sizeof(proc) - 1) ||
	    !isdigit((unsigned char)path[sizeof(proc) - 1]))
		return 0;
	pid = strtol(path + sizeof(proc) - 1, &rest, 10);
	for (size_t i = 0; i < sizeof(locked) / sizeof(locked[0]); i++)
		if (!strncmp(rest, locked[i], strlen(locked[i])))
			return (pid_t)pid;
	return 0;
}

struct gmem_bounded *gmem_bounded_path(struct gmem_bounded_all *all, const char *path, int *error)
{
	return begin_about(all, process_of_path(path), error);
}

struct gmem_bounded *gmem_bounded_pids(struct gmem_bounded_all *all, pid_t a, pid_t b, int *error)
{
	if (pthread_getspecific(all->running) && is_waited_for(all, b)) {
		*error = -ETIMEDOUT;
		return NULL;
	}
	return begin_about(all, a, error);
}

static int *slot_of(struct gmem_bounded *bounded, int fd)
{
	for (size_t i = 0; bounded && i < FILES_MAX; i++)
		if (bounded->files[i] == fd)
			return &bounded->files[i];
	return NULL;
}

/* Descriptors that it opened by such a path: about is still their process. */
struct gmem_bounded *gmem_bounded_fd(struct gmem_bounded_all *all, int fd)
{
	struct gmem_bounded *bounded = pthread_getspecific(all->running);

	return slot_of(bounded, fd) ? begin(bounded, bounded->about) : NULL;
}

void gmem_bounded_closed(struct gmem_bounded_all *all, int fd)
{
	int *slot = slot_of(pthread_getspecific(all->running), fd);

	if (slot)
		*slot = -1;
}

void gmem_bounded_end(struct gmem_bounded *bounded, int opened)
{
	int state = INSIDE, *slot;

	if (__atomic_compare_exchange_n(&bounded->state, &state, OUTSIDE, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		slot = opened < 0 ? NULL : slot_of(bounded, -1);
		if (slot)
			*slot = opened;
		return;
	}
	if (opened >= 0)
		close(opened);
	for (size_t i = 0; i < FILES_MAX; i++)
		if (bounded->files[i] >= 0)
			close(bounded->files[i]);
	longjmp(bounded->beginning, 1);
}

static void *run_thread(void *arg)
{
	struct gmem_bounded *bounded = arg;
	volatile int result = 0; /* over the jump */

	pthread_setspecific(bounded->running, bounded);
	__atomic_store_n(&bounded->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
	if (!setjmp(bounded->beginning))
		result = bounded->fn(bounded->arg);
	pthread_mutex_lock(&bounded->lock);
	bounded->result = result;
	bounded->ended = true;
	pthread_cond_signal(&bounded->changed);
	pthread_mutex_unlock(&bounded->lock);
	release(bounded);
	return NULL;
}

static struct gmem_bounded *new_bounded(struct gmem_bounded_all *all, struct gmem_bounded_run *run)
{
	struct gmem_bounded *bounded = calloc(1, sizeof(*bounded));
	pthread_condattr_t monotonic;

	if (!bounded)
		return NULL;
	bounded->fn = run->fn;
	bounded->arg = run->arg;
	bounded->running = all->running;
	bounded->users = 2;
	for (size_t i = 0; i < FILES_MAX; i++)
		bounded->files[i] = -1;
	pthread_mutex_init(&bounded->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&bounded->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return bounded;
}

/* Signals are for the threads of the caller. */
static int start(struct gmem_bounded *bounded, pthread_t *thread)
{
	pthread_attr_t attributes;
	sigset_t every, before;
	int ret;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	ret = pthread_create(thread, &attributes, run_thread, bounded);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -ret;
}

/*
 * Whether the thread sleeps in the kernel. A thread that only gets no CPU does not wait for a
 * process. The state stands behind the name, which may contain any character.
 */
static bool sleeps(const struct gmem_bounded *bounded)
{
	char path[48], text[512], *state;
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		 (int)__atomic_load_n(&bounded->tid, __ATOMIC_RELAXED));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[got < 0 ? 0 : got] = '\0';
	state = strrchr(text, ')');
	return !state || strncmp(state, ") R", 3) != 0;
}

/* Waits for the thread, for a tick at most. Returns whether it ended. */
static bool wait_a_tick(struct gmem_bounded *bounded)
{
	struct timespec until;
	bool ended;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000l;
	until.tv_sec += until.tv_nsec / 1000000000l;
	until.tv_nsec %= 1000000000l;
	pthread_mutex_lock(&bounded->lock);
	while (!bounded->ended &&
	       !pthread_cond_timedwait(&bounded->changed, &bounded->lock, &until))
		;
	ended = bounded->ended;
	pthread_mutex_unlock(&bounded->lock);
	return ended;
}

/* Whether the caller's time is over: then a call is not waited for longer than a tick. */
static bool is_over(const struct gmem_bounded_run *run)
{
	return (run->deadline && now_ms() >= run->deadline) ||
	       (run->cancel && __atomic_load_n(run->cancel, __ATOMIC_ACQUIRE));
}

/* Returns whether the thread ended; if not, it was left behind. */
static bool supervise(struct gmem_bounded *bounded, const struct gmem_bounded_run *run)
{
	uint64_t call = 0, since = now_ms();

	while (!wait_a_tick(bounded)) {
		uint64_t now = __atomic_load_n(&bounded->calls, __ATOMIC_RELAXED);
		int state = INSIDE;

		if (now != call || __atomic_load_n(&bounded->state, __ATOMIC_ACQUIRE) != INSIDE) {
			call = now;
			since = now_ms();
		} else if ((is_over(run) || now_ms() - since >= WAIT_MS) && sleeps(bounded) &&
			   __atomic_compare_exchange_n(&bounded->state, &state, LEFT, false,
						       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			return false;
		}
	}
	return true;
}

/* A place among those left behind is kept free for one that runs. */
static bool has_place(struct gmem_bounded_all *all)
{
	bool has;

	if (!__atomic_load_n(&all->count, __ATOMIC_RELAXED))
		return true;
	pthread_mutex_lock(&all->lock);
	forget_ended(all);
	has = all->count < GMEM_LEFT_MAX;
	pthread_mutex_unlock(&all->lock);
	return has;
}

/* If other threads took the last place meanwhile, this thread is not remembered. */
static void leave_behind(struct gmem_bounded_all *all, struct gmem_bounded *bounded)
{
	pthread_mutex_lock(&all->lock);
	if (all->count < GMEM_LEFT_MAX) {
		all->left[all->count] = bounded;
		__atomic_store_n(&all->count, all->count + 1, __ATOMIC_RELAXED);
		bounded = NULL;
	}
	pthread_mutex_unlock(&all->lock);
	if (bounded)
		release(bounded);
}

static int run_bounded(struct gmem_kernel *kernel, struct gmem_bounded_run *run)
{
	struct gmem_bounded_all *all = &((struct gmem_linux *)kernel)->bounded;
	struct gmem_bounded *bounded;
	pthread_t thread;
	int ret;

	run->left_at = 0;
	if (pthread_getspecific(all->running))
		return run->fn(run->arg);
	if (!has_place(all))
		return -EBUSY;
	bounded = new_bounded(all, run);
	if (!bounded)
		return -ENOMEM;
	ret = start(bounded, &thread);
	if (ret) {
		bounded->users = 1;
		release(bounded);
		return ret;
	}
	if (supervise(bounded, run)) {
		pthread_join(thread, NULL);
		ret = bounded->result;
		release(bounded);
		return ret;
	}
	pthread_detach(thread);
	run->left_at = bounded->about;
	leave_behind(all, bounded);
	return -ETIMEDOUT;
}

/* A caller that pthread_cancel(3) ended here would leave the other thread with its stack. */
int gmem_linux_bounded(struct gmem_kernel *kernel, struct gmem_bounded_run *run)
{
	int before, ret;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	ret = run_bounded(kernel, run);
	pthread_setcancelstate(before, NULL);
	return ret;
}
