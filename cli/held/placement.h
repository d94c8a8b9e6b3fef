/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nodes from which a VM's memory takes its pages: --numa, on this host's nodes. */
#ifndef CLI_HELD_PLACEMENT_H
#define CLI_HELD_PLACEMENT_H

#include "args/numa.h"

/* All zero means no placement: the kernel chooses where it takes pages from. */
struct placement {
	const struct numa_asked *asked;
	struct nodes nodes;
	struct number_set chosen;      /* nodes */
	int mode;		       /* MPOL_* */
	bool populates;		       /* pages are taken at once */
	bool has_policy;	       /* the memory took it; else threads run on the nodes */
	struct number_set *cpus;       /* of the chosen nodes that have some */
	struct gmem_cpu_set *cpu_sets; /* the same, for gmem_populate() */
	unsigned int n_cpu_sets;
};

/*
 * Finds the nodes that were asked for. Fails before anything is made, if one of them is not there,
 * has no memory or is not allowed. Freed with placement_free().
 */
enum status placement_find(struct cli *cli, const struct numa_asked *asked, bool populates,
			   struct placement *out);
void placement_free(struct placement *placement);

/*
 * Gives the memory its policy. Memory that takes none is populated by threads that run on the
 * nodes, where no policy was named. Returns 0 or a negative errno, which cli_fail_error() explains.
 */
int placement_bind(struct cli *cli, struct placement *placement, struct gmem_memory *memory);

/*
 * Fails if the nodes do not have this many bytes, and no other node may be used. If others may be
 * used, it only notes that.
 */
enum status placement_check_room(struct cli *cli, const struct placement *placement,
				 uint64_t bytes);

#endif
