/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages counted by each of their properties, and the table that shows it. */
#ifndef CLI_INSPECT_TALLY_H
#define CLI_INSPECT_TALLY_H

#include "core/cli.h"

/* Kernels are built for at most this many NUMA nodes (MAX_NUMNODES); the last counts "unknown". */
#define TALLY_NODES 1024
#define TALLY_ORDERS 32
#define TALLY_STATES 3

struct tally {
	uint64_t pages;
	uint64_t extents;
	uint64_t unseen; /* page offsets for which the page cache was not read; they are not
			  * pages */
	uint64_t direct_map[TALLY_STATES];
	uint64_t level[GMEM_LEVEL_ROOM];
	uint64_t order[TALLY_ORDERS];
	uint64_t node[TALLY_NODES + 1];
};

extern const struct table tally_table;

void tally_add(struct tally *tally, const struct gmem_extent *extent);

/* Rows of all counts that are not 0. */
void tally_write(struct cli *cli, const struct tally *tally);

/* "1024 pages in 3 extents; level 2M 512, 4K 512; node 0 1024" */
const char *tally_describe(const struct gmem_ctx *ctx, const struct tally *tally, char *buffer,
			   size_t size);

#endif
