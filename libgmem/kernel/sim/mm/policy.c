// SPDX-License-Identifier: LGPL-2.1-or-later
/* NUMA policies of ranges of a file: mpol_set_shared_policy(). */
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sim/fs/inode.h"

/* Parts of old before first or behind last go to the end of a list. */
static size_t keep_rest(const struct sim_policy_range *old, uint64_t first, uint64_t last,
			struct sim_policy_range *out)
{
	size_t n = 0;

	if (old->first < first) {
		out[n] = *old;
		if (out[n].last >= first)
			out[n].last = first - 1;
		n++;
	}
	if (old->last > last) {
		out[n] = *old;
		if (out[n].first <= last)
			out[n].first = last + 1;
		n++;
	}
	return n;
}

int sim_inode_set_policy(struct sim_inode *inode, uint64_t first, uint64_t last,
			 const struct sim_policy *policy)
{
	struct sim_policy_range *ranges = calloc(inode->policy_count + 2, sizeof(*ranges));
	size_t n = 0;

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < inode->policy_count; i++) {
		const struct sim_policy_range *old = &inode->policies[i];
		/* Ranges are disjoint, so only one of them can leave two pieces. */
		if (old->last < first || old->first > last)
			ranges[n++] = *old;
		else
			n += keep_rest(old, first, last, &ranges[n]);
	}
	if (policy->mode != MPOL_DEFAULT)
		ranges[n++] = (struct sim_policy_range){ first, last, *policy };
	free(inode->policies);
	inode->policies = ranges;
	inode->policy_count = n;
	return 0;
}
