/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where RAM is, and on which node: /proc/iomem, /proc/zoneinfo, /proc/cpuinfo, read once. */
#ifndef GMEM_PROCFS_RAM_H
#define GMEM_PROCFS_RAM_H

#include "base/context.h"

/* What a zone of a node spans. */
struct gmem_node_range {
	uint64_t pfn;
	uint64_t pages;
	int node;
	char zone[16]; /* "DMA32" */
};

struct gmem_ram_range {
	uint64_t pfn;
	uint64_t pages;
};

struct gmem_ram {
	struct gmem_ram_range *ranges; /* System RAM, ascending, whole pages */
	size_t range_count;
	int ranges_error;	/* why ranges are not known: -EACCES where addresses are hidden */
	const char *ranges_why; /* the same in words, static storage */
	struct gmem_node_range *nodes;
	size_t node_count;
	uint64_t pfn_limit; /* first PFN past the physical address width */
};

/* What ctx knows of RAM, read on the first call; owned by ctx. Errors: ENOMEM. */
int gmem_ram_get(struct gmem_ctx *ctx, const struct gmem_ram **out);
void gmem_ram_free(struct gmem_ram *ram);

/* Node of a page frame and how many frames from it on are known to share it; -1 unknown. */
int gmem_ram_node(const struct gmem_ram *ram, uint64_t pfn, uint64_t *pages);

/* Name of the zone of a page frame, owned by ram; NULL where none, or more than one, spans it. */
const char *gmem_ram_zone(const struct gmem_ram *ram, uint64_t pfn);

/* Whether it is System RAM, and how many frames from it on are alike. */
bool gmem_ram_contains(const struct gmem_ram *ram, uint64_t pfn, uint64_t *pages);

#endif
