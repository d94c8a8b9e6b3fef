/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that looks through leaves itself, in front of a kernel that cannot. Like
 * the BPF program, it uses the rules of kernel/leaves.h, on memory that it reads
 * through the kernel behind it.
 */
#ifndef TESTS_SIM_LEAVES_H
#define TESTS_SIM_LEAVES_H

#include "kernel/kernel.h"
#include "kernel/leaves.h"

static struct {
	struct gmem_leaves question;
	bool taken;
	unsigned int scans;
	uint64_t found; /* leaves that were found */
} looking;

static inline struct gmem_leaves *looking_take(struct gmem_kernel *kernel)
{
	(void)kernel;
	if (looking.taken)
		return NULL;
	looking.taken = true;
	return &looking.question;
}

static inline void looking_give(struct gmem_kernel *kernel, struct gmem_leaves *leaves)
{
	(void)kernel;
	(void)leaves;
	looking.taken = false;
}

static inline int looking_read(struct gmem_kernel *kernel, uint64_t address, void *buffer,
			       uint32_t length)
{
	struct gmem_kmem_request request = {
		.address = address,
		.buffer = buffer,
		.length = length,
	};
	int ret = kernel->ops->read_kmem(kernel, &request, 1);

	return ret ? ret : request.result;
}

static inline int looking_scan(struct gmem_kernel *kernel, struct gmem_leaves *leaves)
{
	looking.scans++;
	for (unsigned int i = 0; i < leaves->count; i++) {
		struct gmem_leaf *leaf = &leaves->leaves[i];
		struct gmem_node_place place = {
			.array = leaves->array,
			.parent = leaves->parent,
			.offset = leaf->at,
		};

		leaf->runs = 0;
		if (looking_read(kernel, leaf->address, leaves->node, leaves->layout.size) ||
		    !gmem_node_fits(&leaves->layout, (unsigned char *)leaves->node, &place))
			continue;
		leaf->runs = gmem_leaf_scan(leaves->node + leaves->layout.slots / 8, leaves->stride,
					    leaves->runs[leaf->at]);
		looking.found += leaf->runs > 0;
	}
	leaves->result = looking_read(kernel, leaves->parent + leaves->layout.slots, leaves->again,
				      sizeof(leaves->again));
	return 0;
}

/* Adds the operations that look through leaves to a copy of a kernel's operations. */
static inline void looking_add(struct gmem_kernel_ops *ops)
{
	ops->leaves_take = looking_take;
	ops->leaves_scan = looking_scan;
	ops->leaves_give = looking_give;
}

#endif
