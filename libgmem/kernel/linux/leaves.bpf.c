// SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-or-later
/*
 * Looks through leaves of a page cache's xarray in the kernel, so that runs are copied out instead
 * of nodes. Like the reader, it writes only to its own map and follows no pointer: the loader
 * decides which leaves it looks at, and what they must say about themselves. Each leaf is first
 * copied into the map, and then looked at.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "kernel/leaves.h"

struct gmem_leaves leaves;

static long scan_leaf(unsigned int index, void *unused)
{
	unsigned int size = leaves.layout.size, slots = leaves.layout.slots;
	struct gmem_node_layout layout = leaves.layout;
	struct gmem_node_place place;
	struct gmem_leaf *leaf;

	(void)unused;
	if (index >= GMEM_LEAVES)
		return 1;
	leaf = &leaves.leaves[index];
	leaf->runs = 0;
	if (size > GMEM_LEAF_BYTES || slots > GMEM_LEAF_SLOTS_AT || leaf->at >= GMEM_LEAVES)
		return 0;
	layout.array &= GMEM_LEAF_SLOTS_AT; /* for the verifier: they lie before the slots */
	layout.parent &= GMEM_LEAF_SLOTS_AT;
	layout.shift &= GMEM_LEAF_SLOTS_AT | 7;
	layout.offset &= GMEM_LEAF_SLOTS_AT | 7;
	place.array = leaves.array;
	place.parent = leaves.parent;
	place.offset = leaf->at;
	place.shift = 0;
	if (bpf_probe_read_kernel(leaves.node, size, (void *)leaf->address) ||
	    !gmem_node_fits(&layout, (unsigned char *)leaves.node, &place))
		return 0;
	leaf->runs =
		gmem_leaf_scan(leaves.node + slots / 8, leaves.stride, leaves.runs[leaf->at & 63]);
	return 0;
}

SEC("syscall")
int leaves_run(void *ctx)
{
	(void)ctx;
	bpf_loop(leaves.count, scan_leaf, (void *)0, 0);
	leaves.result = bpf_probe_read_kernel(leaves.again, sizeof(leaves.again),
					      (void *)(leaves.parent + leaves.layout.slots));
	return 0;
}

/* As reader.bpf.c. */
char leaves_license[] SEC("license") = "GPL";
