// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl directmap: the direct map by level, and the RAM that is not in it. */
#include <inttypes.h>
#include <stdio.h>

#include "commands/directmap/counters.h"
#include "commands/directmap/owned.h"
#include "core/command.h"
#include "inspect/chart.h"
#include "inspect/evidence.h"

enum {
	COLUMN_PFN,
	COLUMN_PAGES,
	COLUMN_SIZE,
	COLUMN_DIRECT_MAP,
	COLUMN_ACCESS_OWNER,
	COLUMN_MAKER,
	COLUMN_PID,
	COLUMN_COMMAND,
	COLUMN_INODE,
	COLUMN_REASON,
};

static const struct column columns[] = {
	[COLUMN_PFN] = { "pfn", KIND_HEX, .shown = true, .help = "first page frame of the range" },
	[COLUMN_PAGES] = { "pages", KIND_NUMBER, .shown = true,
			   .help = "number of page frames in the range" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "size of the range" },
	[COLUMN_DIRECT_MAP] = { "direct_map", KIND_STATE, .shown = true,
				.help = "whether the direct map has the range: unmapped or unknown" },
	[COLUMN_ACCESS_OWNER] = { "access_owner", KIND_TEXT,
				  .help = "who may access the range, whatever the direct map has: "
					  "host, guest or unknown" },
	[COLUMN_MAKER] = { "maker", KIND_TEXT, .shown = true, .wrap = true,
			   .help = "who took the range out of the direct map, or may have" },
	[COLUMN_PID] = { "pid", KIND_NUMBER,
			 .help = "process that has the guest_memfd, if the range belongs to one" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .help = "name of that process" },
	[COLUMN_INODE] = { "inode", KIND_NUMBER, .help = "inode number of the guest_memfd" },
	[COLUMN_REASON] = { "reason", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "why that is unknown" },
};

static const struct table table = TABLE("hole_list", columns);

struct settings {
	bool holes;
	struct chart chart;
};

