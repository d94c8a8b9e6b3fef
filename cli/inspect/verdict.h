/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel paths of a flush verdict as a table, and the verdict as facts. */
#ifndef CLI_INSPECT_VERDICT_H
#define CLI_INSPECT_VERDICT_H

#include "core/cli.h"

extern const struct table paths_table;

/* The owner of the pages that the rows are about. */
struct paths_owner {
	pid_t pid;
	int fd; /* -1: mapped only */
	uint64_t inode;
};

/* Rows for one guest_memfd; owner is NULL where the pages are of none that is known. */
void paths_write(struct output *out, const struct gmem_flush *flush,
		 const struct paths_owner *owner, enum gmem_access_owner access_owner);

/* The counts for a verdict, over one or several flush objects. */
struct verdict {
	enum gmem_verdict now;	  /* a flush of the pages as they are */
	enum gmem_verdict on_map; /* bringing them into the guest */
	uint64_t pages, in_direct_map, not_in_direct_map, unknown;
	/* Where the numbers do not tell why; or NULL. */
	const char *now_reason, *on_map_reason;
};

#define VERDICT_NONE                                           \
	((struct verdict){ .now = GMEM_VERDICT_NOT_APPLICABLE, \
			   .on_map = GMEM_VERDICT_NOT_APPLICABLE })

void verdict_add(struct verdict *verdict, const struct gmem_flush *flush);

/* The same for a guest_memfd without a page, by what its creation flags will make of its pages. */
void verdict_add_empty(struct verdict *verdict, enum gmem_vm_type vm_type, uint64_t memory_flags);

/* The exit status: that of the worse verdict, among those that apply. */
enum status verdict_status(const struct verdict *verdict);

/* Writes the counts, and both verdicts with their reasons. */
void verdict_write(struct output *out, const struct verdict *verdict);

#endif
