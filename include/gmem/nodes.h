/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NUMA nodes of the host: how much memory each has, how much of it is free, which CPUs it has,
 * and how far it is from the other nodes.
 */
#ifndef GMEM_NODES_H
#define GMEM_NODES_H

#include <gmem/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Nodes have numbers below this in every build of the kernel (MAX_NUMNODES). Since: 0.1 */
#define GMEM_NODES_MAX 1024

/* A node that is online, by nodeN of /sys/devices/system/node. Since: 0.1 */
struct gmem_node {
	size_t size; /* sizeof(struct gmem_node) */
	int number;
	uint64_t total;	      /* bytes of memory (MemTotal); 0 for a node with CPUs only */
	uint64_t free;	      /* bytes of it that nobody uses (MemFree) */
	uint64_t reclaimable; /* bytes that the kernel can take back: cached files and slab */
	const char *cpus;     /* its CPUs, "0-3,8"; "" where it has none. The nodes own it */
	bool allowed;	      /* the cpuset of this process has it (Mems_allowed) */
};

struct gmem_nodes;

/*
 * Reads which nodes there are, once; *out is freed with gmem_nodes_free(). Errors: ENOENT (a kernel
 * without CONFIG_NUMA), EACCES, ENOMEM. Since: 0.1
 */
GMEM_API int gmem_nodes_new(struct gmem_ctx *ctx, struct gmem_nodes **out);

/* NULL is allowed. Since: 0.1 */
GMEM_API void gmem_nodes_free(struct gmem_nodes *nodes);

/* The index-th node, by ascending number, or -ENOENT behind the last. Since: 0.1 */
GMEM_API int gmem_nodes_at(const struct gmem_nodes *nodes, size_t index, struct gmem_node *out);

/*
 * How far the memory of the node number "to" is from the CPUs of "from", as firmware tells
 * (node_distance(), 10 is the node itself). -ENOENT: one of them is not there; -ENODATA: the kernel
 * does not tell. Since: 0.1
 */
GMEM_API int gmem_nodes_distance(const struct gmem_nodes *nodes, int from, int to);

#ifdef __cplusplus
}
#endif
#endif
