// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds struct pglist_data of each NUMA node. */
#include <errno.h>

#include "kernel/dump/dump.h"
#include "kernel/image/vmcoreinfo.h"

#define NODES_MAX 1024 /* MAX_NUMNODES with the largest CONFIG_NODES_SHIFT */

/* Where the array node_data[] is, and which of its entries there are. */
struct nodes {
	uint64_t table;
	uint64_t length;
	uint64_t online[NODES_MAX / 64];
};

/* On x86-64 vmcoreinfo has the array with its length. Entries of nodes that are not there are NULL.
 */
static int from_vmcoreinfo(const char *info, struct nodes *out)
{
	int ret = gmem_vmcoreinfo_number(info, "SYMBOL(node_data)", 16, &out->table);

	if (!ret)
		ret = gmem_vmcoreinfo_number(info, "LENGTH(node_data)", 10, &out->length);
	if (!ret && out->length > NODES_MAX)
		ret = -EILSEQ;
	for (size_t i = 0; i < NODES_MAX / 64; i++)
		out->online[i] = UINT64_MAX;
	return ret;
}

/* On arm64 it has neither, and the mask of nodes may be longer than the array. */
static int from_symbol(struct gmem_dump *dump, struct nodes *out)
{
	const char *info = dump->file.vmcoreinfo;
	uint64_t mask, size = 0;
	int ret = gmem_dump_symbol(dump, "node_data", &out->table);

	if (!ret)
		ret = gmem_vmcoreinfo_number(info, "SYMBOL(node_online_map)", 16, &mask);
	if (!ret)
		ret = gmem_vmcoreinfo_number(info, "SIZE(nodemask_t)", 10, &size);
	if (!ret && (!size || size % 8 || size > sizeof(out->online)))
		ret = -EILSEQ;
	if (!ret)
		ret = gmem_dump_read(dump, mask, out->online, size);
	out->length = ret ? 0 : size * 8;
	return ret;
}

static int each(struct gmem_dump *dump, const struct nodes *nodes, gmem_dump_node_fn fn, void *arg)
{
	int ret = 0;

	for (unsigned int node = 0; !ret && node < nodes->length; node++) {
		uint64_t pgdat = 0;

		if (nodes->online[node / 64] >> (node % 64) & 1)
			ret = gmem_dump_read_word(dump, nodes->table + node * 8ull, &pgdat);
		if (!ret && pgdat)
			ret = fn(dump, pgdat, node, arg);
	}
	return ret;
}

int gmem_dump_each_node(struct gmem_dump *dump, gmem_dump_node_fn fn, void *arg)
{
	const char *info = dump->file.vmcoreinfo;
	struct nodes nodes = { 0 };
	uint64_t pgdat;
	int ret;

	/* A kernel without NUMA has one node, and no array. */
	if (!gmem_vmcoreinfo_number(info, "SYMBOL(contig_page_data)", 16, &pgdat))
		return fn(dump, pgdat, 0, arg);
	ret = from_vmcoreinfo(info, &nodes);
	if (ret == -ENOENT)
		ret = from_symbol(dump, &nodes);
	return ret ? ret : each(dump, &nodes, fn, arg);
}
