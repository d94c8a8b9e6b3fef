// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl pfns: which page frames hold a guest_memfd, and how the direct map has them. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "args/range.h"
#include "core/command.h"
#include "core/size.h"
#include "held/held.h"
#include "inspect/chart.h"
#include "inspect/evidence.h"
#include "inspect/tally.h"
#include "inspect/target.h"
#include "output/bits.h"

enum {
	COLUMN_PID,
	COLUMN_FD,
	COLUMN_INODE,
	COLUMN_OFFSET,
	COLUMN_GPA,
	COLUMN_PFN,
	COLUMN_PAGES,
	COLUMN_SIZE,
	COLUMN_NODE,
	COLUMN_ORDER,
	COLUMN_LEVEL,
	COLUMN_DIRECT_MAP,
	COLUMN_ACCESS_OWNER,
	COLUMN_WRITABLE,
	COLUMN_FLAGS,
	COLUMN_REASON,
};

static const struct column columns[] = {
	[COLUMN_PID] = { "pid", KIND_NUMBER, .help = "process that has the guest_memfd" },
	[COLUMN_FD] = { "fd", KIND_NUMBER, .shown = true,
			.help = "descriptor in that process; unknown where the guest_memfd is "
				"only mapped" },
	[COLUMN_INODE] = { "inode", KIND_NUMBER, .help = "inode number of the guest_memfd" },
	[COLUMN_OFFSET] = { "offset", KIND_HEX, .shown = true,
			    .help = "offset in the guest_memfd, in bytes" },
	[COLUMN_GPA] = { "gpa", KIND_ADDRESS, .shown = true,
			 .help = "guest-physical address, where a memslot binds it" },
	[COLUMN_PFN] = { "pfn", KIND_HEX, .shown = true, .help = "number of the first page frame" },
	[COLUMN_PAGES] = { "pages", KIND_NUMBER, .shown = true,
			   .help = "number of pages in the extent" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .help = "size of the extent" },
	[COLUMN_NODE] = { "node", KIND_NUMBER, .shown = true, .help = "NUMA node" },
	[COLUMN_ORDER] = { "order", KIND_NUMBER, .shown = true,
			   .help = "order of the folios: 0 is one page, 9 is 512 pages (2M if a page has 4K)" },
	[COLUMN_LEVEL] = { "level", KIND_TEXT, .shown = true,
			   .help = "size of the direct map's mapping, such as 4K, 2M or 1G" },
	[COLUMN_DIRECT_MAP] = { "direct_map", KIND_STATE, .shown = true,
				.help = "whether the direct map has the pages: mapped, unmapped or unknown" },
	[COLUMN_ACCESS_OWNER] = { "access_owner", KIND_TEXT,
				  .help = "who may access the pages, whatever the direct map has: "
					  "host, guest or unknown" },
	[COLUMN_WRITABLE] = { "writable", KIND_BOOL,
			      .help = "whether the direct map lets the kernel write" },
	[COLUMN_FLAGS] = { "flags", KIND_LIST, .help = "page flags, as in /proc/kpageflags" },
	[COLUMN_REASON] = { "reason", KIND_TEXT, .wrap = true, .help = "why something is unknown" },
};

static const struct table table = TABLE("extents", columns);

struct node {
	bool given;
	int number;
};

struct settings {
	struct range offset;	/* length 0: everything */
	struct range gpa_range; /* likewise */
	struct node node;
	bool each;
	bool summary;
	bool has_direct_map;
	enum gmem_direct_map direct_map;
	struct chart chart;
};

