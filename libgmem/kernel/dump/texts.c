// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What files of /proc would contain for the kernel in the dump, as far as libgmem asks for them.
 * The text is written from the structures from which the kernel prints it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/dump/dump.h"

#define RESOURCES_MAX 65536
#define RESOURCE_SYSRAM 0x01000000u /* IORESOURCE_SYSRAM, Linux 4.6 */
#define RESOURCE_WINDOW 0x00200000u /* IORESOURCE_WINDOW */
#define RESOURCE_DEPTH 5	    /* MAX_IORES_LEVEL of kernel/resource.c */
#define ZONES_MAX 8		    /* of enum zone_type there are six */
#define ZONE_NAME 16
#define CMDLINE_MAX 2048 /* COMMAND_LINE_SIZE of both machines */

/* The structs that are looked up, with the offsets of some members in the order of their names. */
static int read_offsets(struct gmem_dump *dump, const char *type, const char *const *members,
			size_t n, size_t *offsets)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = gmem_dump_offset_of(dump, type, members[i], &offsets[i]);
	return ret;
}

enum { RES_START, RES_END, RES_FLAGS, RES_SIBLING, RES_CHILD, RES_FIELDS };
static const char *const resource_members[RES_FIELDS] = {
	[RES_START] = "start",	   [RES_END] = "end",	  [RES_FLAGS] = "flags",
	[RES_SIBLING] = "sibling", [RES_CHILD] = "child",
};

struct resources {
	struct gmem_dump *dump;
	FILE *out;
	size_t offsets[RES_FIELDS];
	unsigned int left; /* that may still be looked at: a list may go round in circles */
};

static int read_resource(const struct resources *all, uint64_t resource, uint64_t *fields)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < RES_FIELDS; i++)
		ret = gmem_dump_read_word(all->dump, resource + all->offsets[i], &fields[i]);
	return ret;
}

/*
 * Goes through the tree as r_next() does, the first at depth 0 being the root's first child. RAM is
 * known by its flag: what lies in it (the kernel's code, the crash kernel) has that, too. In the
 * window of a PCI bridge there are devices, and no RAM.
 */
static int write_resources(struct resources *all, uint64_t resource, int depth)
{
	uint64_t fields[RES_FIELDS];
	int ret = 0;

	while (!ret && resource) {
		if (!all->left--)
			return -EILSEQ;
		ret = read_resource(all, resource, fields);
		if (ret)
			return ret;
		if (fields[RES_FLAGS] & RESOURCE_SYSRAM)
			fprintf(all->out, "%08" PRIx64 "-%08" PRIx64 " : System RAM\n",
				fields[RES_START], fields[RES_END]);
		else if (depth + 1 < RESOURCE_DEPTH && !(fields[RES_FLAGS] & RESOURCE_WINDOW))
			ret = write_resources(all, fields[RES_CHILD], depth + 1);
		resource = fields[RES_SIBLING];
	}
	return ret;
}

static int write_iomem(struct gmem_dump *dump, FILE *out)
{
	struct resources all = { .dump = dump, .out = out, .left = RESOURCES_MAX };
	uint64_t root, first;
	int ret = read_offsets(dump, "resource", resource_members, RES_FIELDS, all.offsets);

	if (!ret)
		ret = gmem_dump_find_iomem(dump, &root);
	if (!ret)
		ret = gmem_dump_read_word(dump, root + all.offsets[RES_CHILD], &first);
	return ret ? ret : write_resources(&all, first, 0);
}

enum { ZONE_START, ZONE_SPANNED, ZONE_NAME_AT, ZONE_FIELDS };
static const char *const zone_members[ZONE_FIELDS] = {
	[ZONE_START] = "zone_start_pfn",
	[ZONE_SPANNED] = "spanned_pages",
	[ZONE_NAME_AT] = "name",
};

enum { NODE_ZONES, NODE_ZONES_END, NODE_FIELDS };
static const char *const node_members[NODE_FIELDS] = {
	[NODE_ZONES] = "node_zones", [NODE_ZONES_END] = "node_zonelists", /* which follows it */
};

struct zones {
	struct gmem_dump *dump;
	FILE *out;
	size_t offsets[ZONE_FIELDS];
	size_t node[NODE_FIELDS];
	size_t size; /* of struct zone */
	size_t n;    /* in a node */
};

static int write_zone(const struct zones *all, uint64_t zone, unsigned int node)
{
	uint64_t fields[ZONE_FIELDS];
	char name[ZONE_NAME] = "";
	int ret = 0;

	for (size_t i = 0; !ret && i < ZONE_FIELDS; i++)
		ret = gmem_dump_read_word(all->dump, zone + all->offsets[i], &fields[i]);
	if (!ret && !fields[ZONE_SPANNED])
		return 0;
	if (!ret)
		ret = gmem_dump_read(all->dump, fields[ZONE_NAME_AT], name, sizeof(name) - 1);
	if (ret)
		return ret;
	name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")] = '\0';
	fprintf(all->out,
		"Node %u, zone %8s\n        spanned  %" PRIu64 "\n  start_pfn:           %" PRIu64
		"\n",
		node, name, fields[ZONE_SPANNED], fields[ZONE_START]);
	return 0;
}

