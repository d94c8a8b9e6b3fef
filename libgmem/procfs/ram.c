// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/ram.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "procfs/capabilities.h"
#include "procfs/cpuinfo.h"
#include "procfs/file.h"

#define PHYSICAL_BITS_MAX 52

static const char why_no_order[] =
	"the System RAM lines of /proc/iomem are not ascending ranges: this file is not the kernel's";
static const char why_no_ram[] = "/proc/iomem has no line that says System RAM";
static const char why_needs_root[] =
	"/proc/iomem hides its addresses: root with CAP_SYS_ADMIN sees them";
static const char why_user_namespace[] =
	"/proc/iomem hides its addresses from the root of a user namespace (a container): "
	"CAP_SYS_ADMIN of the initial one is needed";
static const char why_hidden_from_root[] =
	"/proc/iomem shows no addresses to CAP_SYS_ADMIN either: a sandbox or another kernel's "
	"/proc is between";
static const char why_not_permitted[] = "reading /proc/iomem is not permitted";
static const char why_no_file[] = "there is no /proc/iomem";
static const char why_not_recorded[] = "/proc/iomem is not in the snapshot";
static const char why_no_page_size[] =
	"the size of a page of that arm64 kernel is not in the snapshot (no configuration of it, and "
	"no index)";
static const char why_left_out[] =
	"where RAM is (the kernel's iomem_resource) was left out of the dump, or not found in it: the "
	"kernel needs CONFIG_DEBUG_INFO_BTF, and libgmem must be built with libbpf";
static const char why_not_read[] = "reading /proc/iomem failed";

/* Room for one more element of size bytes in an array of count: doubled at each power of two. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return realloc(array, (count ? 2 * count : 1) * size);
}

static int add_range(struct gmem_ctx *ctx, struct gmem_ram *ram, uint64_t first, uint64_t last)
{
	/* Whole pages only: the kernel does not use parts of a page (e820__end_of_ram_pfn). */
	uint64_t pfn = gmem_page_of(ctx, first + gmem_page_size(ctx) - 1);
	uint64_t end = gmem_page_of(ctx, last + 1);
	struct gmem_ram_range *ranges;

	if (last < first)
		return -EILSEQ;
	if (end <= pfn)
		return 0;
	/* The kernel's list ascends; one that does not would count memory twice. */
	if (ram->range_count &&
	    pfn < ram->ranges[ram->range_count - 1].pfn + ram->ranges[ram->range_count - 1].pages)
		return -EILSEQ;
	ranges = grow(ram->ranges, ram->range_count, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	ram->ranges = ranges;
	ranges[ram->range_count++] = (struct gmem_ram_range){ .pfn = pfn, .pages = end - pfn };
	return 0;
}

static bool holds_initial_user_namespace(struct gmem_ctx *ctx)
{
	unsigned long long inside, outside, count;
	char line[64];

	/*
	 * Whether this is the user namespace that maps every user to itself (uid_m_show() in
	 * kernel/user_namespace.c).
	 */
	return gmem_read_line(ctx, "/proc/self/uid_map", line, sizeof(line)) ||
	       sscanf(line, "%llu %llu %llu", &inside, &outside, &count) != 3 ||
	       (inside == 0 && outside == 0 && count == UINT32_MAX);
}

/* r_show() in kernel/resource.c asks for CAP_SYS_ADMIN of the initial user namespace. */
static const char *why_hidden(struct gmem_ctx *ctx)
{
	uint64_t had = 0;

	if (!gmem_capabilities_effective(ctx, &had) && !(had & (1ull << CAP_SYS_ADMIN)))
		return why_needs_root;
	return holds_initial_user_namespace(ctx) ? why_hidden_from_root : why_user_namespace;
}

/* Notes why the ranges are not known; only a lack of memory is an error. */
static int give_up_ranges(struct gmem_ram *ram, int error, const char *why)
{
	ram->range_count = 0;
	ram->ranges_error = error;
	ram->ranges_why = why;
	return error == -ENOMEM ? error : 0;
}

/*
 * Lines "00100000-bfffffff : System RAM", also "System RAM (virtio_mem)"; deeper levels are
 * indented. For a reader without the capability all addresses are zero.
 */
