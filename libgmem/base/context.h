/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: which kernel, what was learnt of it, and why the last call failed. */
#ifndef GMEM_BASE_CONTEXT_H
#define GMEM_BASE_CONTEXT_H

#include <pthread.h>
#include <gmem/gmem.h>

#include "base/page.h"
#include "kernel/kernel.h"

#define GMEM_EXPLANATION_MAX 1024

struct gmem_image;
struct gmem_layout;
struct gmem_objects;
struct gmem_ram;
struct gmem_touched;

/* What stands before calls that let the kernel touch guest pages, see base/guard.h. */
struct gmem_guard {
	int (*ask)(struct gmem_ctx *ctx, const struct gmem_touched *touched);
	bool allow_faults;
	/* What the guard has learnt, under the lock learning. */
	bool blind;	   /* no reader could be opened */
	bool told;	   /* and the log function got a message about it */
	int vm_types;	   /* KVM_CAP_VM_TYPES, -EINPROGRESS until asked */
	int partial_write; /* the CPU has the bug tdx_pw_mce, likewise */
	int fwb, dic;	   /* of arm64, likewise; see verdict/flush_paths.h */
};

struct gmem_ctx {
	struct gmem_kernel *kernel;
	char release[65];
	unsigned int page_shift; /* of the kernel's pages */
	bool page_unknown;	 /* nothing told it: page_shift is the smallest one */
	bool counts_calls;	 /* the simulated kernel was asked to count */
	bool allow_unreleased;	 /* interfaces that are in no released kernel may be used */
	struct gmem_guard guard;
	gmem_log_fn log;
	void *log_arg;
	gmem_advice_fn advice;
	void *advice_arg;
	/*
	 * Objects of one context may be used in different threads: this lock guards the
	 * explanation,
	 */
	pthread_mutex_t lock;
	char explanation[GMEM_EXPLANATION_MAX];
	bool explained; /* since the last gmem_begin() */
	int explained_error;
	/* and this one, which is recursive, guards what is learnt of the kernel once, below. */
	pthread_mutex_t learning;
	bool reader_forbidden;
	enum gmem_evidence chosen;    /* the reader wanted, NONE for any */
	enum gmem_evidence evidence;  /* the open reader */
	struct gmem_image *image;     /* see kmem/direct_map.h; NULL until a reader is open */
	struct gmem_layout *layout;   /* see kmem/struct_layout.h; NULL until asked for */
	struct gmem_objects *objects; /* see kmem/objects.h; NULL until asked for */
	struct gmem_ram *ram;	      /* see procfs/ram.h; NULL until asked for */
	unsigned int cpu_types;	      /* VM types that the CPU may have, see procfs/vm_types.c */
	int fwb;		      /* FEAT_S2FWB by kernel memory, see verdict/facts.c */
	int control;		      /* see kmem/control.c; -EINPROGRESS until asked for */
};

/* A context on a kernel, which it owns from here on, also where this fails. Errors: ENOMEM. */
int gmem_ctx_on(struct gmem_kernel *kernel, struct gmem_ctx **out);

/* Bytes of so many pages of the kernel behind ctx, and the page that a byte lies in. */
static inline uint64_t gmem_bytes_of(const struct gmem_ctx *ctx, uint64_t pages)
{
	return pages << ctx->page_shift;
}

static inline uint64_t gmem_page_of(const struct gmem_ctx *ctx, uint64_t byte)
{
	return byte >> ctx->page_shift;
}

#endif
