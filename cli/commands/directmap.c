// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl directmap: the direct map by level, and the RAM that is not in it. */
#include <inttypes.h>
#include <stdio.h>

#include "core/command.h"
#include "inspect/evidence.h"

enum {
	COLUMN_PFN,
	COLUMN_PAGES,
	COLUMN_SIZE,
	COLUMN_DIRECT_MAP,
	COLUMN_MAKER,
	COLUMN_REASON,
};

static const struct column columns[] = {
	[COLUMN_PFN] = { "pfn", KIND_HEX, .shown = true, .help = "first page frame of the range" },
	[COLUMN_PAGES] = { "pages", KIND_NUMBER, .shown = true,
			   .help = "number of page frames in the range" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "size of the range" },
	[COLUMN_DIRECT_MAP] = { "direct_map", KIND_STATE, .shown = true,
				.help = "whether the direct map has the range: unmapped or unknown" },
	[COLUMN_MAKER] = { "maker", KIND_TEXT, .shown = true, .wrap = true,
			   .help = "who may have taken the range out of the direct map" },
	[COLUMN_REASON] = { "reason", KIND_TEXT, .shown = true, .wrap = true,
			    .help = "why that is unknown" },
};

static const struct table table = TABLE("hole_list", columns);

struct settings {
	bool holes;
};

static const struct cli_option options[] = {
	{ "holes", 0, NULL, false, set_flag, offsetof(struct settings, holes),
	  "List the RAM that is not in the direct map; status 1 if there is any" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/*
 * The page tables do not say who removed a page. What Linux 7.3 has for it works page by page
 * (memfd_secret, guest_memfd without direct map, hardware poison, KFENCE) or on whole blocks.
 */
static const struct {
	uint64_t min_pages;
	const char *maker;
} makers[] = {
	{ 32768, "memory taken offline, or RAM that the kernel never mapped" },
	{ 512, "memfd_secret, guest_memfd without direct map, or a crash kernel's reserve" },
	{ 2, "memfd_secret, guest_memfd without direct map, or module text being written" },
	{ 1, "memfd_secret, guest_memfd without direct map, hardware poison, or a KFENCE guard" },
};

static const char *maker_of(const struct gmem_directmap_run *run)
{
	size_t i = 0;

	if (run->direct_map != GMEM_DIRECT_MAP_UNMAPPED)
		return NULL;
	while (run->pages < makers[i].min_pages)
		i++;
	return makers[i].maker;
}

static int write_hole(const struct gmem_directmap_run *run, void *arg)
{
	struct cell cells[] = {
		[COLUMN_PFN] = cell_number(run->pfn),
		[COLUMN_PAGES] = cell_number(run->pages),
		[COLUMN_SIZE] = cell_number(run->pages * GMEM_PAGE_SIZE),
		[COLUMN_DIRECT_MAP] = cell_text(gmem_direct_map_name(run->direct_map)),
		[COLUMN_MAKER] = cell_text(maker_of(run)),
		[COLUMN_REASON] = cell_text(run->reason),
	};

	output_row(arg, cells);
	return 0;
}

static void write_levels(struct output *out, const char *name, const uint64_t levels[GMEM_LEVELS],
			 bool known)
{
	output_group(out, name);
	for (int i = GMEM_LEVEL_4K; i < GMEM_LEVELS; i++)
		output_fact(out, gmem_level_name((enum gmem_level)i), KIND_BYTES,
			    cell_number_if(known, levels[i]));
	output_group_end(out);
}

/* One line for people: what each counts, by level. */
static void tell_levels(char *text, size_t size, const struct gmem_directmap_summary *summary)
{
	size_t used = (size_t)snprintf(text, size, "kB by its DirectMap lines and by the tables:");

	for (int i = GMEM_LEVEL_4K; i < GMEM_LEVELS && used < size; i++)
		used += (size_t)snprintf(
			text + used, size - used, " %s %" PRIu64 " and %" PRIu64 "%s",
			gmem_level_name((enum gmem_level)i), summary->meminfo[i] / 1024,
			(summary->in_direct_map[i] + summary->outside[i]) / 1024,
			i + 1 < GMEM_LEVELS ? "," : "");
}

/* The counters of /proc/meminfo are kept by hand in the kernel and drift; the tables do not. */
static void write_meminfo(struct output *out, const struct gmem_directmap_summary *summary)
{
	const char *reason = summary->has_meminfo ? NULL : "/proc/meminfo has no DirectMap lines";
	bool agrees = true;
	char text[256];

	for (int i = GMEM_LEVEL_4K; i < GMEM_LEVELS; i++)
		agrees = agrees &&
			 summary->in_direct_map[i] + summary->outside[i] == summary->meminfo[i];
	if (summary->has_meminfo && !agrees) {
		tell_levels(text, sizeof(text), summary);
		reason = text;
	}
	write_levels(out, "meminfo", summary->meminfo, summary->has_meminfo);
	output_fact_or_reason(out, "meminfo_agrees", KIND_BOOL,
			      cell_number_if(summary->has_meminfo, agrees), reason);
}

static void write_summary(struct output *out, const struct gmem_directmap_summary *summary)
{
	output_fact(out, "ram", KIND_BYTES, cell_number(summary->ram));
	write_levels(out, "in_direct_map", summary->in_direct_map, true);
	output_fact(out, "holes", KIND_BYTES, cell_number(summary->holes));
	output_fact(out, "direct_map_unknown", KIND_BYTES, cell_number(summary->unknown));
	write_levels(out, "outside", summary->outside, true);
	output_fact(out, "restored", KIND_BYTES, cell_number(summary->restored));
	write_meminfo(out, summary);
}

static enum status run(struct cli *cli)
{
	const struct settings *settings = cli->settings;
	struct gmem_directmap_summary summary;
	enum status status = evidence_need(cli);
	int ret;

	if (status)
		return status;
	if (settings->holes)
		output_table(cli->out, &table);
	ret = gmem_directmap_summarize(cli->ctx, settings->holes ? write_hole : NULL, cli->out,
				       &summary);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	if (settings->holes)
		output_table_end(cli->out);
	write_summary(cli->out, &summary);
	evidence_write(cli);
	if (!settings->holes)
		return STATUS_YES;
	if (summary.holes)
		return STATUS_NO;
	return summary.unknown ? STATUS_CANNOT_TELL : STATUS_YES;
}

const struct command directmap_command = {
	.name = "directmap",
	.needs = READS_KERNEL | READS_IOMEM,
	.summary = "the direct map by level, and the RAM that is not in it",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.run = run,
};
