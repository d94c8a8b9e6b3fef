/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which processes own which guest_memfd on this host, found through /proc. Each inode is counted
 * once. Also what it costs, together with the other memory of the same memslots.
 *
 * Looking takes no lock of a VM and no reference on a VM. It takes a reference on an inode only
 * while a target is open. Reading /proc/PID/maps and counting the shared side take the mmap_lock of
 * that process for reading, for short times (m_start() and do_pagemap_scan() in
 * fs/proc/task_mmu.c).
 */
#ifndef GMEM_OWNERS_H
#define GMEM_OWNERS_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <gmem/extents.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The guest_memfds of the host as one scan found them. Nothing of them is held open. */
struct gmem_owners;

struct gmem_owners_options {
	size_t size;		    /* of this struct */
	bool no_mappings;	    /* do not read /proc/PID/maps: memory that is only mapped is
				     * not found */
	unsigned int deadline_ms;   /* end the scan after this many milliseconds; 0: never */
	const volatile int *cancel; /* see gmem_cancel(); or NULL */
	/*
	 * The process that is being looked at, for another thread, which reads it with
	 * __atomic_load_n(); 0 when the scan has ended. Or NULL.
	 */
	volatile pid_t *at;
};

/* Why a scan ended before all processes were looked at. Since: 0.1 */
enum gmem_scan_end {
	GMEM_SCAN_WHOLE,    /* it did not */
	GMEM_SCAN_DEADLINE, /* deadline_ms was over */
	GMEM_SCAN_STUCK,    /* too many processes kept the kernel waiting */
};

/*
 * Scans all processes that /proc shows: their descriptors, and their mappings, for memory of which
 * the descriptors were closed. Threads share their descriptors. A thread with a table of its own
 * (unshare(2) with CLONE_FILES) is found with kcmp(2); where kcmp(2) is not available (a kernel
 * without CONFIG_KCMP, a sandbox), it is not found. A table of descriptors and an address space are
 * gone through once, however many processes share them. No file system is asked what a file is: if
 * only a file server could tell, the process is counted as not permitted. A descriptor that was
 * opened with O_PATH counts as an owner, because it keeps the memory. Of one table, eight
 * descriptors of a guest_memfd are named, and the others are counted. In all, some hundred thousand
 * owners are named. options may be NULL. Processes that end during the scan are skipped. A scan
 * that deadline_ms ended is not an error: struct gmem_owners_counts tells it.
 *
 * Another process can make the kernel wait: while its execve(2) or page fault waits for a file
 * server, it keeps a lock that the scan needs, and only the end of the calling process would end
 * that wait. So the scan runs in a thread of the library, while the caller waits. If that thread
 * waits for a process for more than a second, the library leaves the thread behind, counts the
 * process as stuck, and goes on with the next process in another thread. One scan leaves at most 16
 * threads behind, a context at most 128, and a process for which a thread waits is not asked again.
 * Such a thread ends when the kernel lets it go. Until then it uses nothing of the caller or of the
 * context: both may be freed. As long as there is one, setuid(2) and the other calls by which the C
 * library changes all threads wait for it. Signals are blocked in the thread, and the log function
 * may be called in it. The same is done for another process by gmem_target_open(),
 * gmem_target_open_mapped(), gmem_target_list(), gmem_target_list_mapped(), gmem_owners_open() and
 * gmem_owners_shared(): ETIMEDOUT (the process keeps the kernel waiting), EBUSY (128 are left
 * behind), EAGAIN (no thread can be made).
 *
 * Errors: ENOENT and others of reading /proc itself, EMFILE and ENFILE (no descriptor left for the
 * scan), ENOMEM, EAGAIN (no thread can be made), ECANCELED (then nothing of the scan is left),
 * EINVAL and E2BIG (options). Since: 0.1
 */
GMEM_API int gmem_owners_new(struct gmem_ctx *ctx, const struct gmem_owners_options *options,
			     struct gmem_owners **out);