/* State that is kept from one guest_memfd to the next. */
struct pfns {
	struct cli *cli;
	const struct settings *settings;
	pid_t pid;
	int fd;
	uint64_t inode;
	enum gmem_access_owner access_owner;
	unsigned int want;
	uint64_t size;	  /* of all */
	uint64_t longest; /* of them, bytes */
	uint64_t walked;  /* bytes that the walk met, listed or not */
	bool unread;	  /* it met parts of the page cache that could not be read */
	bool unknown;	  /* or it cannot be told whether the direct map has it */
	uint64_t counted; /* by the kernel, of all; bytes */
	bool uncounted;	  /* of some it could not be read */
	bool bound;	  /* a memslot binds some of the addresses that were asked for */
	struct tally tally;
	struct cells cells; /* with --map */
	struct progress progress;
};

#define STATES "mapped|unmapped|unknown"

/* The field is the settings: what the direct map says and whether it was asked for. */
static enum status set_direct_map(struct cli *cli, const struct cli_option *option, const char *arg,
				  void *field)
{
	struct settings *settings = field;

	for (int i = 0; i < TALLY_STATES; i++) {
		if (strcmp(gmem_direct_map_name((enum gmem_direct_map)i), arg))
			continue;
		settings->direct_map = (enum gmem_direct_map)i;
		settings->has_direct_map = true;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: it is not one of %s", option->name, arg, STATES);
}

static enum status set_node(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	struct node *node = field;
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || number > INT_MAX)
		return cli_usage(cli, "--%s=%s: it is not the number of a NUMA node", option->name,
				 arg);
	node->number = (int)number;
	node->given = true;
	return STATUS_YES;
}