static int parse_iomem(struct gmem_ctx *ctx, struct gmem_ram *ram, char *text)
{
	char *save = NULL;
	bool hidden = false;
	int ret = 0;

	for (char *line = strtok_r(text, "\n", &save); line && !ret;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *name = strstr(line, " : System RAM");
		unsigned long long first, last;

		if (!name)
			continue;
		if (sscanf(line, "%llx-%llx :", &first, &last) != 2)
			ret = -EILSEQ;
		else if (last == 0)
			hidden = true;
		else
			ret = add_range(ctx, ram, first, last);
	}
	if (ret)
		return give_up_ranges(ram, ret == -EILSEQ ? -ENODATA : ret, why_no_order);
	if (!ram->range_count && hidden)
		return give_up_ranges(ram, -EACCES, why_hidden(ctx));
	if (!ram->range_count)
		return give_up_ranges(ram, -ENODATA, why_no_ram);
	ram->ranges_error = 0;
	ram->ranges_why = NULL;
	return 0;
}

static int read_ranges(struct gmem_ctx *ctx, struct gmem_ram *ram)
{
	char *text;
	int ret = gmem_read_file(ctx, "/proc/iomem", &text, NULL);

	if (!ret && ctx->page_unknown) {
		free(text);
		return give_up_ranges(ram, -GMEM_ENOTRECORDED, why_no_page_size);
	}
	if (ret == -EACCES || ret == -EPERM)
		return give_up_ranges(ram, ret, why_not_permitted);
	if (ret == -GMEM_ENOTRECORDED)
		return give_up_ranges(ram, ret,
				      ctx->kernel->ops->dump ? why_left_out : why_not_recorded);
	if (ret)
		return give_up_ranges(ram, ret, ret == -ENOENT ? why_no_file : why_not_read);
	ret = parse_iomem(ctx, ram, text);
	free(text);
	return ret;
}

static int add_zone(struct gmem_ram *ram, const struct gmem_node_range *zone)
{
	struct gmem_node_range *nodes;

	if (!zone->pages)
		return 0;
	nodes = grow(ram->nodes, ram->node_count, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	ram->nodes = nodes;
	nodes[ram->node_count++] = *zone;
	return 0;
}

/* zoneinfo_show_print() in mm/vmstat.c: "Node 0, zone   Normal", then "spanned", "start_pfn:". */
static int parse_zoneinfo(struct gmem_ram *ram, char *text)
{
	struct gmem_node_range zone = { .node = -1 };
	unsigned long long value;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "Node %d, zone %15s", &zone.node, zone.zone) == 2) {
			zone.pages = 0;
		} else if (sscanf(line, " spanned %llu", &value) == 1) {
			zone.pages = value;
		} else if (sscanf(line, " start_pfn: %llu", &value) == 1 && zone.node >= 0) {
			zone.pfn = value;
			if (add_zone(ram, &zone))
				return -ENOMEM;
			zone.pages = 0;
		}
	}
	return 0;
}

static int read_nodes(struct gmem_ctx *ctx, struct gmem_ram *ram)
{
	char *text;
	int ret = gmem_read_file(ctx, "/proc/zoneinfo", &text, NULL);

	if (ret)
		return ret == -ENOMEM ? ret : 0; /* nodes stay unknown */
	ret = parse_zoneinfo(ram, text);
	free(text);
	return ret;
}

static void read_limit(struct gmem_ctx *ctx, struct gmem_ram *ram)
{
	struct gmem_cpu cpu;
	unsigned int bits = 0;

	if (!gmem_cpu_read(ctx, &cpu)) {
		bits = cpu.physical_bits;
		gmem_cpu_free(&cpu);
	}
	ram->pfn_limit = 1ull << ((bits ? bits : PHYSICAL_BITS_MAX) - ctx->page_shift);
}

static int ram_new(struct gmem_ctx *ctx, struct gmem_ram **out)
{
	struct gmem_ram *ram = calloc(1, sizeof(*ram));
	int ret = ram ? read_ranges(ctx, ram) : -ENOMEM;

	if (!ret)
		ret = read_nodes(ctx, ram);
	if (ret) {
		gmem_ram_free(ram);
		return gmem_fail(ctx, ret,
				 "no memory to read where RAM is (/proc/iomem, "
				 "/proc/zoneinfo)");
	}
	read_limit(ctx, ram);
	*out = ram;
	return 0;
}

int gmem_ram_get(struct gmem_ctx *ctx, const struct gmem_ram **out)
{
	int ret = 0;

	pthread_mutex_lock(&ctx->learning);
	if (!ctx->ram)
		ret = ram_new(ctx, &ctx->ram);
	*out = ctx->ram;
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}

