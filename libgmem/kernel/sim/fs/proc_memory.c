// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files of /proc about memory, computed from the model's page frames and tables. */
#include <string.h>

#include "kernel/sim/fs/proc.h"

#define SECTION_SIZE (128 * SIM_MIB)
#define ZONES 3u

/* The zones of a node, by address. */
struct zone {
	const char *name;
	uint64_t first;
	uint64_t end;
};

static const struct zone zones_of_x86[ZONES] = {
	{ "DMA", 4096, 16 * SIM_MIB },
	{ "DMA32", 16 * SIM_MIB, 4 * SIM_GIB },
	{ "Normal", 4 * SIM_GIB, UINT64_MAX },
};

static const struct zone zones_of_arm64[ZONES] = {
	{ "DMA", 0, 4 * SIM_GIB },
	{ "DMA32", 4 * SIM_GIB, 4 * SIM_GIB },
	{ "Normal", 4 * SIM_GIB, UINT64_MAX },
};

static const struct zone *zone_at(const struct gmem_sim *sim, unsigned int zone)
{
	return sim->model->arm64 ? &zones_of_arm64[zone] : &zones_of_x86[zone];
}

static unsigned long long kib(const struct gmem_sim *sim, uint64_t pages)
{
	return pages << (sim->page_shift - 10);
}

static uint64_t total_pages(const struct gmem_sim *sim)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < sim->ram.zone_count; i++)
		pages += sim->ram.zones[i].pages;
	return pages;
}

void sim_proc_meminfo(struct gmem_sim *sim, struct sim_text *text)
{
	uint64_t total = total_pages(sim), free = total - sim->ram.in_use - sim->kmem.next;
	const uint64_t *mapped = sim->tables.mapped;

	sim_text_printf(text, "MemTotal:       %8llu kB\n", kib(sim, total));
	sim_text_printf(text, "MemFree:        %8llu kB\n", kib(sim, free));
	sim_text_printf(text, "MemAvailable:   %8llu kB\n", kib(sim, free));
	sim_text_printf(text, "Unevictable:    %8llu kB\n", kib(sim, sim->ram.in_use));
	sim_text_printf(text, "HardwareCorrupted: %5llu kB\n", kib(sim, sim->poisoned));
	if (sim->model->arm64) /* it counts no leaves: there is no arch_report_meminfo() */
		return;
	sim_text_printf(text, "DirectMap4k:    %8llu kB\n",
			(unsigned long long)mapped[SIM_LEVEL_PTE] << 2);
	sim_text_printf(text, "DirectMap2M:    %8llu kB\n",
			(unsigned long long)mapped[SIM_LEVEL_PMD] << 11);
	sim_text_printf(text, "DirectMap1G:    %8llu kB\n",
			(unsigned long long)mapped[SIM_LEVEL_PUD] << 20);
}