static const struct cli_option options[] = {
	{ "offset", 0, "RANGE", false, set_byte_range, offsetof(struct settings, offset),
	  "Only this part of the file: " RANGE_FORM },
	{ "gpa-range", 0, "RANGE", false, set_byte_range, offsetof(struct settings, gpa_range),
	  "Only what memslots bind to these guest-physical addresses: " RANGE_FORM },
	{ "node", 0, "N", false, set_node, offsetof(struct settings, node),
	  "Only pages on this NUMA node" },
	{ "each", 0, NULL, false, set_flag, offsetof(struct settings, each),
	  "One row for each page instead of one for each extent" },
	{ "summary", 0, NULL, false, set_flag, offsetof(struct settings, summary),
	  "Count the pages by direct-map, level, order and node instead of listing them: columns "
	  "property, value, pages and size" },
	{ "direct-map", 0, STATES, false, set_direct_map, 0,
	  "Only pages in this state of the direct map" },
	{ "map", 0, NULL, false, set_chart, offsetof(struct settings, chart),
	  "Draw the guest_memfd as a picture instead of listing its pages" },
	{ "shade", 0, CHART_FORM, false, set_chart_of, offsetof(struct settings, chart),
	  "With --map: show how the direct map has the pages, how much is resident, or the NUMA "
	  "nodes; default direct-map" },
	{ "width", 0, "N", false, set_chart_width, offsetof(struct settings, chart),
	  CHART_WIDTH_HELP },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

static void write_row(const struct pfns *pfns, const struct gmem_extent *extent)
{
	bool mapped = extent->direct_map == GMEM_DIRECT_MAP_MAPPED;
	char flags[BITS_TEXT_MAX];
	struct cell cells[] = {
		[COLUMN_PID] = cell_number_if(pfns->pid > 0, (uint64_t)pfns->pid),
		[COLUMN_FD] = cell_number_if(pfns->fd != TARGET_MAPPED, (uint64_t)pfns->fd),
		[COLUMN_INODE] = cell_number(pfns->inode),
		[COLUMN_OFFSET] = cell_number(extent->offset),
		[COLUMN_GPA] = cell_number_if(extent->gpa != GMEM_GPA_NONE, extent->gpa),
		[COLUMN_PFN] = cell_number_if(extent->has_pfn, extent->pfn),
		[COLUMN_PAGES] = cell_number(extent->pages),
		[COLUMN_SIZE] = cell_number(extent->pages * gmem_page_size(pfns->cli->ctx)),
		[COLUMN_NODE] = cell_number_if(extent->node >= 0, (uint64_t)extent->node),
		[COLUMN_ORDER] = cell_number_if(extent->has_pfn, extent->order),
		[COLUMN_LEVEL] =
			cell_text(mapped ? gmem_level_name(pfns->cli->ctx, extent->level) : NULL),
		[COLUMN_DIRECT_MAP] = cell_text(gmem_direct_map_name(extent->direct_map)),
		[COLUMN_ACCESS_OWNER] = cell_text(gmem_access_owner_name(pfns->access_owner)),
		[COLUMN_WRITABLE] = cell_number_if(mapped, extent->writable),
		[COLUMN_FLAGS] =
			cell_text(extent->has_page_flags ? bits_describe(extent->page_flags,
									 gmem_page_flag_name, flags)
							 : NULL),
		[COLUMN_REASON] = cell_text(extent->reason),
	};

	output_row(pfns->cli->out, cells);
}

static void add_to_picture(struct pfns *pfns, const struct gmem_extent *extent)
{
	const struct cell_part part = {
		.start = extent->offset,
		.length = extent->pages * gmem_page_size(pfns->cli->ctx),
		.direct_map = extent->direct_map,
		.level = extent->level,
		.node = extent->node,
		.unread = !extent->has_pfn,
	};

	cells_add(&pfns->cells, &part);
}

static int take_extent(const struct gmem_extent *extent, void *arg)
{
	struct pfns *pfns = arg;

	if (extent->has_pfn)
		pfns->walked += extent->pages * gmem_page_size(pfns->cli->ctx);
	else
		pfns->unread = true;
	pfns->unknown = pfns->unknown || extent->direct_map == GMEM_DIRECT_MAP_UNKNOWN;
	if (pfns->settings->has_direct_map && extent->direct_map != pfns->settings->direct_map)
		return 0;
	if (pfns->settings->node.given && extent->node != pfns->settings->node.number)
		return 0;
	tally_add(&pfns->tally, extent);
	if (pfns->settings->chart.wanted)
		add_to_picture(pfns, extent);
	else if (!pfns->settings->summary)
		write_row(pfns, extent);
	return 0;
}

/* What two ranges share; a length of 0 in a stands for everything. Returns false for nothing. */
static bool intersect(const struct range *a, const struct range *b, struct range *out)
{
	uint64_t b_end = b->start + b->length - 1; /* the last one: a range may end with 2^64 */
	uint64_t a_end = a->length ? a->start + a->length - 1 : UINT64_MAX;
	uint64_t end = a_end < b_end ? a_end : b_end;

	out->start = a->start > b->start ? a->start : b->start;
	if (out->start > end)
		return false;
	out->length = end - out->start + 1;
	return true;
}

/* A range of GPAs is a range of the file in each memslot that it meets. */
static int list_gpas(struct pfns *pfns, struct gmem_target *target)
{
	const struct settings *settings = pfns->settings;
	struct gmem_binding binding = { .size = sizeof(binding) };
	int ret;

	for (size_t i = 0; !(ret = gmem_target_binding(target, i, &binding)); i++) {
		struct range slot = { .start = binding.gpa, .length = binding.memory_size };
		struct range part;

		if (!intersect(&settings->gpa_range, &slot, &part))
			continue;
		pfns->bound = true;
		part.start = part.start - binding.gpa + binding.offset;
		if (!intersect(&settings->offset, &part, &part))
			continue;
		ret = gmem_target_extents(target, part.start, part.length, pfns->want, take_extent,
					  pfns);
		if (ret)
			return ret;
	}
	return ret == -ENOENT ? 0 : ret;
}

/*
 * Progress of each guest_memfd by itself. Rows that appear on the same terminal show progress
 * already.
 */
static void begin_progress(struct pfns *pfns, struct gmem_target *target, uint64_t size)
{
	const struct settings *settings = pfns->settings;
	const struct range *offset = &settings->offset;
	bool part = offset->length && !settings->gpa_range.length;

	progress_begin(&pfns->progress, pfns->cli, part ? offset->length : size, PROGRESS_DELAY);
	pfns->progress.start = part ? offset->start : 0;
	if (!settings->summary && !settings->chart.wanted && isatty(STDOUT_FILENO))
		pfns->progress.shown = false;
	target_show_progress(target, &pfns->progress);
}

static int list_extents(struct pfns *pfns, struct gmem_target *target, uint64_t size)
{
	const struct range *offset = &pfns->settings->offset;
	int ret;

	begin_progress(pfns, target, size);
	if (pfns->settings->gpa_range.length)
		ret = list_gpas(pfns, target);
	else
		ret = gmem_target_extents(target, offset->start, offset->length, pfns->want,
					  take_extent, pfns);
	progress_end(&pfns->progress);
	return ret;
}

/* "vm, its pages in the direct map", for one that is held; else its process and descriptor. */
static enum status draw(const struct pfns *pfns)
{
	const char *name = pfns->cli->args[0], *what = chart_subject(pfns->settings->chart.of);
	char title[160];

	if (held_is_name(name))
		snprintf(title, sizeof(title), "%s, %s", name, what);
	else if (pfns->fd == TARGET_MAPPED)
		snprintf(title, sizeof(title), "%d:mmap inode %" PRIu64 ", %s", (int)pfns->pid,
			 pfns->inode, what);
	else
		snprintf(title, sizeof(title), "%d:%d, %s", (int)pfns->pid, pfns->fd, what);
	return chart_draw(pfns->cli, &pfns->settings->chart, &pfns->cells, title, "not resident");
}

/* One picture for each guest_memfd, unless the range begins past its end. */
static enum status draw_target(struct pfns *pfns, struct gmem_target *target, uint64_t size)
{
	const struct range *offset = &pfns->settings->offset;
	uint64_t length = offset->start < size ? size - offset->start : 0;
	enum status status = STATUS_YES;
	int ret;

	if (!length)
		return STATUS_YES;
	if (offset->length && offset->length < length)
		length = offset->length;
	ret = chart_begin(pfns->cli, &pfns->settings->chart, offset->start, length, &pfns->cells);
	if (!ret)
		ret = list_extents(pfns, target, size);
	status = ret ? cli_fail_error(pfns->cli, ret, NULL) : draw(pfns);
	cells_free(&pfns->cells);
	return status;
}

static enum status list_target(struct cli *cli, pid_t pid, int fd, struct gmem_target *target,
			       void *arg)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	struct pfns *pfns = arg;
	int ret = gmem_target_get_info(target, &info);

	pfns->pid = pid;
	pfns->fd = fd;
	if (!ret) {
		pfns->inode = info.inode;
		pfns->access_owner = info.access_owner;
		pfns->size += info.memory_size;
		if (info.memory_size > pfns->longest)
			pfns->longest = info.memory_size;
		pfns->counted += info.resident;
		pfns->uncounted = pfns->uncounted || !info.has_resident;
		if (pfns->settings->chart.wanted)
			return draw_target(pfns, target, info.memory_size);
		ret = list_extents(pfns, target, info.memory_size);
	}
	return ret ? cli_fail_error(cli, ret, NULL) : STATUS_YES;
}

