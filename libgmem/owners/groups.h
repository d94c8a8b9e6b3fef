/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of descriptors and address spaces, told apart: threads share them, and so do processes
 * that were made with CLONE_FILES or CLONE_VM. Each table and each address space is gone through
 * once, however many share it.
 */
#ifndef GMEM_OWNERS_GROUPS_H
#define GMEM_OWNERS_GROUPS_H

#include "base/context.h"

#define GMEM_COMPARED 2 /* of enum gmem_compared */

/* One table, or one address space. */
struct gmem_group {
	pid_t tid;	  /* through whom it was gone through */
	uint64_t started; /* when that thread began, to detect another thread with its number */
	pid_t *members;	  /* other processes that share it */
	size_t count;
	bool shows;	 /* it has something open or mapped, so its thread lives */
	bool has_vm;	 /* a descriptor of a VM or vCPU */
	bool has_memory; /* a guest_memfd */
	int error;	 /* of going through it */
};

struct gmem_groups {
	struct gmem_group *list;
	size_t count;
	/* Those that can be compared, as kcmp(2) orders them. */
	size_t *order[GMEM_COMPARED];
	size_t ordered[GMEM_COMPARED];
	size_t room[GMEM_COMPARED];
};

/*
 * Finds the group of a thread: *index, and whether the group is new and so has to be gone through.
 * It takes about log2(groups) comparisons. If threads cannot be compared, each is a group of its
 * own. Errors: ENOMEM, ESRCH (there is no such thread any more).
 */
int gmem_groups_find(struct gmem_ctx *ctx, struct gmem_groups *groups, enum gmem_compared what,
		     pid_t tid, size_t *index, bool *is_new);

/* A group that is not compared with others. Errors: ENOMEM. */
int gmem_groups_add(struct gmem_groups *groups, pid_t tid, size_t *index);

/* From now on no thread is compared with this one. Returns whether one would have been. */
bool gmem_groups_forget(struct gmem_groups *groups, pid_t tid);

/* Notes that a process shares it, too. Errors: ENOMEM. */
int gmem_group_join(struct gmem_group *group, pid_t process);

bool gmem_group_has(const struct gmem_group *group, pid_t process);

void gmem_groups_free(struct gmem_groups *groups);

#endif
