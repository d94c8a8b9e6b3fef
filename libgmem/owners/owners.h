/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share: the list of owners while it is made. */
#ifndef GMEM_OWNERS_OWNERS_H
#define GMEM_OWNERS_OWNERS_H

#include "base/context.h"
#include "procfs/maps.h"
#include "pages/target.h"

#define GMEM_COMMAND_MAX 32 /* TASK_COMM_LEN is 16; kernel threads may have longer names */

struct gmem_owner_entry {
	struct gmem_owner owner; /* owner.command is filled in when it is handed out */
	pid_t process;		 /* whose thread owner.pid is */
	char command[GMEM_COMMAND_MAX];
};

struct gmem_owned_entry {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	struct gmem_owner_entry *owners;
	size_t owner_count;
	size_t processes;
};

struct gmem_owners {
	struct gmem_ctx *ctx;
	struct gmem_owned_entry *list; /* ascending by dev and ino */
	struct gmem_owners_counts counts;
};

/* Notes an owner of an inode: new, or one more of a known one. Errors: ENOMEM. */
int gmem_owners_add(struct gmem_owners *owners, const struct gmem_owned_entry *inode,
		    const struct gmem_owner_entry *entry);

/* The inode's entry, NULL where the list does not have it. */
struct gmem_owned_entry *gmem_owners_lookup(const struct gmem_owners *owners, uint64_t dev,
					    uint64_t ino);

/* The first thing of it that a process holds, NULL where it holds none. */
const struct gmem_owner_entry *gmem_owned_by(const struct gmem_owned_entry *owned, pid_t process);

/* Path of the link through which an owner has it. */
#define GMEM_OWNER_PATH_MAX 80
void gmem_owner_path(const struct gmem_owner *owner, char path[GMEM_OWNER_PATH_MAX]);

/*
 * Goes through all processes of /proc; scan.c. locks: also through what takes locks of a process,
 * its mappings and its threads' own descriptors. Errors: explained.
 */
int gmem_owners_scan(struct gmem_owners *owners, bool locks);

#endif