/* Of whole files, whatever is listed; from the same walk, where that went through all of them. */
static void write_resident(struct cli *cli, const struct pfns *pfns)
{
	bool partly =
		pfns->settings->offset.length || pfns->settings->gpa_range.length || pfns->unread;
	bool known = !partly || !pfns->uncounted;

	output_fact_or_reason(cli->out, "resident", KIND_BYTES,
			      cell_number_if(known, partly ? pfns->counted : pfns->walked),
			      known ? NULL : "the kernel's count of pages could not be read");
}

static void write_facts(struct cli *cli, const struct pfns *pfns)
{
	output_fact(cli->out, "size", KIND_BYTES, cell_number(pfns->size));
	write_resident(cli, pfns);
	output_fact(cli->out, "pages", KIND_NUMBER, cell_number(pfns->tally.pages));
	output_fact(cli->out, "extent_count", KIND_NUMBER, cell_number(pfns->tally.extents));
	evidence_write(cli);
}

static enum status list_all(struct pfns *pfns)
{
	struct cli *cli = pfns->cli;
	enum status status;

	if (pfns->settings->chart.wanted)
		return target_each(cli, cli->args[0], list_target, pfns);
	output_table(cli->out, pfns->settings->summary ? &tally_table : &table);
	status = target_each(cli, cli->args[0], list_target, pfns);
	if (pfns->settings->summary)
		tally_write(cli, &pfns->tally);
	output_table_end(cli->out);
	return status;
}

