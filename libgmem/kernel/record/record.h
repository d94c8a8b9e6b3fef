/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Remembers questions to a kernel and its answers, so that they can be written in the form that
 * kernel/snapshot/ reads. It stands in front of a kernel at the port. It has its own operations for
 * questions, which call the kernel's; all other operations stay the kernel's. policy.c says what is
 * kept of a file: it leaves out what may hold secrets or addresses, or belongs to other processes.
 */
#ifndef GMEM_RECORD_H
#define GMEM_RECORD_H

#include "kernel/kernel.h"

#define GMEM_RECORD_FILE_MAX (1u << 20)	  /* bytes kept of one file */
#define GMEM_RECORD_TOTAL_MAX (16u << 20) /* and of all */
#define GMEM_RECORD_ENTRIES_MAX 8192u	  /* files, lines of the index, answers of KVM: of each */
#define GMEM_RECORD_OPEN_MAX 64		  /* descriptors followed at a time */

/* What was seen of a path. */
struct gmem_seen {
	bool is_folder;
	char *path;
	int error;  /* negative; 0 if the path is there */
	char *text; /* the file, as far as it was read; NULL: it was not */
	size_t length;
	bool complete; /* read to its end */
	bool has_mode;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *link;  /* where it points, or NULL */
	char *names; /* of a directory, NUL after each; NULL: it was not listed */
	size_t names_length;
};

struct gmem_asked {
	int where; /* as of kernel/snapshot/snapshot.h: -1 /dev/kvm, else the type of the VM */
	int what;  /* capability, -1 creating the VM, -2 opening /dev/kvm */
	int value;
};

/* A descriptor that is followed. */
struct gmem_followed {
	int fd;	     /* -1: free */
	size_t seen; /* index of its path, SIZE_MAX: none is kept */
	int where;   /* KVM is asked there; -2: it is not KVM */
	bool name;   /* of a process, which is to be left out */
};

struct gmem_record {
	struct gmem_kernel_ops ops; /* the kernel's, with ours in place of some */
	const struct gmem_kernel_ops *real;
	unsigned int page_shift; /* of the kernel's page */
	bool redact;		 /* names of processes are not told */
	struct gmem_seen *seen;
	size_t seen_count;
	struct gmem_asked *asked;
	size_t asked_count;
	struct gmem_followed followed[GMEM_RECORD_OPEN_MAX];
	size_t bytes;
	bool incomplete; /* a bound was reached, or memory was short */
};

/* Stands in front of kernel from now on, until it is destroyed. Errors: ENOMEM. */
int gmem_record_begin(struct gmem_kernel *kernel, bool redact);

/* The record of a kernel, or NULL. */
struct gmem_record *gmem_record_of(const struct gmem_kernel *kernel);

/* What is kept of a path: policy.c. */
enum gmem_keep {
	GMEM_KEEP_NOTHING, /* not even that it was looked for */
	GMEM_KEEP_INDEX,   /* that it is there, or why not */
	GMEM_KEEP_FILE,
};
enum gmem_keep gmem_record_keeps(const char *path);

/* Leaves out of a file's text what is not to be kept; returns its new length. */
size_t gmem_record_filter(const char *path, char *text, size_t length);

/* Called for each file that was written. */
typedef void (*gmem_record_fn)(const char *path, size_t bytes, void *arg);

/*
 * save.c: writes what was seen below a folder, which is empty, mode 0700 and 0600: files, index,
 * kvm-answers. Errors: of making files; ENODATA (nothing was recorded).
 */
int gmem_record_save(const struct gmem_record *record, int directory, gmem_record_fn fn, void *arg);

#endif
