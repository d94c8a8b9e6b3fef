/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of another host behind the port, for reading only. All of DIR is untrusted input: each
 * path is resolved below DIR, only regular files are read, and sizes and numbers are bounded.
 *
 *   DIR/proc/…, DIR/sys/…   the files; proc/config may stand for proc/config.gz
 *   DIR/index               what was looked for and is no file here, a line each, see index.c
 *   DIR/kvm-answers         what KVM answered, see answers.c
 *
 * If none of these tells, the answer is -GMEM_KERNEL_NOT_RECORDED, never -ENOENT.
 */
#ifndef GMEM_SNAPSHOT_H
#define GMEM_SNAPSHOT_H

#include "kernel/kernel.h"

#define GMEM_SNAPSHOT_FILE_MAX (16u << 20) /* bytes of a file of the host */
#define GMEM_SNAPSHOT_TEXT_MAX (1u << 20)  /* bytes of index and of kvm-answers */
#define GMEM_SNAPSHOT_ENTRIES_MAX 65536u   /* names that one directory is listed with */
#define GMEM_SNAPSHOT_OPEN_MAX 64	   /* descriptors at a time */
/* The smallest and the largest page of a kernel: 4K and 64K. */
#define GMEM_SNAPSHOT_PAGE_SHIFT_MIN 12
#define GMEM_SNAPSHOT_PAGE_SHIFT_MAX 16

/* What a line of the index says of its path. */
enum gmem_index_kind {
	GMEM_INDEX_THERE, /* it is there, and is no file that has its content here */
	GMEM_INDEX_ERROR, /* looking for it failed */
	GMEM_INDEX_LINK,  /* a symbolic link, text is where it points */
	GMEM_INDEX_ENTRY, /* a directory, text is a name in it */
	GMEM_INDEX_LISTED /* a directory that has no names but those that are told */
};