/* Frees what gmem_owners_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_owners_free(struct gmem_owners *owners);

/* What the scan went through. Since: 0.1 */
struct gmem_owners_counts {
	size_t size;		/* sizeof(struct gmem_owners_counts) */
	size_t memories;	/* guest_memfds found */
	size_t processes;	/* looked at */
	size_t not_permitted;	/* processes not looked at, or not wholly */
	size_t vms;		/* processes with a VM or vCPU descriptor */
	size_t vms_without;	/* those of them that hold no guest_memfd */
	bool hidden;		/* /proc hides processes (its mount option hidepid) */
	bool in_namespace;	/* this is not the initial PID namespace: others are not seen */
	pid_t first_denied;	/* PID of the first that not_permitted counts, or 0 */
	const char *why_denied; /* which capability is missing, or what guards them; or NULL.
				 * Static storage */
	enum gmem_scan_end end; /* why the scan ended */
	size_t left_out;	/* processes that were not looked at for this reason */
	size_t stuck;		/* not looked at, or not wholly: they keep the kernel waiting */
	pid_t first_stuck;	/* PID of the first of these, or 0 */
};

/* Tells what the scan went through. Errors: EINVAL, E2BIG (size). Since: 0.1 */
GMEM_API int gmem_owners_get_counts(const struct gmem_owners *owners,
				    struct gmem_owners_counts *out);

/*
 * Why there may be a guest_memfd that no process shows, such as one in flight in a unix socket, or
 * one registered with an io_uring of which the descriptor was closed: a scan does not find these.
 * NULL: there is no such guest_memfd, because KVM is not there or has no VM. Static storage.
 * Since: 0.1
 */
GMEM_API const char *gmem_owners_unshown(const struct gmem_owners *owners);

/* A guest_memfd that somebody owns. Since: 0.1 */
struct gmem_owned {
	size_t size;	      /* sizeof(struct gmem_owned) */
	uint64_t device;      /* st_dev, and */
	uint64_t inode;	      /* st_ino: together they name it on the host */
	uint64_t memory_size; /* bytes */
	size_t owners;	      /* that are named: descriptors, and processes that map it */
	size_t processes;     /* that have it, by a descriptor or mapped */
	uint64_t descriptors; /* of all tables, also those that are not named */
};

/*
 * The index-th, in the order of device and inode. Returns 0, or -ENOENT past the last. Since: 0.1
 */
GMEM_API int gmem_owners_at(const struct gmem_owners *owners, size_t index, struct gmem_owned *out);

/* How a process owns a guest_memfd: by a descriptor, or by its mappings. Since: 0.1 */
struct gmem_owner {
	size_t size;	     /* sizeof(struct gmem_owner) */
	pid_t pid;	     /* that of a thread, if the first thread of the process ended, or if
			      * the thread has descriptors of its own */
	int64_t uid;	     /* of the process, -1 where unknown */
	const char *command; /* its name, "" where unknown. Owned by the list of owners */
	int fd;		     /* -1: mapped */
	uint64_t start;	     /* of the first mapping, and */
	uint64_t end;	     /* the address behind it */
	uint64_t mapped;     /* bytes of address space that all its mappings take */
	bool path_only;	     /* the descriptor was opened with O_PATH */
};

/*
 * An owner of the guest_memfd at index. They are ordered by process; of a process descriptors come
 * first, and those of a thread with its own table last. Returns 0, or -ENOENT past the last.
 * Since: 0.1
 */
GMEM_API int gmem_owners_owner(const struct gmem_owners *owners, size_t index, size_t owner,
			       struct gmem_owner *out);

/*
 * The owner to name first: the process of the VM, if it owns the guest_memfd, else the first owner.
 * thread is a thread of that process (the vm_pid of struct gmem_target_info or gmem_owned_frame).
 * The kernel numbers the thread in the initial PID namespace; in another namespace it is not looked
 * for. Returns 0, or -ENOENT where there is no such guest_memfd. Since: 0.1
 */
GMEM_API int gmem_owners_primary(const struct gmem_owners *owners, size_t index, pid_t thread,
				 struct gmem_owner *out);

/*
 * Opens the guest_memfd at index through the first of its owners that still has it. While the
 * target is open, so is the inode with its pages: free it soon. Errors: ENOENT (no such
 * guest_memfd), ESRCH (none of them has it any more), EACCES, ENOMEM. Since: 0.1
 */
GMEM_API int gmem_owners_open(const struct gmem_owners *owners, size_t index,
			      struct gmem_target **out);

