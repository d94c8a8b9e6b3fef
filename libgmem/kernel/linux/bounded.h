/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that another process can make wait. /proc/PID/fd/N, /proc/PID/maps and kcmp(2) take
 * exec_update_lock or mmap_lock of that process, and an execve(2) or a page fault in it that waits
 * for a file server holds them as long as the server wants. Only the end of our whole process ends
 * such a wait. So these calls are made in a thread that can be left behind in one.
 */
#ifndef GMEM_LINUX_BOUNDED_H
#define GMEM_LINUX_BOUNDED_H

#include <pthread.h>
#include "kernel/kernel.h"

#define GMEM_LEFT_MAX 128 /* threads that may be left behind at a time */

struct gmem_bounded;

/* Of the running kernel: which thread runs such a function, and those that were left behind. */
struct gmem_bounded_all {
	pthread_key_t running; /* the thread's struct gmem_bounded */
	pthread_mutex_t lock;  /* of what follows */
	struct gmem_bounded *left[GMEM_LEFT_MAX];
	size_t count;
};

/* Errors: ENOMEM. */
int gmem_bounded_init(struct gmem_bounded_all *all);
void gmem_bounded_destroy(struct gmem_bounded_all *all);

/* The operation of the port. */
int gmem_linux_bounded(struct gmem_kernel *kernel, struct gmem_bounded_run *run);

/*
 * Begins a call on a path, or on a descriptor of this thread. Returns NULL if no process can make
 * the call wait, or if this thread cannot be left behind; *error is set if a thread waits for that
 * process already.
 */
struct gmem_bounded *gmem_bounded_path(struct gmem_bounded_all *all, const char *path, int *error);
struct gmem_bounded *gmem_bounded_fd(struct gmem_bounded_all *all, int fd);
struct gmem_bounded *gmem_bounded_pids(struct gmem_bounded_all *all, pid_t a, pid_t b, int *error);

/*
 * Ends the call. Where the thread was left behind meanwhile it does not return: opened, a
 * descriptor or below 0, and the others that the thread has are closed, and the thread ends.
 */
void gmem_bounded_end(struct gmem_bounded *bounded, int opened);

/* The descriptor is closed now. */
void gmem_bounded_closed(struct gmem_bounded_all *all, int fd);

#endif