/* Explains an empty answer that is due to the options, and not to the memory. */
static void say_empty(const struct pfns *pfns)
{
	const struct settings *settings = pfns->settings;

	if (settings->offset.length && settings->offset.start >= pfns->longest)
		cli_note(pfns->cli, "--offset: 0x%" PRIx64 " is past the end, at 0x%" PRIx64,
			 settings->offset.start, pfns->longest);
	else if (settings->gpa_range.length && !pfns->bound)
		cli_note(pfns->cli,
			 "--gpa-range: no memslot binds addresses from 0x%" PRIx64 " to 0x%" PRIx64
			 "; without --gpa-range the column GPA tells which are bound",
			 settings->gpa_range.start,
			 settings->gpa_range.start + settings->gpa_range.length - 1);
	else if (settings->node.given && !pfns->tally.extents)
		cli_note(pfns->cli, "--node: no page of it was found on node %d",
			 settings->node.number);
}

static const struct table *table_of(const void *settings)
{
	return ((const struct settings *)settings)->summary ? &tally_table : NULL;
}

/*
 * A picture shows all pages. If it showed only some, other cells would look as if nothing were
 * resident there.
 */
static enum status check_options(struct cli *cli, const struct settings *settings)
{
	if (settings->each && settings->summary)
		return cli_usage(cli, "--each and --summary: give one of them");
	if (!settings->chart.wanted)
		return chart_check(cli, &settings->chart);
	if (settings->each || settings->summary)
		return cli_usage(cli, "--map and --%s: give one of them",
				 settings->each ? "each" : "summary");
	if (settings->gpa_range.length || settings->node.given || settings->has_direct_map)
		return cli_usage(cli,
				 "--map and --%s: a picture has all pages; --offset=RANGE draws "
				 "a part of the file",
				 settings->gpa_range.length ? "gpa-range"
				 : settings->node.given	    ? "node"
							    : "direct-map");
	return chart_check(cli, &settings->chart);
}

static enum status run(struct cli *cli)
{
	struct pfns pfns = { .cli = cli, .settings = cli->settings };
	enum status status = check_options(cli, pfns.settings);

	if (status)
		return status;
	status = evidence_need(cli);
	if (status)
		return status;
	pfns.want = GMEM_EXTENT_DIRECT_MAP;
	if (output_wants(cli->out, &table, COLUMN_FLAGS) && !pfns.settings->summary &&
	    !pfns.settings->chart.wanted)
		pfns.want |= GMEM_EXTENT_FLAGS;
	if (pfns.settings->each)
		pfns.want |= GMEM_EXTENT_ONE_BY_ONE;
	status = list_all(&pfns);
	if (!status || status == STATUS_PARTLY) {
		write_facts(cli, &pfns);
		say_empty(&pfns);
	}
	return status || !pfns.unknown ? status : STATUS_PARTLY;
}

const struct command pfns_command = {
	.name = "pfns",
	.needs = READS_KERNEL | READS_PROCESSES,
	.place = PLACE_TARGET,
	.summary = "which page frames hold a guest_memfd, and how the direct map has them",
	.args = "TARGET",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.table_of = table_of,
	.takes_core = true,
	.run = run,
};
