/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Before a call lets the kernel touch guest pages through its direct map, it describes here what is
 * about to happen. The context's guard answers from the table of kernel paths (verdict/guard.c); it
 * is a pointer in the context, because the rooms that make the calls lie below the verdict.
 */
#ifndef GMEM_BASE_GUARD_H
#define GMEM_BASE_GUARD_H

#include "base/context.h"

/* What happens to the pages, a bit each. */
enum gmem_touch {
	GMEM_TOUCH_PRE_FAULT = 1u << 0,	 /* KVM maps them: KVM_PRE_FAULT_MEMORY */
	GMEM_TOUCH_HOST = 1u << 1,	 /* userspace faults them in through a mapping */
	GMEM_TOUCH_TDX_ADD = 1u << 2,	 /* KVM_TDX_INIT_MEM_REGION */
	GMEM_TOUCH_SNP_UPDATE = 1u << 3, /* KVM_SEV_SNP_LAUNCH_UPDATE with content */
	GMEM_TOUCH_SNP_CPUID = 1u << 4,	 /* the same, a page of type CPUID */
	GMEM_TOUCH_UNMAP = 1u << 5,	 /* they leave the guest: conversion, deleted memslot */
	GMEM_TOUCH_FREE = 1u << 6,	 /* they leave the file: punch */
};

/* Ways in which pages get into a guest. */
#define GMEM_TOUCH_MAP \
	(GMEM_TOUCH_PRE_FAULT | GMEM_TOUCH_HOST | GMEM_TOUCH_TDX_ADD | GMEM_TOUCH_SNP_UPDATE)

struct gmem_touched {
	const char *call;   /* that would be made, for the explanation */
	unsigned int touch; /* of enum gmem_touch */
	int vm_type;	    /* enum gmem_vm_type, or -1: not known */
	int fd;		    /* the guest_memfd, or -1: not known; gpa says which pages they are */
	uint64_t inode;	    /* 0, or the inode that fd must have; if it has another, it was
			     * closed, and gpa says which pages they are */
	uint64_t flags;	    /* fd was created with */
	uint64_t offset;    /* bytes into it */
	uint64_t length;    /* bytes, never 0; all of these are multiples of a page */
	uint64_t gpa;	    /* in the VM of */
	int vm_fd;
};

/* Returns 0, or -GMEM_EWOULDFAULT, explained. Where nothing can be seen the call goes on. */
static inline int gmem_guard(struct gmem_ctx *ctx, const struct gmem_touched *touched)
{
	return ctx->guard.allow_faults ? 0 : ctx->guard.ask(ctx, touched);
}

#endif