/* node_read_meminfo(); there is no cached file and no slab that could be given back. */
static void node_meminfo(const struct gmem_sim *sim, unsigned int node, struct sim_text *text)
{
	uint64_t total, free = sim_node_free(sim, node, &total);
	const struct {
		const char *key;
		uint64_t pages;
	} lines[] = {
		{ "MemTotal:      ", total },
		{ "MemFree:       ", free },
		{ "MemUsed:       ", total - free },
		{ "Active(file):  ", 0 },
		{ "Inactive(file):", 0 },
		{ "SReclaimable:  ", 0 },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		sim_text_printf(text, "Node %u %s %8llu kB\n", node, lines[i].key,
				kib(sim, lines[i].pages));
}

void sim_sys_node0_meminfo(struct gmem_sim *sim, struct sim_text *text)
{
	node_meminfo(sim, 0, text);
}

void sim_sys_node1_meminfo(struct gmem_sim *sim, struct sim_text *text)
{
	node_meminfo(sim, 1, text);
}

static void iomem_line(struct sim_text *text, uint64_t start, uint64_t end, const char *name)
{
	sim_text_printf(text, "%08llx-%08llx : %s\n", (unsigned long long)start,
			(unsigned long long)end - 1, name);
}

static void iomem_image(struct gmem_sim *sim, struct sim_text *text,
			const struct sim_ram_range *ram)
{
	uint64_t image = sim->model->image_physical;

	if (image < ram->start || image >= ram->end)
		return;
	sim_text_printf(text, "  %08llx-%08llx : Kernel code\n", (unsigned long long)image,
			(unsigned long long)image + 14 * SIM_MIB - 1);
	sim_text_printf(text, "  %08llx-%08llx : Kernel data\n",
			(unsigned long long)image + 14 * SIM_MIB,
			(unsigned long long)image + 16 * SIM_MIB - 1);
}

void sim_proc_iomem(struct gmem_sim *sim, struct sim_text *text)
{
	const struct sim_ram_range *ram = sim->model->ram;
	bool pc = !sim->model->arm64;

	if (pc)
		iomem_line(text, 0, ram[0].start, "Reserved");
	for (unsigned int i = 0; i < SIM_RAM_RANGES && ram[i].end; i++) {
		uint64_t end = ram[i].end;

		/* Firmware knows nothing of nodes: what touches is one range. */
		if (i && ram[i].start == ram[i - 1].end)
			continue;
		for (unsigned int next = i + 1; next < SIM_RAM_RANGES && ram[next].start == end;
		     next++)
			end = ram[next].end;
		iomem_line(text, ram[i].start, end, "System RAM");
		iomem_image(sim, text, &ram[i]);
		if (!i && pc)
			iomem_line(text, ram[0].end, SIM_MIB, "Reserved");
	}
}

/* Span and present pages of a zone of a node. */
static void zone_extent(const struct gmem_sim *sim, unsigned int node, unsigned int zone,
			uint64_t *first, uint64_t *end, uint64_t *present)
{
	*first = UINT64_MAX;
	*end = 0;
	*present = 0;
	for (unsigned int i = 0; i < sim->ram.zone_count; i++) {
		const struct sim_zone *ram = &sim->ram.zones[i];
		uint64_t zone_first = zone_at(sim, zone)->first >> sim->page_shift;
		uint64_t zone_end = zone_at(sim, zone)->end >> sim->page_shift;
		uint64_t from = ram->first > zone_first ? ram->first : zone_first;
		uint64_t to = ram->first + ram->pages;

		if (to > zone_end)
			to = zone_end;
		if (ram->node != node || from >= to)
			continue;
		*first = from < *first ? from : *first;
		*end = to > *end ? to : *end;
		*present += to - from;
	}
}

static void zone_text(const struct gmem_sim *sim, struct sim_text *text, unsigned int node,
		      unsigned int zone)
{
	uint64_t first, end, present;

	zone_extent(sim, node, zone, &first, &end, &present);
	sim_text_printf(text, "Node %u, zone %8s\n", node, zone_at(sim, zone)->name);
	if (!present) {
		sim_text_printf(text, "  pages free     0\n        spanned  0\n"
				      "        present  0\n        managed  0\n");
		return;
	}
	sim_text_printf(text, "  pages free     %llu\n", (unsigned long long)present);
	sim_text_printf(text, "        spanned  %llu\n", (unsigned long long)(end - first));
	sim_text_printf(text, "        present  %llu\n", (unsigned long long)present);
	sim_text_printf(text, "        managed  %llu\n", (unsigned long long)present);
	sim_text_printf(text, "  node_unreclaimable:  0\n  start_pfn:           %llu\n",
			(unsigned long long)first);
}

void sim_proc_zoneinfo(struct gmem_sim *sim, struct sim_text *text)
{
	for (unsigned int node = 0; node < sim->ram.nodes; node++)
		for (unsigned int zone = 0; zone < ZONES; zone++)
			zone_text(sim, text, node, zone);
}

void sim_proc_vmstat(struct gmem_sim *sim, struct sim_text *text)
{
	sim_text_printf(text, "nr_unevictable %llu\n", (unsigned long long)sim->ram.in_use);
	if (sim->model->arm64)
		return;
	sim_text_printf(text, "direct_map_level2_splits %llu\n",
			(unsigned long long)sim->tables.splits[SIM_LEVEL_PMD]);
	sim_text_printf(text, "direct_map_level3_splits %llu\n",
			(unsigned long long)sim->tables.splits[SIM_LEVEL_PUD]);
}

/* Bits of /proc/kpageflags: include/uapi/linux/kernel-page-flags.h. */
static const struct {
	uint32_t flag;
	unsigned int bit;
} kpf[] = {
	{ SIM_PAGE_UPTODATE, 3 },  { SIM_PAGE_DIRTY, 4 },	 { SIM_PAGE_LRU, 5 },
	{ SIM_PAGE_SLAB, 7 },	   { SIM_PAGE_USER_MAPPED, 11 }, { SIM_PAGE_UNEVICTABLE, 18 },
	{ SIM_PAGE_HWPOISON, 19 }, { SIM_PAGE_TABLE, 26 },
};

#define BUDDY (1ull << 10)
#define NOPAGE (1ull << 20)
#define RESERVED (1ull << 32)

static uint64_t page_word(const struct gmem_sim *sim, uint64_t pfn)
{
	const struct sim_page *page = sim_page_peek(sim, pfn);
	uint64_t word = 0;

	bool low = pfn << sim->page_shift < SIM_MIB; /* of a PC: reserved */

	if (!sim_pfn_is_ram(sim, pfn))
		return low ? RESERVED : NOPAGE;
	for (unsigned int i = 0; page && i < sizeof(kpf) / sizeof(*kpf); i++)
		if (page->flags & kpf[i].flag)
			word |= 1ull << kpf[i].bit;
	if (!sim_pfn_in_use(sim, pfn))
		word |= BUDDY;
	else if (!word && low)
		word |= RESERVED;
	return word;
}

ssize_t sim_kpageflags(struct gmem_sim *sim, void *buffer, size_t length, uint64_t offset)
{
	/* The file ends with the last section of RAM: get_max_dump_pfn(). */
	uint64_t section = SECTION_SIZE >> sim->page_shift;
	uint64_t pfns = (sim->ram.max_pfn + section - 1) / section * section;
	size_t done = 0;

	if (offset % 8 || length % 8)
		return -EINVAL;
	for (; done < length && offset / 8 < pfns; done += 8, offset += 8) {
		uint64_t word = page_word(sim, offset / 8);

		memcpy((uint8_t *)buffer + done, &word, sizeof(word));
	}
	return (ssize_t)done;
}
