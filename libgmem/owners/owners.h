/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share: the list of owners while it is made. */
#ifndef GMEM_OWNERS_OWNERS_H
#define GMEM_OWNERS_OWNERS_H

#include "base/context.h"
#include "owners/groups.h"
#include "procfs/maps.h"
#include "pages/target.h"

#define GMEM_COMMAND_MAX 32 /* TASK_COMM_LEN is 16; kernel threads may have longer names */

struct gmem_owner_entry {
	struct gmem_owner owner; /* owner.command is filled in when it is handed out */
	pid_t process;		 /* the process of the thread owner.pid */
	size_t group;		 /* the table, or address space, in which owner has it */
	char command[GMEM_COMMAND_MAX];
};

/* Owners that are named: of one table or address space of one guest_memfd, and in all. */
#define GMEM_OWNERS_NAMED 8
#define GMEM_OWNERS_NAMED_ALL (1u << 17)

struct gmem_owned_entry {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	uint64_t address; /* of its struct inode, in a dump; else 0 */
	struct gmem_owner_entry *owners;
	size_t owner_count;
	size_t processes;
	uint64_t descriptors;
	pid_t last_process; /* the one that was added last, and */
	size_t last_group;  /* its group, and */
	size_t in_group;    /* how many of that one are named */
};

struct gmem_owners {
	struct gmem_ctx *ctx;
	struct gmem_owned_entry *list; /* ascending by dev and ino */
	struct gmem_owners_counts counts;
	struct gmem_groups groups;
	size_t named;
};

/* Whether the next owner of that inode by that group would be named, or only counted. */
bool gmem_owners_names(const struct gmem_owners *owners, const struct gmem_owned_entry *owned,
		       size_t group);

/* Counts the processes that share what one owner was found by. Errors: ENOMEM. */
int gmem_owners_count_members(struct gmem_owners *owners);

/* Notes an owner of an inode: new, or one more of a known one. Errors: ENOMEM. */
int gmem_owners_add(struct gmem_owners *owners, const struct gmem_owned_entry *inode,
		    const struct gmem_owner_entry *entry);

/* Notes an inode, whether anybody has it or not: a dump shows those, too. Errors: ENOMEM. */
int gmem_owners_note(struct gmem_owners *owners, const struct gmem_owned_entry *inode);

/* The inode's entry, NULL where the list does not have it. */
struct gmem_owned_entry *gmem_owners_lookup(const struct gmem_owners *owners, uint64_t dev,
					    uint64_t ino);

/* The first entry of this inode that a process holds or shares; NULL if it holds none. */
const struct gmem_owner_entry *gmem_owned_by(const struct gmem_owners *owners,
					     const struct gmem_owned_entry *owned, pid_t process);

/* Takes over where the process has the memory: its descriptor, or its mapping. */
void gmem_owner_set_place(struct gmem_owner *owner, const struct gmem_owner *place);

/* Path of the link through which an owner has it. */
#define GMEM_OWNER_PATH_MAX 80
void gmem_owner_path(const struct gmem_owner *owner, char path[GMEM_OWNER_PATH_MAX]);

/*
 * Goes through all processes of /proc; scan.c. no_mappings: not through their mappings. Errors:
 * explained.
 */
int gmem_owners_scan(struct gmem_owners *owners, const struct gmem_owners_options *options);

/* The same of a dump, where there is no /proc; recorded.c. */
int gmem_owners_scan_recorded(struct gmem_owners *owners,
			      const struct gmem_owners_options *options);

#endif
