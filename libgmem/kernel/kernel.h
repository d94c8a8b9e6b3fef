/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The port: every question that libgmem asks a kernel is an operation of one struct. Code above the
 * port does not know who answers: the running kernel (linux/), a model in this process (sim/), the
 * files of another host (snapshot/), or the dump of a kernel that crashed (dump/).
 *
 * Every operation returns 0 or a non-negative result, or a negative errno.
 */
#ifndef GMEM_KERNEL_H
#define GMEM_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct gmem_kernel;

/* Most bytes that one request for kernel memory may ask for: one page table. */
#define GMEM_KMEM_REQUEST_MAX 4096u

/*
 * An operation returns this, negated, if a simulated kernel took a fault in it that it cannot
 * handle. On a real kernel that call never returns: the task is dead and keeps its locks. Every
 * later call that needs one of these locks returns the same value. Only close(2) still releases the
 * descriptor, but its object (pages, a KeyID) stays lost until the model ends.
 */
#define GMEM_KERNEL_OOPS 4095

/*
 * An operation returns this, negated, if the kernel is only a record (snapshot/, dump/) and has no
 * answer: it was not looked for, or takes a live kernel. Code that reads ENOENT as "it is not
 * there" must not read this one so. Readers of /proc and /sys pass it on unchanged, and everything
 * that depends on it is unknown. Real kernels return this errno for files of network file systems
 * only. Its name in the API is GMEM_ENOTRECORDED.
 */
#define GMEM_KERNEL_NOT_RECORDED EREMOTE

/* One range of kernel virtual memory to copy. */
struct gmem_kmem_request {
	uint64_t address;
	void *buffer;	 /* length bytes; its content is undefined where result is not 0 */
	uint32_t length; /* bytes, at most GMEM_KMEM_REQUEST_MAX */
	/*
	 * out: 0; -EFAULT where a byte of the range is not mapped; -GMEM_KERNEL_NOT_RECORDED where
	 * a page of it is not in the dump.
	 */
	int32_t result;
};

/* Where an answer about kernel memory comes from. */
enum gmem_reader {
	GMEM_READER_NONE,
	GMEM_READER_BPF,
	GMEM_READER_KCORE,
	GMEM_READER_DUMP,
};

enum gmem_file_kind {
	GMEM_FILE_ORDINARY, /* memfd_create(2) */
	GMEM_FILE_SECRET,   /* memfd_secret(2): its pages leave the direct map */
};

enum gmem_compared {
	GMEM_COMPARE_FILES,
	GMEM_COMPARE_MM,
};

/* Called for each entry of a directory; a value other than 0 ends the listing. */
typedef int (*gmem_directory_fn)(const char *name, void *arg);

/* A function that asks the kernel about other processes; each of them may make it wait. */
struct gmem_bounded_run {
	int (*fn)(void *arg);
	void *arg;
	uint64_t deadline;	    /* milliseconds of the monotonic clock; 0: none */
	const volatile int *cancel; /* or NULL */
	pid_t left_at;		    /* out: the process, or thread, that made it wait; or 0 */
};

struct gmem_kernel_ops {
	/* System calls. Paths are absolute; a descriptor is close-on-exec. */
	int (*open)(struct gmem_kernel *kernel, const char *path, int flags);
	int (*close)(struct gmem_kernel *kernel, int fd);
	int (*ioctl)(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg);
	int (*mmap)(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		    uint64_t offset, void **out);
	int (*munmap)(struct gmem_kernel *kernel, void *address, size_t length);
	int (*madvise)(struct gmem_kernel *kernel, void *address, size_t length, int advice);
	int (*mbind)(struct gmem_kernel *kernel, void *address, size_t length, int mode,
		     const unsigned long *nodemask, unsigned long maxnode, unsigned int flags);
	int (*fallocate)(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			 uint64_t length);
	int (*fstat)(struct gmem_kernel *kernel, int fd, struct stat *st);
	/*
	 * The file system's number (s_magic), without asking the file system, because a process
	 * that never answers may serve it. -ENODATA: the kernel does not tell the number in this
	 * way. If ask is set, the file system is asked then (fstatfs(2)).
	 */
	int (*fs_magic)(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic);
	ssize_t (*pread)(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			 uint64_t offset);
	int (*readlink)(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size);
	/*
	 * A snapshot lists the names that it has. If there may be others, it returns
	 * -GMEM_KERNEL_NOT_RECORDED behind the last one: then a listed name is there, but a name
	 * that is not listed is unknown.
	 */
	int (*list_directory)(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
			      void *arg);
	/*
	 * Whether two threads have one table of descriptors, or one address space (kcmp(2)): 0 the
	 * same, 1 and 2 how different ones are ordered.
	 */
	int (*compare)(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what);
	/*
	 * Calls fn, and returns what fn returns. The running kernel calls fn in a thread. If a call
	 * in fn on another process (its descriptors, its mappings, compare) waits for a lock of
	 * that process for more than a second, or for a tick after the deadline, the thread is left
	 * behind: then this returns -ETIMEDOUT and sets left_at. In that case fn never continues
	 * after that call. So during such calls fn may hold no lock, and no memory that only its
	 * stack points to, and the buffers of these calls are on its stack. If a thread already
	 * waits for a process, such a call in fn fails with -ETIMEDOUT. A nested call is a plain
	 * call. Other errors: -EAGAIN (no thread can be made), -EBUSY (too many were left behind),
	 * -ENOMEM. NULL in kernels that never wait.
	 */
	int (*bounded)(struct gmem_kernel *kernel, struct gmem_bounded_run *run);
	int (*set_cloexec)(struct gmem_kernel *kernel, int fd);
	/* A file in memory of that size, on which the reader proves itself. */
	int (*create_file)(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size);
	/*
	 * Reads through a shared mapping, so that the page is allocated; EFAULT if that is not
	 * possible.
	 */
	int (*touch)(struct gmem_kernel *kernel, void *address);

