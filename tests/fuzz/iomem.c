// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/iomem and, after a zero byte, /proc/zoneinfo: ranges ascend, and node numbers are valid. */
#include "files.h"

#include "procfs/ram.h"

static bool is_either(const char *path)
{
	return strstr(path, "iomem") || strstr(path, "zoneinfo");
}

static void check(const struct gmem_ram *ram)
{
	uint64_t next = 0, pages;

	HOLDS(!ram->ranges_error == !ram->ranges_why);
	HOLDS(!ram->ranges_error == (ram->range_count > 0));
	for (size_t i = 0; i < ram->range_count; i++) {
		HOLDS(ram->ranges[i].pages > 0 && ram->ranges[i].pfn >= next);
		next = ram->ranges[i].pfn + ram->ranges[i].pages;
		HOLDS(next > ram->ranges[i].pfn);
		HOLDS(gmem_ram_contains(ram, ram->ranges[i].pfn, &pages) && pages > 0);
	}
	for (size_t i = 0; i < ram->node_count; i++) {
		HOLDS(gmem_ram_node(ram, ram->nodes[i].pfn, &pages) >= -1);
		HOLDS(memchr(ram->nodes[i].zone, '\0', sizeof(ram->nodes[i].zone)));
		gmem_ram_zone(ram, ram->nodes[i].pfn);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gmem_ctx *ctx;
	const struct gmem_ram *ram;

	if (!ctx)
		ctx = fuzz_ctx("plain");
	fuzz_files_are(ctx, is_either, data, size);
	if (!gmem_ram_get(ctx, &ram))
		check(ram);
	fuzz_file_end(ctx);
	gmem_ram_free(ctx->ram);
	ctx->ram = NULL;
	return 0;
}
