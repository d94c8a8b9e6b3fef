// SPDX-License-Identifier: GPL-2.0-or-later
/* NUMA nodes: meminfo, cpulist and distance of each, then the status with the allowed nodes. */
#include "files.h"

static bool is_of_nodes(const char *path)
{
	return !strncmp(path, "/sys/devices/system/node/", 25) ||
	       !strcmp(path, "/proc/self/status");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	struct gmem_nodes *nodes;
	struct gmem_node node = { .size = sizeof(node) };
	int ret, last = -1;

	if (!ctx)
		ctx = fuzz_ctx("tdx");
	fuzz_files_are(ctx, is_of_nodes, data, size);
	ret = gmem_nodes_new(ctx, &nodes);
	HOLDS(ret <= 0);
	for (size_t i = 0; !ret && !gmem_nodes_at(nodes, i, &node); i++) {
		HOLDS(node.number > last && node.cpus && !strchr(node.cpus, '\n'));
		last = node.number;
		for (int to = -1; to < 4; to++)
			HOLDS(gmem_nodes_distance(nodes, last, to) >= -ENODATA);
	}
	if (!ret)
		gmem_nodes_free(nodes);
	fuzz_file_end(ctx);
	return 0;
}
