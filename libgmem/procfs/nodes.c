// SPDX-License-Identifier: LGPL-2.1-or-later
/* NUMA nodes: /sys/devices/system/node, and which of them this process may take memory from. */
#include "procfs/nodes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "procfs/file.h"
#include "procfs/meminfo.h"

#define NODES "/sys/devices/system/node"

struct entry {
	struct gmem_node node;
	char *cpus;
	char *distances; /* "10 21", to the nodes that are online in ascending order; or NULL */
};

struct gmem_nodes {
	struct gmem_ctx *ctx;
	struct entry *entries;
	size_t n;
};

bool gmem_list_has(const char *list, unsigned long number)
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (first <= number && number <= last)
			return true;
		list = *end == ',' ? end + 1 : end;
	}
	return false;
}

/* Takes note of a name such as "node3"; others are no nodes. */
static int note_node(const char *name, void *arg)
{
	struct gmem_nodes *nodes = arg;
	struct entry *entries;
	char *end;
	long number;

	if (strncmp(name, "node", 4) || name[4] < '0' || name[4] > '9')
		return 0;
	number = strtol(name + 4, &end, 10);
	if (*end || number >= GMEM_NODES_MAX || nodes->n == GMEM_NODES_MAX)
		return 0;
	entries = realloc(nodes->entries, (nodes->n + 1) * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	nodes->entries = entries;
	entries[nodes->n++] = (struct entry){ .node.number = (int)number };
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->node.number - y->node.number;
}

static int read_node_file(struct gmem_ctx *ctx, int number, const char *name, char **out)
{
	char path[80];

	snprintf(path, sizeof(path), NODES "/node%d/%s", number, name);
	return gmem_read_file(ctx, path, out, NULL);
}

/* "Node 0 MemTotal:       7169400 kB"; what has no such line counts as 0. */
static uint64_t node_bytes(const char *meminfo, int number, const char *key)
{
	uint64_t bytes = 0;
	char line[48];

	snprintf(line, sizeof(line), "Node %d %s", number, key);
	gmem_meminfo_bytes(meminfo, line, &bytes);
	return bytes;
}

static int read_memory(struct gmem_ctx *ctx, struct gmem_node *node)
{
	static const char *const reclaimable[] = { "Active(file)", "Inactive(file)",
						   "SReclaimable" };
	char *text;
	int ret = read_node_file(ctx, node->number, "meminfo", &text);

	if (ret)
		return ret;
	node->total = node_bytes(text, node->number, "MemTotal");
	node->free = node_bytes(text, node->number, "MemFree");
	for (size_t i = 0; i < sizeof(reclaimable) / sizeof(reclaimable[0]); i++)
		node->reclaimable += node_bytes(text, node->number, reclaimable[i]);
	free(text);
	return 0;
}

/* A kernel without cpusets has no line of them, and every node is allowed. */
static void note_allowed(struct gmem_ctx *ctx, struct gmem_nodes *nodes)
{
	static const char key[] = "\nMems_allowed_list:\t";
	char *text, *list;

	if (gmem_read_file(ctx, "/proc/self/status", &text, NULL))
		text = NULL;
	list = text ? strstr(text, key) : NULL;
	for (size_t i = 0; i < nodes->n; i++) {
		struct gmem_node *node = &nodes->entries[i].node;

		node->allowed =
			!list || gmem_list_has(list + sizeof(key) - 1, (unsigned long)node->number);
	}
	free(text);
}

static int read_entry(struct gmem_ctx *ctx, struct entry *entry)
{
	int ret = read_memory(ctx, &entry->node);

	if (!ret)
		ret = read_node_file(ctx, entry->node.number, "cpulist", &entry->cpus);
	if (ret)
		return ret;
	entry->cpus[strcspn(entry->cpus, "\n")] = '\0';
	entry->node.cpus = entry->cpus;
	/* Without it, how far the others are is not known. */
	ret = read_node_file(ctx, entry->node.number, "distance", &entry->distances);
	if (ret)
		entry->distances = NULL;
	return ret == -ENOMEM ? ret : 0;
}

int gmem_nodes_read(struct gmem_ctx *ctx, struct gmem_nodes **out)
{
	struct gmem_nodes *nodes = calloc(1, sizeof(*nodes));
	int ret;

	if (!nodes)
		return -ENOMEM;
	ret = ctx->kernel->ops->list_directory(ctx->kernel, NODES, note_node, nodes);
	if (!ret && !nodes->n)
		ret = -ENOENT;
	if (nodes->n)
		qsort(nodes->entries, nodes->n, sizeof(*nodes->entries), by_number);
	for (size_t i = 0; !ret && i < nodes->n; i++)
		ret = read_entry(ctx, &nodes->entries[i]);
	if (ret) {
		gmem_nodes_free(nodes);
		return ret;
	}
	nodes->ctx = ctx;
	note_allowed(ctx, nodes);
	*out = nodes;
	return 0;
}

int gmem_nodes_new(struct gmem_ctx *ctx, struct gmem_nodes **out)
{
	int ret;

	gmem_begin(ctx);
	ret = gmem_nodes_read(ctx, out);
	if (ret == -ENOMEM)
		return gmem_no_memory(ctx, "the NUMA nodes");
	if (ret == -ENOENT)
		return gmem_fail(ctx, ret,
				 NODES " has no node: Linux %s is built without CONFIG_NUMA, or "
				       "sysfs is not mounted",
				 ctx->release);
	if (ret)
		return gmem_fail(ctx, ret, NODES " cannot be read: %s", strerror(-ret));
	return 0;
}

void gmem_nodes_free(struct gmem_nodes *nodes)
{
	if (!nodes)
		return;
	for (size_t i = 0; i < nodes->n; i++) {
		free(nodes->entries[i].cpus);
		free(nodes->entries[i].distances);
	}
	free(nodes->entries);
	free(nodes);
}

int gmem_nodes_at(const struct gmem_nodes *nodes, size_t index, struct gmem_node *out)
{
	gmem_begin(nodes->ctx);
	if (index >= nodes->n)
		return -ENOENT;
	return GMEM_FILL_OUT(nodes->ctx, gmem_node, allowed, out, &nodes->entries[index].node);
}

static const struct entry *entry_of(const struct gmem_nodes *nodes, int number)
{
	const struct entry wanted = { .node.number = number };

	return bsearch(&wanted, nodes->entries, nodes->n, sizeof(wanted), by_number);
}

const struct gmem_node *gmem_nodes_find(const struct gmem_nodes *nodes, int number)
{
	const struct entry *entry = entry_of(nodes, number);

	return entry ? &entry->node : NULL;
}

int gmem_nodes_distance(const struct gmem_nodes *nodes, int from, int to)
{
	const struct entry *entry = entry_of(nodes, from), *other = entry_of(nodes, to);
	const char *at;
	char *end;
	long distance = -1;

	if (!entry || !other)
		return -ENOENT;
	at = entry->distances ? entry->distances : "";
	for (const struct entry *node = nodes->entries; node <= other; node++, at = end) {
		distance = strtol(at, &end, 10);
		if (end == at || distance < 0 || distance > INT32_MAX)
			return -ENODATA;
	}
	return (int)distance;
}
