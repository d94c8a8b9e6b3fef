/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel in front of a simulated one: it counts the calls through the port and makes a chosen one
 * fail. Nothing that asks through the port can tell the difference. The running kernel is never
 * behind it.
 */
#ifndef GMEM_FAULTY_H
#define GMEM_FAULTY_H

#include "kernel/kernel.h"

/* A kind for each operation of the port that answers, and two that are no operation. */
enum gmem_faulty_kind {
	GMEM_FAULTY_OPEN,
	GMEM_FAULTY_CLOSE, /* the descriptor goes all the same, as with close(2) */
	GMEM_FAULTY_IOCTL,
	GMEM_FAULTY_MMAP,
	GMEM_FAULTY_MUNMAP, /* and the mapping: there is nothing that a caller could do for it */
	GMEM_FAULTY_MADVISE,
	GMEM_FAULTY_MBIND,
	GMEM_FAULTY_FALLOCATE,
	GMEM_FAULTY_FSTAT,
	GMEM_FAULTY_FS_MAGIC,
	GMEM_FAULTY_PREAD,
	GMEM_FAULTY_READLINK,
	GMEM_FAULTY_LIST_DIRECTORY,
	GMEM_FAULTY_SAME_FILES,
	GMEM_FAULTY_SET_CLOEXEC,
	GMEM_FAULTY_CREATE_FILE,
	GMEM_FAULTY_TOUCH,
	GMEM_FAULTY_READER_OPEN,
	GMEM_FAULTY_READ_KMEM,
	GMEM_FAULTY_CURRENT_TASK,
	GMEM_FAULTY_DIRECT_MAP_HINT,
	GMEM_FAULTY_SYMBOL,
	GMEM_FAULTY_OFFSET_OF,
	GMEM_FAULTY_SIZE_OF,
	GMEM_FAULTY_ANY,     /* each of the operations above */
	GMEM_FAULTY_REQUEST, /* one request of a read_kmem that goes through as a whole */
	GMEM_FAULTY_KINDS,
};

/* "open", "fs-magic", "any", "kmem-request", …; NULL past the last. */
const char *gmem_faulty_kind_name(unsigned int kind);

struct gmem_fault {
	enum gmem_faulty_kind kind;
	uint64_t at;  /* the at-th such call from now on fails: 1 is the next one, 0 is none */
	bool lasting; /* and so do all after it */
	int error;    /* negative errno; a request's result is -EFAULT whatever it says */
	/* Narrower: ioctls of this request, opens of this path only. 0 and NULL: all. */
	unsigned long request;
	const char *path; /* not copied */
};

/*
 * Puts itself in front of inner and owns it from then on, on success. Errors: ENOMEM, EINVAL
 * (inner is no simulated kernel).
 */
int gmem_faulty_new(struct gmem_kernel *inner, struct gmem_kernel **out);

/* Whether the kernel is one of these; the other functions take no other kernel. */
bool gmem_kernel_is_faulty(const struct gmem_kernel *kernel);

/* The kernel behind it, for gmem_sim_*(). */
struct gmem_kernel *gmem_faulty_inner(struct gmem_kernel *faulty);

/* Forgets the fault before, and all counts. NULL: nothing fails. */
void gmem_faulty_set(struct gmem_kernel *faulty, const struct gmem_fault *fault);

/* Calls that the fault made fail since gmem_faulty_set(). */
uint64_t gmem_faulty_struck(const struct gmem_kernel *faulty);

/* Calls of that kind since gmem_faulty_set(). */
uint64_t gmem_faulty_calls(const struct gmem_kernel *faulty, enum gmem_faulty_kind kind);

#define GMEM_FAULTY_MODEL_MAX 32

/* What the name of a model asks for: MODEL[,count][,fail=KIND@N[+]:ERRNO] */
struct gmem_faulty_spec {
	char model[GMEM_FAULTY_MODEL_MAX];
	bool count;
	struct gmem_fault fault; /* at: 0 without fail= */
};

/* Returns 0, or -EINVAL and says in why, in words, what is wrong. */
int gmem_faulty_parse(const char *text, struct gmem_faulty_spec *spec, char *why, size_t size);

/*
 * The simulated kernel of that name, with a faulty one in front of it where the name asks for
 * that. Errors: as gmem_kernel_sim_new() and gmem_faulty_new().
 */
int gmem_faulty_open(const struct gmem_faulty_spec *spec, struct gmem_kernel **out);

#endif
