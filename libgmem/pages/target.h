/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PAGES_TARGET_H
#define GMEM_PAGES_TARGET_H

#include <gmem/extents.h>

#include "base/context.h"
#include "kmem/pagecache.h"

struct gmem_target {
	struct gmem_ctx *ctx;
	int fd; /* O_PATH */
	uint64_t size;
	uint64_t dev; /* st_dev and st_ino: which inode it is, host-wide */
	uint64_t ino;
	uint64_t changed_ns; /* st_ctim */
	struct gmem_pagecache cache;
	bool has_cache;
	gmem_target_progress_fn progress; /* or NULL */
	void *progress_arg;
	/* Of the kernel's own bookkeeping, read on demand: see bindings.c. */
	struct gmem_binding *bindings; /* ascending by offset */
	size_t binding_count;
	uint64_t kvm; /* address of its VM's struct kvm, 0: not known */
	int vm_type;
	int is_protected; /* of a VM of arm64, by protected KVM: 1, 0, or -1 not known */
	pid_t vm_pid;
	bool has_bindings;
};

/*
 * Opens what a link of /proc leads to, an fd or a mapping, without an explanation. Errors: of open
 * and of base/bounded.h, EMEDIUMTYPE (it is not a guest_memfd), ENODATA (it may be one: only a
 * reader of kernel memory could tell), ENOMEM.
 */
int gmem_target_open_path(struct gmem_ctx *ctx, const char *path, struct gmem_target **out);

/*
 * That of a struct inode in the kernel's memory, which must not go: in a dump. dev: of its file
 * system, as st_dev has it. Errors: explained.
 */
int gmem_target_at(struct gmem_ctx *ctx, uint64_t inode, uint64_t dev, struct gmem_target **out);

/*
 * Calls fn for each guest_memfd that pid (0: this process) has a descriptor of, each inode once, by
 * ascending descriptor; fn does not keep the target. Returns 0 or what fn returned. Errors:
 * explained.
 */
typedef int (*gmem_target_fn)(const struct gmem_target *target, int fd, void *arg);
int gmem_target_each_fd(struct gmem_ctx *ctx, pid_t pid, gmem_target_fn fn, void *arg);

/* Finds the page cache; no work the second time. As gmem_pagecache_find(). */
int gmem_target_cache(struct gmem_target *target);

/* Reads bindings, VM type and pid where the kernel's layouts are known, once. */
int gmem_target_read_bindings(struct gmem_target *target);

/* The VM's type; -1 where its number cannot mean here what it means upstream. */
int gmem_target_vm_type(const struct gmem_target *target);

/* Says who may access its pages; *reason is why that is unknown, or NULL. Static storage. */
enum gmem_access_owner gmem_target_access_owner(struct gmem_target *target, const char **reason);

/* Creation flags from the kernel's inode. Errors: ENODATA (layout not known); of the reader. */
int gmem_target_flags(struct gmem_target *target, uint64_t *flags);

/*
 * Calls fn for each part of a guest_memfd of this process that is bound to guest addresses in
 * [gpa, gpa + length) of the VM that vm_fd stands for, as the kernel's memslots have it. Errors: of
 * the reader, ENODATA (layouts not known), what fn returns.
 */
typedef int (*gmem_bound_fn)(struct gmem_target *target, uint64_t offset, uint64_t length,
			     void *arg);
int gmem_target_each_bound(struct gmem_ctx *ctx, int vm_fd, uint64_t gpa, uint64_t length,
			   gmem_bound_fn fn, void *arg);

/* GPA of an offset, or GMEM_GPA_NONE; *length: bytes from there that are bound alike. */
uint64_t gmem_target_gpa(const struct gmem_target *target, uint64_t offset, uint64_t *length);

#endif