	/*
	 * Opens a reader of kernel memory; opening the open one again does nothing. On failure why
	 * says in words what is missing.
	 */
	int (*reader_open)(struct gmem_kernel *kernel, enum gmem_reader reader, char *why,
			   size_t size);
	/*
	 * Copies n ranges through the open reader, in order: a later request sees memory no
	 * older than an earlier one did. Fails as a whole only where the reader itself fails:
	 * -ECHILD in a child that has the reader from its parent by fork(2); of a dump, -EIO where
	 * the file is truncated or damaged, -ESTALE where it has changed since it was opened.
	 */
	int (*read_kmem)(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n);
	/*
	 * Memory of at least that size, aligned for 64-bit words, into which the open reader writes
	 * its answers directly. Its user gives it back. Returns NULL if there is no such memory, or
	 * all of it is in use. Both operations are NULL in kernels that do not
	 * have it.
	 */
	void *(*kmem_room_take)(struct gmem_kernel *kernel, size_t size);
	void (*kmem_room_give)(struct gmem_kernel *kernel, void *room);
	/* Address of this process's task_struct, as the open reader finds it. */
	int (*current_task)(struct gmem_kernel *kernel, uint64_t *address);
	/*
	 * A virtual address, and the physical address to which the direct map maps it, if the
	 * reader knows such a pair (from the program headers of /proc/kcore); else -ENODATA.
	 */
	int (*direct_map_hint)(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical);

	/* The kernel image. member may be a path ("gmem.pgoff") and crosses anonymous unions. */
	int (*symbol)(struct gmem_kernel *kernel, const char *name, uint64_t *address);
	int (*offset_of)(struct gmem_kernel *kernel, const char *type, const char *member,
			 size_t *offset);
	int (*size_of)(struct gmem_kernel *kernel, const char *type, size_t *size);

	/*
	 * CTR_EL0 of arm64, which tells what cache maintenance its CPUs need. NULL in kernels that
	 * have no CPU of that machine to ask.
	 */
	int (*cache_type)(struct gmem_kernel *kernel, uint64_t *ctr_el0);

	/* The machine that it is a kernel of, as uname(2) names it: "x86_64", "aarch64". */
	const char *machine;
	/* It is for one thread, and on its CPUs nothing runs. */
	bool one_thread;

	/* Simulated kernels only, else NULL. */
	const char *(*model)(const struct gmem_kernel *kernel);
	const char *(*log)(const struct gmem_kernel *kernel);

	/* Snapshots only, else NULL: the folder, as its opener wrote it. */
	const char *(*snapshot)(const struct gmem_kernel *kernel);

	/* Dumps only, else NULL: the file, as its opener wrote it, and the text of vmcoreinfo. */
	const char *(*dump)(const struct gmem_kernel *kernel);
	const char *(*vmcoreinfo)(const struct gmem_kernel *kernel);

	void (*destroy)(struct gmem_kernel *kernel);
};

/* Embedded first in every implementation. */
struct gmem_kernel {
	const struct gmem_kernel_ops *ops;
	unsigned int page_shift; /* of its pages: 12 for 4K; 0: a host's files may tell it */
};

/* The running kernel. Errors: ENOMEM. */
int gmem_kernel_linux_new(struct gmem_kernel **out);

/*
 * The files of another host below a folder, read-only: see snapshot/snapshot.h. On failure why gets
 * the reason in words. Errors: of opening the folder; ENOSYS (no openat2(2)); EBADMSG (its index or
 * kvm-answers is not understood), ENOTSUP (is no file), EFBIG; ENOMEM.
 */
int gmem_kernel_snapshot_new(const char *directory, char *why, size_t size,
			     struct gmem_kernel **out);

/*
 * The dump of a kernel, read-only: see dump/dump.h. On failure why gets the reason in words.
 * Errors: those of opening the file; ENOTSUP (this build cannot read dumps; of another machine; no
 * regular file), EBADMSG (no dump, or one that is not understood), ENODATA (it lacks what is
 * needed), EREMOTE (that was left out of it), EIO (damaged), ENOMEM.
 */
int gmem_kernel_dump_new(const char *path, char *why, size_t size, struct gmem_kernel **out);

/* A model. Errors: ENOMEM, EINVAL (no such model). */
int gmem_kernel_sim_new(const char *model, struct gmem_kernel **out);

/* The models, NULL past the last. */
const char *gmem_kernel_sim_model_name(size_t index);
const char *gmem_kernel_sim_model_summary(size_t index);

#endif
