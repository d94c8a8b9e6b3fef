/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page frames of guest_memfds that are not in the direct map. They tell who has a hole, so that it
 * is not guessed. The search takes OWNED_SECONDS at most; the command reports what was not looked
 * at by then.
 */
#ifndef CLI_COMMANDS_DIRECTMAP_OWNED_H
#define CLI_COMMANDS_DIRECTMAP_OWNED_H

#include "core/cli.h"

#define OWNED_SECONDS 10
#define OWNED_RANGES_MAX (1u << 20) /* page frames that follow each other are one */

struct owned_range {
	uint64_t pfn;
	uint64_t pages;
	size_t memory; /* index in owners */
	pid_t vm_pid;
	enum gmem_access_owner access_owner;
};

struct owned {
	struct gmem_owners *owners; /* NULL: they could not be asked */
	struct owned_range *list;   /* ascending */
	size_t n;
	char unseen[1024]; /* why a hole may be a guest_memfd's that is not in the list; "" where
			      not */
};

/* Asks all that can be seen. Returns 0 or -ENOMEM. */
int owned_find(struct cli *cli, struct owned *owned);
void owned_free(struct owned *owned);

/*
 * The range that has a page frame, NULL where none has. *pages, how many are looked at, becomes how
 * many of them are alike.
 */
const struct owned_range *owned_at(const struct owned *owned, uint64_t pfn, uint64_t *pages);

#endif