void gmem_ram_free(struct gmem_ram *ram)
{
	if (!ram)
		return;
	free(ram->ranges);
	free(ram->nodes);
	free(ram);
}

bool gmem_ram_contains(const struct gmem_ram *ram, uint64_t pfn, uint64_t *pages)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < ram->range_count; i++) {
		const struct gmem_ram_range *range = &ram->ranges[i];

		if (pfn >= range->pfn && pfn - range->pfn < range->pages) {
			*pages = range->pages - (pfn - range->pfn);
			return true;
		}
		if (range->pfn > pfn && range->pfn < next)
			next = range->pfn;
	}
	*pages = next - pfn;
	return false;
}

int gmem_ram_node(const struct gmem_ram *ram, uint64_t pfn, uint64_t *pages)
{
	uint64_t end = UINT64_MAX;
	int node = -1;

	for (size_t i = 0; i < ram->node_count; i++) {
		const struct gmem_node_range *range = &ram->nodes[i];

		if (range->pfn > pfn) {
			if (range->pfn < end)
				end = range->pfn;
			continue;
		}
		if (pfn - range->pfn >= range->pages)
			continue;
		/* Nodes may interleave within what their zones span: then it cannot be told. */
		node = node == -1 || node == range->node ? range->node : -2;
		if (range->pfn + range->pages < end)
			end = range->pfn + range->pages;
	}
	*pages = end - pfn;
	return node < 0 ? -1 : node;
}

const char *gmem_ram_zone(const struct gmem_ram *ram, uint64_t pfn)
{
	const char *zone = NULL;

	for (size_t i = 0; i < ram->node_count; i++) {
		const struct gmem_node_range *range = &ram->nodes[i];

		if (pfn < range->pfn || pfn - range->pfn >= range->pages)
			continue;
		if (zone && strcmp(zone, range->zone))
			return NULL;
		zone = range->zone;
	}
	return zone;
}

/* The failure that kept the ranges unknown may have been temporary. */
static int read_ranges_again(struct gmem_ctx *ctx)
{
	struct gmem_ram *ram = ctx->ram;
	int ret = 0;

	pthread_mutex_lock(&ctx->learning);
	if (ram->ranges_error) {
		ram->range_count = 0;
		ret = read_ranges(ctx, ram);
	}
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}

static int known_ranges(struct gmem_ctx *ctx, const struct gmem_ram **ram)
{
	int ret = gmem_ram_get(ctx, ram);

	if (!ret && (*ram)->ranges_error)
		ret = read_ranges_again(ctx);
	if (ret)
		return gmem_fail(ctx, ret, "no memory to read where RAM is (/proc/iomem)");
	if ((*ram)->ranges_error)
		return gmem_fail(ctx, (*ram)->ranges_error, "%s", (*ram)->ranges_why);
	return 0;
}

int gmem_pfn_is_ram(struct gmem_ctx *ctx, uint64_t pfn)
{
	const struct gmem_ram *ram;
	uint64_t pages;
	int ret;

	gmem_begin(ctx);
	ret = known_ranges(ctx, &ram);
	return ret ? ret : gmem_ram_contains(ram, pfn, &pages);
}

int gmem_pfn_ram_run(struct gmem_ctx *ctx, uint64_t pfn, uint64_t *pages)
{
	const struct gmem_ram *ram;
	int ret;

	gmem_begin(ctx);
	ret = known_ranges(ctx, &ram);
	return ret ? ret : gmem_ram_contains(ram, pfn, pages);
}

int gmem_pfn_node(struct gmem_ctx *ctx, uint64_t pfn)
{
	const struct gmem_ram *ram;
	uint64_t pages;
	int ret;

	gmem_begin(ctx);
	ret = gmem_ram_get(ctx, &ram);
	if (ret)
		return ret;
	ret = gmem_ram_node(ram, pfn, &pages);
	if (ret < 0)
		return gmem_fail(ctx, -ENODATA,
				 "/proc/zoneinfo does not tell which node has PFN 0x%llx",
				 (unsigned long long)pfn);
	return ret;
}

int gmem_pfn_limit(struct gmem_ctx *ctx, uint64_t *pfn)
{
	const struct gmem_ram *ram;
	int ret;

	gmem_begin(ctx);
	ret = gmem_ram_get(ctx, &ram);
	if (!ret)
		*pfn = ram->pfn_limit;
	return ret;
}
