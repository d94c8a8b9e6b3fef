// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pages of a guest_memfd added up by NUMA node and by their state in the direct map. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "owners/owners.h"
#include "pages/extents.h"

#define STATES 3	    /* of enum gmem_direct_map */
#define TOGETHER_MAX 65536u /* guest_memfds that one call adds up */

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

static struct gmem_usage *usage_of(const struct gmem_ctx *ctx)
{
	struct gmem_usage *usage = calloc(1, sizeof(*usage));

	if (usage)
		usage->ctx = ctx;
	return usage;
}

static int no_memory(struct gmem_ctx *ctx)
{
	return gmem_no_memory(ctx, "the sums of its pages");
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
	usage = usage_of(target->ctx);
	if (!usage)
		return no_memory(target->ctx);
	walk.cancel = wanted.cancel;
	ret = gmem_extent_walk_parts(target, &walk, add_part, usage);
	if (ret) {
		gmem_usage_free(usage);
		return ret;
	}
	*out = usage;
	return 0;
}

static bool is_of_context(struct gmem_target *const *targets, size_t n, const struct gmem_ctx *ctx)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i]->ctx != ctx)
			return false;
	return true;
}

/* Frees the sums that are not complete: all of them, or of files that could not be read. */
static void drop(struct gmem_usage **usages, const struct gmem_extent_share *shares, size_t n,
		 bool all)
{
	for (size_t i = 0; i < n; i++) {
		if (!all && !shares[i].failed)
			continue;
		gmem_usage_free(usages[i]);
		usages[i] = NULL;
	}
}

static int add_up_all(struct gmem_ctx *ctx, struct gmem_target *const *targets, size_t n,
		      const volatile int *cancel, struct gmem_usage **out)
{
	struct gmem_extent_share *shares = calloc(n, sizeof(*shares));
	int ret = shares ? 0 : no_memory(ctx);

	for (size_t i = 0; i < n; i++) {
		out[i] = ret ? NULL : usage_of(ctx);
		if (!ret && !out[i])
			ret = no_memory(ctx);
		if (!ret)
			shares[i] = (struct gmem_extent_share){ targets[i], out[i], false };
	}
	if (!ret)
		ret = gmem_extent_walk_shares(shares, (unsigned int)n, cancel, add_part);
	drop(out, shares, n, ret);
	free(shares);
	return ret;
}

int gmem_usage_new_all(struct gmem_target *const *targets, size_t n,
		       const struct gmem_usage_options *options, struct gmem_usage **out)
{
	struct gmem_usage_options wanted;
	struct gmem_ctx *ctx = n ? targets[0]->ctx : NULL;
	int ret;

	if (!n)
		return 0;
	gmem_begin(ctx);
	ret = gmem_options_copy(ctx, "gmem_usage_options", &wanted, sizeof(wanted), options);
	if (!ret && (n > TOGETHER_MAX || !is_of_context(targets, n, ctx)))
		ret = gmem_fail(ctx, -EINVAL,
				"sums are made of up to %u guest_memfds of one context together",
				TOGETHER_MAX);
	return ret ? ret : add_up_all(ctx, targets, n, wanted.cancel, out);
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