/*
 * Memory that the VM's process has at userspace_addr of the memslots of target, in bytes: the
 * shared side. If a guest converts its memory, it may use memory twice, there and in the
 * guest_memfd. Counts present pages except the zero page, each address once; a mapping of a
 * guest_memfd is not a shared side. Errors: ENODATA (the memslots are not known, or the VM's
 * process is not among those that the scan saw own it), EACCES, ENOTSUP (there is memory at
 * userspace_addr, and a kernel before 6.7, or a simulated one, cannot count its pages). Kernel
 * source: do_pagemap_scan().
 * Since: 0.1
 */
GMEM_API int gmem_owners_shared(const struct gmem_owners *owners, struct gmem_target *target,
				uint64_t *bytes);

/* Where the page frames of a guest_memfd are, added up. */
struct gmem_usage;

struct gmem_usage_options {
	size_t size;		    /* sizeof(struct gmem_usage_options) */
	const volatile int *cancel; /* see gmem_cancel(); or NULL */
};

/*
 * Goes through all its pages once. options may be NULL. Errors: as gmem_target_extents(), ECANCELED
 * (then nothing of the sums is left), EINVAL and E2BIG (options). Since: 0.1
 */
GMEM_API int gmem_usage_new(struct gmem_target *target, const struct gmem_usage_options *options,
			    struct gmem_usage **out);

/*
 * The same for n guest_memfds of one context, at most 65,536, in one look: usage[i] is of
 * targets[i]. Page frames of several of them, up to 262,144, are found before their direct map is
 * looked up together. Where memory is in pieces, pages of each guest_memfd need nearly all tables
 * of the direct map, which are read once this way. usage[i] is NULL where the pages of targets[i]
 * could not be found: gmem_usage_new() says why. Where the call fails it gives nothing to be freed.
 * Errors: ENOMEM, ECANCELED, EINVAL (n, several contexts, options), E2BIG (options). Since: 0.1
 */
GMEM_API int gmem_usage_new_all(struct gmem_target *const *targets, size_t n,
				const struct gmem_usage_options *options,
				struct gmem_usage **usage);

/* Frees what gmem_usage_new() or gmem_usage_new_all() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_usage_free(struct gmem_usage *usage);

/*
 * Bytes that the direct map has, does not have, or for which that is unknown. The three add up to
 * the pages that were seen. Since: 0.1
 */
GMEM_API uint64_t gmem_usage_direct_map(const struct gmem_usage *usage, enum gmem_direct_map state);

/*
 * The index-th node that has pages, ascending, and their bytes; node -1 counts pages on an unknown
 * node. Returns 0, or -ENOENT past the last. Since: 0.1
 */
GMEM_API int gmem_usage_node(const struct gmem_usage *usage, size_t index, int *node,
			     uint64_t *bytes);

/*
 * Bytes of the file for which the page cache could not be read. How many pages are there, on which
 * nodes, and whether the direct map has them is not known; so they are in none of the other sums.
 * *reason, if reason is not NULL, gets the cause (static storage), or NULL if everything was seen.
 * Since: 0.1
 */
GMEM_API uint64_t gmem_usage_unseen(const struct gmem_usage *usage, const char **reason);

/* A page frame that a guest_memfd owns. Since: 0.1 */
struct gmem_owned_frame {
	size_t size; /* sizeof(struct gmem_owned_frame) */
	uint64_t pfn;
	size_t memory;			     /* index, as in gmem_owners_at() */
	uint64_t offset;		     /* bytes into the file */
	uint64_t gpa;			     /* or GMEM_GPA_NONE */
	pid_t vm_pid;			     /* thread that made the VM, or -1 where unknown */
	enum gmem_access_owner access_owner; /* as in struct gmem_target_info */
};

typedef int (*gmem_owned_frame_fn)(const struct gmem_owned_frame *frame, void *arg);

/*
 * Looks for n page frames, ascending, in the page caches of all guest_memfds and calls fn for each
 * that is there. Errors: as gmem_target_extents(), EACCES where an owner could not be opened, what
 * fn returns. Since: 0.1
 */
GMEM_API int gmem_owners_find(const struct gmem_owners *owners, const uint64_t *pfns, size_t n,
			      gmem_owned_frame_fn fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
