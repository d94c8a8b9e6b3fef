// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pages of a guest_memfd added up by NUMA node and by their state in the direct map. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "owners/owners.h"
#include "pages/extents.h"

#define STATES 3 /* of enum gmem_direct_map */

struct node {
	int node;
	uint64_t bytes;
};

struct gmem_usage {
	const struct gmem_ctx *ctx;
	uint64_t direct_map[STATES]; /* bytes */
	uint64_t unseen;	     /* bytes of the file for which the page cache was not read */
	const char *reason;	     /* why not, the first time */
	struct node *nodes;	     /* ascending */
	size_t node_count;
};

/* Nodes are few and extents of one node follow each other: searched from the end. */
static struct node *node_of(struct gmem_usage *usage, int node)
{
	size_t i = usage->node_count;
	struct node *nodes;

	while (i > 0 && usage->nodes[i - 1].node > node)
		i--;
	if (i > 0 && usage->nodes[i - 1].node == node)
		return &usage->nodes[i - 1];
	nodes = realloc(usage->nodes, (usage->node_count + 1) * sizeof(*nodes));
	if (!nodes)
		return NULL;
	usage->nodes = nodes;
	memmove(&nodes[i + 1], &nodes[i], (usage->node_count - i) * sizeof(*nodes));
	nodes[i] = (struct node){ .node = node };
	usage->node_count++;
	return &nodes[i];
}

static int add_part(const struct gmem_extent_part *part, void *arg)
{
	struct gmem_usage *usage = arg;
	const uint64_t bytes = gmem_bytes_of(usage->ctx, part->pages);
	struct node *node;

	/*
	 * This is a range of the file, not a number of pages. It is as large as the file if its
	 * tree cannot be read.
	 */
	if (part->reason) {
		usage->unseen += bytes;
		usage->reason = usage->reason ? usage->reason : part->reason;
		return 0;
	}
	node = node_of(usage, part->node);
	if (!node)
		return -ENOMEM;
	node->bytes += bytes;
	usage->direct_map[part->direct_map] += bytes;
	return 0;
}

int gmem_usage_new(struct gmem_target *target, const struct gmem_usage_options *options,
		   struct gmem_usage **out)
{
	struct gmem_extents_options walk = { .want = GMEM_EXTENT_DIRECT_MAP };
	struct gmem_usage_options wanted;
	struct gmem_usage *usage;
	int ret;

	gmem_begin(target->ctx);
	ret = gmem_options_copy(target->ctx, "gmem_usage_options", &wanted, sizeof(wanted),
				options);
	if (ret)
		return ret;
	usage = calloc(1, sizeof(*usage));
	if (!usage)
		return gmem_no_memory(target->ctx, "the sums of its pages");
	usage->ctx = target->ctx;
	walk.cancel = wanted.cancel;
	ret = gmem_extent_walk_parts(target, &walk, add_part, usage);
	if (ret) {
		gmem_usage_free(usage);
		return ret;
	}
	*out = usage;
	return 0;
}

void gmem_usage_free(struct gmem_usage *usage)
{
	if (!usage)
		return;
	free(usage->nodes);
	free(usage);
}

uint64_t gmem_usage_direct_map(const struct gmem_usage *usage, enum gmem_direct_map state)
{
	return (unsigned int)state < STATES ? usage->direct_map[state] : 0;
}

uint64_t gmem_usage_unseen(const struct gmem_usage *usage, const char **reason)
{
	if (reason)
		*reason = usage->reason;
	return usage->unseen;
}

int gmem_usage_node(const struct gmem_usage *usage, size_t index, int *node, uint64_t *bytes)
{
	if (index >= usage->node_count)
		return -ENOENT;
	*node = usage->nodes[index].node;
	*bytes = usage->nodes[index].bytes;
	return 0;
}
