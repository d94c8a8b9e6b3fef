/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A simulated kernel counts the calls through the port, and makes a chosen one fail: each operation
 * of sim.c asks first. Code above the port cannot tell the difference. The running kernel has
 * nothing like it.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "kernel/kernel.h"

/* A kind for each operation of the port that answers, and two that are no operation. */
enum gmem_sim_call {
	GMEM_SIM_OPEN,
	GMEM_SIM_CLOSE, /* the descriptor is released anyway, as with close(2) */
	GMEM_SIM_IOCTL,
	GMEM_SIM_MMAP,
	GMEM_SIM_MUNMAP, /* so is the mapping: a caller could do nothing about the failure */
	GMEM_SIM_MADVISE,
	GMEM_SIM_MBIND,
	GMEM_SIM_FALLOCATE,
	GMEM_SIM_FSTAT,
	GMEM_SIM_FS_MAGIC,
	GMEM_SIM_PREAD,
	GMEM_SIM_READLINK,
	GMEM_SIM_LIST_DIRECTORY,
	GMEM_SIM_COMPARE,
	GMEM_SIM_SET_CLOEXEC,
	GMEM_SIM_CREATE_FILE,
	GMEM_SIM_TOUCH,
	GMEM_SIM_READER_OPEN,
	GMEM_SIM_READ_KMEM,
	GMEM_SIM_CURRENT_TASK,
	GMEM_SIM_DIRECT_MAP_HINT,
	GMEM_SIM_SYMBOL,
	GMEM_SIM_OFFSET_OF,
	GMEM_SIM_SIZE_OF,
	GMEM_SIM_ANY,	  /* each of the operations above */
	GMEM_SIM_REQUEST, /* one request of a read_kmem that goes through as a whole */
	GMEM_SIM_CALLS,
};

/* "open", "fs-magic", "any", "kmem-request", …; NULL past the last. */
const char *gmem_sim_call_name(unsigned int kind);

struct gmem_fault {
	enum gmem_sim_call kind;
	uint64_t at;  /* the at-th such call from now on fails: 1 is the next one; with 0 no call
		       * fails */
	bool lasting; /* and so do all after it */
	int error;    /* negative errno; a request's result is -EFAULT whatever it says */
	/* Narrower: ioctls of this request, opens of this path only. 0 and NULL: all. */
	unsigned long request;
	const char *path; /* not copied */
};

/* Of a simulated kernel. */
struct sim_faults {
	struct gmem_fault fault;
	uint64_t calls[GMEM_SIM_CALLS];
	uint64_t matched; /* calls that the fault is about */
	uint64_t struck;
};

/* Counts a call: 0, or the error that it fails with. request and path: see struct gmem_fault. */
int sim_call(struct gmem_kernel *kernel, enum gmem_sim_call call, unsigned long request,
	     const char *path);

/*
 * Counts the requests of a read_kmem that went through, and takes back what those that fail read.
 */
void sim_call_requests(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n);

/* Forgets the fault before, and all counts. NULL: nothing fails. */
void gmem_sim_set_fault(struct gmem_kernel *kernel, const struct gmem_fault *fault);

/* Calls of that kind since gmem_sim_set_fault(). */
uint64_t gmem_sim_calls(const struct gmem_kernel *kernel, enum gmem_sim_call kind);

#define GMEM_SIM_MODEL_MAX 32

/* What the name of a model asks for: MODEL[,count][,fail=KIND@N[+]:ERRNO] */
struct gmem_sim_spec {
	char model[GMEM_SIM_MODEL_MAX];
	bool count;
	struct gmem_fault fault; /* at: 0 without fail= */
};

/* Returns 0, or -EINVAL and says in why, in words, what is wrong. */
int gmem_sim_parse(const char *text, struct gmem_sim_spec *spec, char *why, size_t size);

/*
 * The simulated kernel of that name, with that fault. Errors: as gmem_kernel_sim_new().
 */
int gmem_sim_open(const struct gmem_sim_spec *spec, struct gmem_kernel **out);

#endif