static const struct cli_option options[] = {
	{ "holes", 0, NULL, false, set_flag, offsetof(struct settings, holes),
	  "List the RAM that is not in the direct map; status 1 if there is any" },
	{ "map", 0, NULL, false, set_chart, offsetof(struct settings, chart),
	  "Draw RAM as a picture: which parts are in mappings of which size (such as 1G, 2M and 4K), "
	  "and which parts are in none" },
	{ "width", 0, "N", false, set_chart_width, offsetof(struct settings, chart),
	  CHART_WIDTH_HELP },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/*
 * The page tables do not say what removed a page. Besides guest_memfd, Linux 7.3 removes single
 * pages (memfd_secret, hardware poison, KFENCE) or whole blocks.
 */
static const struct {
	uint64_t min_pages;
	const char *maker;
} makers[] = {
	{ 32768, "memory taken offline, RAM that the kernel never mapped, or memfd_secret" },
	{ 512, "memfd_secret, or a crash kernel's reserve" },
	{ 2, "memfd_secret, or module text being written" },
	{ 1, "memfd_secret, hardware poison, or a KFENCE guard" },
};

struct holes {
	struct cli *cli;
	struct owned owned;
	enum gmem_access_owner access_owner; /* of what is no guest_memfd's that was seen */
};

/* A guess by the size of the hole, among all causes except the guest_memfds that were looked at. */
static void guess(const struct holes *holes, uint64_t pages, char *text, size_t size)
{
	size_t i = 0;

	while (pages < makers[i].min_pages)
		i++;
	snprintf(text, size, "%s%s", makers[i].maker,
		 *holes->owned.unseen ? "; or a guest_memfd that was not seen" : "");
}

/* In a dump there may be one that no process has any more. */
static void name_owner(const struct holes *holes, const struct owned_range *range,
		       const struct gmem_owned *memory, struct cell *cells, char *maker,
		       size_t size)
{
	struct gmem_owner owner = { .size = sizeof(owner) };

	cells[COLUMN_INODE] = cell_number(memory->inode);
	if (gmem_owners_primary(holes->owned.owners, range->memory, range->vm_pid, &owner)) {
		snprintf(maker, size, "guest_memfd that no process has any more");
		return;
	}
	cells[COLUMN_PID] = cell_number((uint64_t)owner.pid);
	cells[COLUMN_COMMAND] = cell_text(*owner.command ? owner.command : NULL);
	snprintf(maker, size, "guest_memfd of process %d%s%s%s", (int)owner.pid,
		 *owner.command ? " (" : "", owner.command, *owner.command ? ")" : "");
}

/* Some pages of a hole, all of one owner or of none that was seen. */
static void write_piece(const struct holes *holes, const struct gmem_directmap_run *run,
			uint64_t pfn, uint64_t pages, const struct owned_range *range)
{
	struct gmem_owned memory = { .size = sizeof(memory) };
	char maker[192];
	struct cell cells[] = {
		[COLUMN_PFN] = cell_number(pfn),
		[COLUMN_PAGES] = cell_number(pages),
		[COLUMN_SIZE] = cell_number(pages * gmem_page_size(holes->cli->ctx)),
		[COLUMN_DIRECT_MAP] = cell_text(gmem_direct_map_name(run->direct_map)),
		[COLUMN_ACCESS_OWNER] = cell_text(
			gmem_access_owner_name(range ? range->access_owner : holes->access_owner)),
		[COLUMN_REASON] = cell_text(run->reason),
	};

	if (range && !gmem_owners_at(holes->owned.owners, range->memory, &memory))
		name_owner(holes, range, &memory, cells, maker, sizeof(maker));
	else
		guess(holes, pages, maker, sizeof(maker));
	if (run->direct_map == GMEM_DIRECT_MAP_UNMAPPED)
		cells[COLUMN_MAKER] = cell_text(maker);
	output_row(holes->cli->out, cells);
}

/* A hole is cut where its owner changes. */
static int write_hole(const struct gmem_directmap_run *run, void *arg)
{
	const struct holes *holes = arg;

	if (run->direct_map == GMEM_DIRECT_MAP_MAPPED)
		return 0;
	for (uint64_t done = 0, pages; done < run->pages; done += pages) {
		const struct owned_range *range;

		pages = run->pages - done;
		range = owned_at(&holes->owned, run->pfn + done, &pages);
		write_piece(holes, run, run->pfn + done, pages, range);
	}
	return 0;
}

static const char *level_name(const struct cli *cli, int level)
{
	return level < GMEM_LEVEL_ROOM ? gmem_level_name(cli->ctx, (enum gmem_level)level) : NULL;
}

static void write_levels(struct cli *cli, const char *name, const uint64_t levels[GMEM_LEVEL_ROOM],
			 bool known)
{
	const char *level;

	output_group(cli->out, name);
	for (int i = GMEM_LEVEL_PTE; (level = level_name(cli, i)); i++)
		output_fact(cli->out, level, KIND_BYTES, cell_number_if(known, levels[i]));
	output_group_end(cli->out);
}

/* One line for people: both counts, by level. */
static void tell_levels(const struct cli *cli, char *text, size_t size,
			const struct gmem_directmap_summary *summary)
{
	const char *level, *lead = " ";
	size_t used =
		(size_t)snprintf(text, size, "kB by the DirectMap lines and by the page tables:");

	for (int i = GMEM_LEVEL_PTE; (level = level_name(cli, i)) && used < size; i++) {
		used += (size_t)snprintf(text + used, size - used, "%s%s %" PRIu64 " and %" PRIu64,
					 lead, level, summary->meminfo[i] / 1024,
					 (summary->in_direct_map[i] + summary->outside[i]) / 1024);
		lead = ", ";
	}
	if (used < size)
		snprintf(text + used, size - used, "; %s", counters_differ(summary));
}

/*
 * The kernel updates the counters of /proc/meminfo itself, and they drift; the page tables are
 * always right.
 */
static void write_meminfo(struct cli *cli, const struct gmem_directmap_summary *summary)
{
	const char *reason = summary->has_meminfo ? NULL : "/proc/meminfo has no DirectMap lines";
	bool agrees = true;
	char text[384];

	for (int i = GMEM_LEVEL_PTE; i < GMEM_LEVEL_ROOM; i++)
		agrees = agrees &&
			 summary->in_direct_map[i] + summary->outside[i] == summary->meminfo[i];
	if (summary->has_meminfo && !agrees) {
		tell_levels(cli, text, sizeof(text), summary);
		reason = text;
	}
	write_levels(cli, "meminfo", summary->meminfo, summary->has_meminfo);
	output_fact_or_reason(cli->out, "meminfo_agrees", KIND_BOOL,
			      cell_number_if(summary->has_meminfo, agrees), reason);
}

static void write_summary(struct cli *cli, const struct gmem_directmap_summary *summary)
{
	struct output *out = cli->out;

	output_fact(out, "ram", KIND_BYTES, cell_number(summary->ram));
	write_levels(cli, "in_direct_map", summary->in_direct_map, true);
	output_fact(out, "holes", KIND_BYTES, cell_number(summary->holes));
	output_fact(out, "direct_map_unknown", KIND_BYTES, cell_number(summary->unknown));
	write_levels(cli, "outside", summary->outside, true);
	output_fact(out, "restored", KIND_BYTES, cell_number(summary->restored));
	write_meminfo(cli, summary);
}

static void write_owners(const struct holes *holes)
{
	output_fact_or_reason(holes->cli->out, "owners_complete", KIND_BOOL,
			      cell_number(!*holes->owned.unseen),
			      *holes->owned.unseen ? holes->owned.unseen : NULL);
}

static enum status show(struct cli *cli)
{
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };
	int ret = gmem_directmap_summarize(cli->ctx, NULL, NULL, &summary);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	write_summary(cli, &summary);
	evidence_write(cli);
	return STATUS_YES;
}