struct gmem_index_line {
	const char *path;
	enum gmem_index_kind kind;
	int error;	  /* of ERROR, negative */
	const char *text; /* of LINK and ENTRY */
	bool has_mode;	  /* of THERE */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

struct gmem_index {
	char *text; /* what the lines point into */
	struct gmem_index_line *lines;
	size_t count;
	const char *machine;	 /* as uname(2) has it, NULL where the index does not tell */
	unsigned int page_shift; /* of its kernel's page, with machine */
};

/* Where KVM was asked: one of these, or the type of a VM. */
enum { GMEM_ASKED_ANYWHERE = -2, GMEM_ASKED_KVM = -1 };

/* What was asked, where it is no KVM_CHECK_EXTENSION of a capability. */
enum { GMEM_ASKED_OPEN = -2, GMEM_ASKED_CREATE = -1 };

struct gmem_answer {
	int where;
	int what; /* number of the capability, or one of the above */
	int value;
};

struct gmem_answers {
	bool known; /* the snapshot has the file */
	struct gmem_answer *rows;
	size_t count;
};

enum gmem_snapshot_kind {
	GMEM_OPEN_NOTHING, /* the descriptor is free */
	GMEM_OPEN_FILE,
	GMEM_OPEN_THERE,
	GMEM_OPEN_KVM,
	GMEM_OPEN_VM,
};

/* What a descriptor stands for. */
struct gmem_snapshot_open {
	enum gmem_snapshot_kind kind;
	int fd;			      /* of FILE */
	int vm_type;		      /* of VM */
	struct gmem_index_line there; /* of THERE and KVM: mode and owner */
};

struct gmem_snapshot {
	struct gmem_kernel kernel;
	struct gmem_kernel_ops ops; /* those of all snapshots, with this one's machine */
	char *name;		    /* DIR, as the caller wrote it */
	int directory;		    /* DIR */
	struct gmem_index index;
	struct gmem_answers answers;
	struct gmem_snapshot_open open[GMEM_SNAPSHOT_OPEN_MAX];
};

/* text.c: numbers and names of errno in untrusted text. */

/* Number of a name of errno ("ENOENT"), 0 for an unknown name. */
int gmem_snapshot_errno(const char *name);
/* A whole word that is a number from 0 to max, as C writes it. */
bool gmem_snapshot_number(const char *word, unsigned long max, unsigned long *value);
/* Cuts the next word off *at, NULL where the line has no more. */
char *gmem_snapshot_word(char **at);

/*
 * index.c and answers.c parse text, which is NUL-terminated. Where that fails with EBADMSG, why
 * names the line. Errors: EBADMSG, ENOMEM.
 */
int gmem_index_parse(struct gmem_index *index, const char *text, char *why, size_t size);
void gmem_index_free(struct gmem_index *index);
/* The line on that path that is neither ENTRY nor LISTED, or NULL. */
const struct gmem_index_line *gmem_index_find(const struct gmem_index *index, const char *path);
/* Calls fn for each name that the index has in a directory; *listed: there are no others. */
int gmem_index_list(const struct gmem_index *index, const char *path, gmem_directory_fn fn,
		    void *arg, bool *listed);

int gmem_answers_parse(struct gmem_answers *answers, const char *text, char *why, size_t size);
void gmem_answers_free(struct gmem_answers *answers);
/* What KVM answered there, or -GMEM_KERNEL_NOT_RECORDED. */
int gmem_answers_get(const struct gmem_answers *answers, int where, int what);

/*
 * files.c: regular files below DIR. Errors of open: ENOENT (DIR has no such path), ENOTSUP (it is
 * not a regular file), EFBIG, and of openat2(2).
 */
int gmem_snapshot_file_open(const struct gmem_snapshot *snapshot, const char *path, size_t max);
/* The text of such a file; *out is freed by the caller. */
int gmem_snapshot_file_text(const struct gmem_snapshot *snapshot, const char *path, size_t max,
			    char **out);
/* Names of a directory below DIR. Errors: ENOENT, ENOTDIR, what fn returns. */
int gmem_snapshot_file_list(const struct gmem_snapshot *snapshot, const char *path,
			    gmem_directory_fn fn, void *arg);
/* Where a symbolic link below DIR points. Errors: ENOENT, EINVAL (no link). */
int gmem_snapshot_file_link(const struct gmem_snapshot *snapshot, const char *path, char *buffer,
			    size_t size);

/* machine.c: sets the machine and the page of the kernel, as far as the snapshot tells of them. */
int gmem_snapshot_find_machine(struct gmem_snapshot *snapshot);

/* kvm.c: the ioctls of KVM that only ask. */
int gmem_snapshot_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg);

/* live.c: operations that need a live kernel; all return -GMEM_KERNEL_NOT_RECORDED. */
int gmem_snapshot_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		       uint64_t offset, void **out);
int gmem_snapshot_munmap(struct gmem_kernel *kernel, void *address, size_t length);
int gmem_snapshot_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice);
int gmem_snapshot_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
			const unsigned long *nodemask, unsigned long maxnode, unsigned int flags);
int gmem_snapshot_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			    uint64_t length);
int gmem_snapshot_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic);
int gmem_snapshot_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what);
int gmem_snapshot_set_cloexec(struct gmem_kernel *kernel, int fd);
int gmem_snapshot_touch(struct gmem_kernel *kernel, void *address);
int gmem_snapshot_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests,
			    size_t n);
int gmem_snapshot_current_task(struct gmem_kernel *kernel, uint64_t *address);
int gmem_snapshot_direct_map_hint(struct gmem_kernel *kernel, uint64_t *address,
				  uint64_t *physical);
int gmem_snapshot_symbol(struct gmem_kernel *kernel, const char *name, uint64_t *address);
int gmem_snapshot_offset_of(struct gmem_kernel *kernel, const char *type, const char *member,
			    size_t *offset);
int gmem_snapshot_size_of(struct gmem_kernel *kernel, const char *type, size_t *size);

/*
 * descriptors.c: a free descriptor, or -EMFILE; and what one stands for, NULL where it is not open.
 */
int gmem_snapshot_take(struct gmem_snapshot *snapshot, const struct gmem_snapshot_open *what);
struct gmem_snapshot_open *gmem_snapshot_get(struct gmem_snapshot *snapshot, int fd);

#endif