static int write_node(struct gmem_dump *dump, uint64_t pgdat, unsigned int node, void *arg)
{
	const struct zones *all = arg;
	int ret = 0;

	(void)dump;
	for (size_t i = 0; !ret && i < all->n; i++)
		ret = write_zone(all, pgdat + all->node[NODE_ZONES] + i * all->size, node);
	return ret;
}

static int write_zoneinfo(struct gmem_dump *dump, FILE *out)
{
	struct zones all = { .dump = dump, .out = out };
	int ret = read_offsets(dump, "zone", zone_members, ZONE_FIELDS, all.offsets);

	if (!ret)
		ret = read_offsets(dump, "pglist_data", node_members, NODE_FIELDS, all.node);
	if (!ret)
		ret = gmem_dump_size_of(dump, "zone", &all.size);
	if (ret)
		return ret;
	if (!all.size || all.node[NODE_ZONES_END] <= all.node[NODE_ZONES])
		return -EILSEQ;
	all.n = (all.node[NODE_ZONES_END] - all.node[NODE_ZONES]) / all.size;
	return all.n <= ZONES_MAX ? gmem_dump_each_node(dump, write_node, &all) : -EILSEQ;
}

/* arch_report_meminfo() in arch/x86/mm/pat/set_memory.c; the index is enum pg_level. */
static int write_meminfo(struct gmem_dump *dump, FILE *out)
{
	uint64_t at, pages[4];
	int ret = gmem_dump_symbol(dump, "direct_pages_count", &at);

	if (!ret)
		ret = gmem_dump_read(dump, at, pages, sizeof(pages));
	if (ret)
		return ret;
	fprintf(out, "DirectMap4k:    %8" PRIu64 " kB\nDirectMap2M:    %8" PRIu64 " kB\n",
		pages[1] << 2, pages[2] << 11);
	if (pages[3])
		fprintf(out, "DirectMap1G:    %8" PRIu64 " kB\n", pages[3] << 20);
	return 0;
}

static int write_release(struct gmem_dump *dump, FILE *out)
{
	fprintf(out, "%s\n", dump->release);
	return 0;
}

/* A parameter of kvm that comes with the attributes of each inode ("guest_memfd in-place
 * conversion"). */
static int write_in_place(struct gmem_dump *dump, FILE *out)
{
	size_t offset;

	(void)out;
	if (gmem_dump_size_of(dump, "gmem_inode", &offset) &&
	    gmem_dump_size_of(dump, "kvm_gmem", &offset))
		return -GMEM_KERNEL_NOT_RECORDED; /* nothing is known of KVM */
	return gmem_dump_offset_of(dump, "gmem_inode", "attributes", &offset) == -ENOENT
		       ? -ENOENT
		       : -GMEM_KERNEL_NOT_RECORDED;
}

/* One that every kvm has: its value is not in the dump, but it is there. */
static int write_any_parameter(struct gmem_dump *dump, FILE *out)
{
	(void)dump;
	fputc('\n', out);
	return 0;
}

/* A file without text: it exists so that KVM's extensions can be asked for (kvm.c). */
static int write_nothing(struct gmem_dump *dump, FILE *out)
{
	(void)dump;
	(void)out;
	return 0;
}

/* Of a kernel with CONFIG_KALLSYMS_ALL: saved_command_line of init/main.c. */
static int write_cmdline(struct gmem_dump *dump, FILE *out)
{
	char line[CMDLINE_MAX + 1] = "";
	uint64_t at;
	int ret = gmem_dump_symbol(dump, "saved_command_line", &at);

	if (!ret)
		ret = gmem_dump_read_word(dump, at, &at);
	for (size_t i = 0; !ret && i < CMDLINE_MAX && (!i || line[i - 1]); i++)
		ret = gmem_dump_read(dump, at + i, line + i, 1);
	if (!ret)
		fprintf(out, "%s\n", line);
	return ret;
}

static const struct {
	const char *path;
	int (*write)(struct gmem_dump *dump, FILE *out);
} texts[] = {
	{ "/proc/sys/kernel/osrelease", write_release },
	{ "/proc/iomem", write_iomem },
	{ "/proc/zoneinfo", write_zoneinfo },
	{ "/proc/meminfo", write_meminfo },
	{ "/proc/cmdline", write_cmdline },
	{ "/dev/kvm", write_nothing },
	{ "/sys/module/kvm/parameters/gmem_in_place_conversion", write_in_place },
	{ "/sys/module/kvm/parameters/vm_memory_attributes", write_in_place },
	{ "/sys/module/kvm/parameters/halt_poll_ns", write_any_parameter },
};

int gmem_dump_text_of(struct gmem_dump *dump, const char *path, char **text)
{
	size_t i = 0, length;
	FILE *out;
	int ret;

	while (i < sizeof(texts) / sizeof(texts[0]) && strcmp(texts[i].path, path) != 0)
		i++;
	if (i == sizeof(texts) / sizeof(texts[0]))
		return gmem_dump_kvm_parameter(dump, path, text);
	*text = NULL;
	out = open_memstream(text, &length);
	if (!out)
		return -ENOMEM;
	ret = texts[i].write(dump, out);
	if (fclose(out) && !ret)
		ret = -ENOMEM;
	if (!ret)
		return 0;
	free(*text);
	if (ret == -ENOENT && texts[i].write == write_in_place)
		return ret;
	/* If one part cannot be read, the whole text is unknown. */
	return ret == -ENOMEM || ret == -EIO || ret == -ESTALE ? ret : -GMEM_KERNEL_NOT_RECORDED;
}
