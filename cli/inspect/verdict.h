/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel paths of a flush verdict as a table, and the verdict as facts. */
#ifndef CLI_INSPECT_VERDICT_H
#define CLI_INSPECT_VERDICT_H

#include "core/cli.h"

extern const struct table paths_table;

/* Whose pages the rows are about. */
struct paths_owner {
	pid_t pid;
	int fd; /* -1: mapped only */
	uint64_t inode;
};

/* Rows for one guest_memfd; owner is NULL where the pages are of none. */
void paths_write(struct output *out, const struct gmem_flush *flush,
		 const struct paths_owner *owner);

/* The gravest of two verdicts. */
enum gmem_verdict verdict_worst(enum gmem_verdict a, enum gmem_verdict b);

/* The status that a verdict ends a command with. */
enum status verdict_status(enum gmem_verdict verdict);

/* What was counted for a verdict, over one or several flush objects. */
struct verdict {
	enum gmem_verdict flush;
	enum gmem_verdict reachable;
	uint64_t pages, mapped, unmapped, unknown;
	const char *reason; /* of flush, where its numbers do not tell; or NULL */
};

#define VERDICT_NONE                                             \
	((struct verdict){ .flush = GMEM_VERDICT_NOT_APPLICABLE, \
			   .reachable = GMEM_VERDICT_NOT_APPLICABLE })

void verdict_add(struct verdict *verdict, const struct gmem_flush *flush);

/*
 * Pages of a guest_memfd that are mapped now, but on which mapping them into the guest would fault,
 * are not safe.
 */
void verdict_look_ahead(struct verdict *verdict, const struct gmem_flush *flush);

void verdict_write(struct output *out, const struct verdict *verdict);

#endif