static enum status show_holes(struct cli *cli)
{
	struct holes holes = { .cli = cli, .access_owner = gmem_frame_access_owner(cli->ctx) };
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };
	int ret = owned_find(cli, &holes.owned);

	if (!ret) {
		output_table(cli->out, &table);
		ret = gmem_directmap_summarize(cli->ctx, write_hole, &holes, &summary);
		output_table_end(cli->out);
	}
	if (!ret) {
		write_summary(cli, &summary);
		write_owners(&holes);
		evidence_write(cli);
	}
	owned_free(&holes.owned);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	if (summary.holes)
		return STATUS_NO;
	return summary.unknown ? STATUS_CANNOT_TELL : STATUS_YES;
}

/* The address behind the last page of RAM. */
static int find_end(struct gmem_ctx *ctx, uint64_t *end)
{
	uint64_t limit, pages;
	int ret = gmem_pfn_limit(ctx, &limit);

	*end = 0;
	for (uint64_t pfn = 0; !ret && pfn < limit; pfn += pages) {
		int ram = gmem_pfn_ram_run(ctx, pfn, &pages);

		if (ram < 0)
			return ram;
		if (pages > limit - pfn)
			pages = limit - pfn;
		if (ram)
			*end = (pfn + pages) * gmem_page_size(ctx);
	}
	return ret;
}

struct drawing {
	struct cells cells;
	uint64_t page_size;
};

static int add_ram(const struct gmem_directmap_run *run, void *arg)
{
	struct drawing *drawing = arg;
	const struct cell_part part = {
		.start = run->pfn * drawing->page_size,
		.length = run->pages * drawing->page_size,
		.direct_map = run->direct_map,
		.level = run->level,
		.node = -1,
	};

	cells_add(&drawing->cells, &part);
	return 0;
}

static enum status show_map(struct cli *cli, const struct chart *chart)
{
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };
	struct drawing drawing = { .page_size = gmem_page_size(cli->ctx) };
	enum status status = STATUS_YES;
	uint64_t end;
	int ret = find_end(cli->ctx, &end);

	if (!ret)
		ret = chart_begin(cli, chart, 0, end, &drawing.cells);
	if (!ret)
		ret = gmem_directmap_summarize(cli->ctx, add_ram, &drawing, &summary);
	if (ret)
		status = cli_fail_error(cli, ret, NULL);
	else
		status = chart_draw(cli, chart, &drawing.cells, "RAM in the direct map", "no RAM");
	if (!status) {
		write_summary(cli, &summary);
		evidence_write(cli);
	}
	cells_free(&drawing.cells);
	return status;
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	enum status status = chart_check(cli, &settings->chart);

	if (!status && settings->chart.wanted && settings->holes)
		status = cli_usage(cli, "--map and --holes: give one of them");
	if (!status)
		status = evidence_need(cli);
	if (status)
		return status;
	if (settings->chart.wanted)
		return show_map(cli, &settings->chart);
	return settings->holes ? show_holes(cli) : show(cli);
}

/* Processes are looked at to name the owners of holes. */
static unsigned int needs_of(const void *settings)
{
	const struct settings *chosen = settings;

	return READS_KERNEL | READS_IOMEM | (chosen->holes ? READS_PROCESSES : 0);
}

const struct command directmap_command = {
	.name = "directmap",
	.needs = READS_KERNEL | READS_IOMEM | READS_PROCESSES,
	.needs_of = needs_of,
	.summary = "the direct map by level, and the RAM that is not in it",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.takes_core = true,
	.run = run,
};
