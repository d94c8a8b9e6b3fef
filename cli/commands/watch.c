// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl watch: what changes on this host, a line a change. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "core/command.h"
#include "core/interrupt.h"
#include "inspect/evidence.h"
#include "inspect/owner.h"
#include "inspect/patience.h"

#define DEFAULT_INTERVAL 2.0 /* seconds, as watch(1) has it */

enum {
	COLUMN_TIME,
	COLUMN_EVENT,
	COLUMN_PID,
	COLUMN_COMMAND,
	COLUMN_DEVICE,
	COLUMN_INODE,
	COLUMN_SIZE,
	COLUMN_BYTES,
	COLUMN_RANGES,
	COLUMN_OFFSET,
	COLUMN_RESIDENT,
	COLUMN_LEVEL,
	COLUMN_COUNT,
};

/* Rows are drawn one by one, so the widths are fixed from the first row on; most values fit. */
static const struct column columns[] = {
	[COLUMN_TIME] = { "time", KIND_TEXT, .shown = true, .width = 20,
			  .help = "when the change was seen, in UTC" },
	[COLUMN_EVENT] = { "event", KIND_TEXT, .shown = true, .width = 8,
			   .help = "what happened: new, gone, populate, punch, split or collapse" },
	[COLUMN_PID] = { "pid", KIND_NUMBER, .shown = true, .width = 7,
			 .help = "process that has the guest_memfd" },
	[COLUMN_COMMAND] = { "command", KIND_TEXT, .shown = true, .width = 15,
			     .help = "name of that process" },
	[COLUMN_DEVICE] = { "device", KIND_NUMBER, .help = "device number of the inode" },
	[COLUMN_INODE] = { "inode", KIND_NUMBER, .shown = true, .width = 8,
			   .help = "inode number of the guest_memfd" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .width = 6, .help = "size of the file" },
	[COLUMN_BYTES] = { "bytes", KIND_BYTES, .shown = true, .width = 6,
			   .help = "how many bytes came or went" },
	[COLUMN_RANGES] = { "ranges", KIND_NUMBER, .shown = true, .width = 6,
			    .help = "number of ranges of the file that these bytes are in" },
	[COLUMN_OFFSET] = { "offset", KIND_HEX, .width = 12,
			    .help = "offset of the first of these ranges" },
	[COLUMN_RESIDENT] = { "resident", KIND_BYTES, .shown = true, .width = 8,
			      .help = "how much of the file is in memory now; for gone, when it "
				      "was seen last" },
	[COLUMN_LEVEL] = { "level", KIND_TEXT, .shown = true, .width = 5,
			   .help = "size of the direct map's mappings that were split, or made" },
	[COLUMN_COUNT] = { "count", KIND_NUMBER, .shown = true, .width = 5,
			   .help = "number of mappings that were split, or made" },
};

static const struct table table = TABLE("changes", columns);

struct settings {
	double interval;
	uint64_t count; /* 0: without end */
	bool no_locks;
	double deadline;
};

/* It sets the format, which is common to all commands, and not a setting of this command. */
static enum status set_jsonl(struct cli *cli, const struct cli_option *option, const char *arg,
			     void *field)
{
	enum style *style = &cli->common.format.style;

	(void)arg;
	(void)field;
	if (*style != STYLE_TABLE && *style != STYLE_JSONL)
		return cli_usage(cli, "--%s: another output format is chosen already",
				 option->name);
	*style = STYLE_JSONL;
	return STATUS_YES;
}

static const struct cli_option options[] = {
	{ "interval", 'i', "SECONDS", false, set_seconds, offsetof(struct settings, interval),
	  "Time from one look to the next, default 2" },
	{ "count", 'c', "N", false, set_count, offsetof(struct settings, count),
	  "End after N looks, the first one not counted" },
	{ "jsonl", 0, NULL, false, set_jsonl, 0,
	  "Write a JSON object for each change as it comes, a line each, and a last one that says how "
	  "the watch ended" },
	{ "deadline", 0, "SECONDS", false, set_seconds, offsetof(struct settings, deadline),
	  "End each look after this many seconds, default 45: the command reports what it left out, and "
	  "the status is 4" },
	{ "no-locks", 0, NULL, false, set_flag, offsetof(struct settings, no_locks),
	  "Take no process's mmap_lock, not even for reading: memory that is only mapped is not "
	  "found, and memory that loses its last descriptor counts as gone, though it is still mapped" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/* Those that this command knows. */
#define CHANGE_KINDS (GMEM_CHANGE_COLLAPSE + 1)

struct watching {
	struct cli *cli;
	const struct settings *settings;
	struct gmem_watch *watch;
	char time[32]; /* of the look that goes on */
	uint64_t looks;
	uint64_t changes[CHANGE_KINDS];
	char unseen[1024]; /* why not everything was seen, "" where it was */
};

static void set_time(struct watching *watching)
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(watching->time, sizeof(watching->time), "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static int write_change(const struct gmem_change *change, void *arg)
{
	struct watching *watching = arg;
	bool of_file = change->inode;
	bool pages = of_file && change->has_resident;
	struct cell cells[] = {
		[COLUMN_TIME] = cell_text(watching->time),
		[COLUMN_EVENT] = cell_text(gmem_change_kind_name(change->kind)),
		[COLUMN_PID] = cell_number_if(of_file, (uint64_t)change->pid),
		[COLUMN_COMMAND] = cell_text(*change->command ? change->command : NULL),
		[COLUMN_DEVICE] = cell_number_if(of_file, change->device),
		[COLUMN_INODE] = cell_number_if(of_file, change->inode),
		[COLUMN_SIZE] = cell_number_if(of_file, change->memory_size),
		[COLUMN_BYTES] = cell_number_if(pages, change->bytes),
		[COLUMN_RANGES] = cell_number_if(pages, change->ranges),
		[COLUMN_OFFSET] = cell_number_if(pages && change->ranges, change->offset),
		[COLUMN_RESIDENT] = cell_number_if(pages, change->resident),
		[COLUMN_LEVEL] = cell_text(
			of_file ? NULL : gmem_level_name(watching->cli->ctx, change->level)),
		[COLUMN_COUNT] = cell_number_if(!of_file, change->count),
	};

	if ((unsigned int)change->kind < CHANGE_KINDS)
		watching->changes[change->kind]++;
	output_row(watching->cli->out, cells);
	return 0;
}

/* What cannot be seen is said once, when it is noticed. */
static void say_why(struct watching *watching)
{
	struct gmem_watch_counts counts = { .size = sizeof(counts) };
	char text[384];
	const char *unseen;

	gmem_watch_get_counts(watching->watch, &counts);
	unseen = owner_unseen(counts.owners, text, sizeof(text));
	if (!unseen && !counts.why)
		return;
	if (*watching->unseen)
		return;
	snprintf(watching->unseen, sizeof(watching->unseen), "%s", unseen ? unseen : counts.why);
	cli_note(watching->cli, "not all can be seen: %s", watching->unseen);
}

static int look(struct watching *watching)
{
	int ret;

	set_time(watching);
	ret = gmem_watch_look(watching->watch, write_change, watching);
	if (ret)
		return ret;
	say_why(watching);
	output_flush(watching->cli->out);
	return 0;
}

static bool goes_on(const struct watching *watching)
{
	const struct settings *settings = watching->settings;

	if (settings->count && watching->looks == settings->count)
		return false;
	if (!interrupt_wait(settings->interval > 0 ? settings->interval : DEFAULT_INTERVAL))
		return false;
	return !output_failed(watching->cli->out);
}

static void write_facts(const struct watching *watching)
{
	struct output *out = watching->cli->out;
	struct gmem_watch_counts counts = { .size = sizeof(counts) };

	gmem_watch_get_counts(watching->watch, &counts);
	output_fact(out, "looks", KIND_NUMBER, cell_number(watching->looks));
	output_group(out, "seen");
	for (int kind = 0; kind < CHANGE_KINDS; kind++)
		output_fact(out, gmem_change_kind_name((enum gmem_change_kind)kind), KIND_NUMBER,
			    cell_number(watching->changes[kind]));
	output_group_end(out);
	output_fact(out, "count", KIND_NUMBER, cell_number(counts.owners->memories));
	output_fact_or_reason(out, "splits_counted", KIND_BOOL, cell_number(counts.has_counters),
			      counts.has_counters ? NULL : "/proc/vmstat does not count them here");
	output_fact_or_reason(out, "complete", KIND_BOOL, cell_number(!*watching->unseen),
			      *watching->unseen ? watching->unseen : NULL);
	owner_write_counts(out, counts.owners);
}

static enum status watch_all(struct watching *watching)
{
	struct cli *cli = watching->cli;
	struct gmem_watch_counts counts = { .size = sizeof(counts) };
	int ret;

	ret = interrupted() ? -ECANCELED : look(watching);
	if (ret == -ECANCELED) {
		output_table_end(cli->out);
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_INTERRUPTED),
				   "interrupted before the first look was over");
	}
	/* Not after a failure: the call would clear the explanation of it. */
	if (!ret && !gmem_watch_get_counts(watching->watch, &counts))
		cli_note(cli, "watching %zu guest_memfd%s and the direct map",
			 counts.owners->memories, counts.owners->memories == 1 ? "" : "s");
	while (!ret && goes_on(watching)) {
		ret = look(watching);
		watching->looks += !ret;
	}
	output_table_end(cli->out);
	if (ret && ret != -ECANCELED) /* if a signal ended the look, the changes that were
				       * reported stay */
		return cli_fail_error(cli, ret, NULL);
	if (!output_failed(cli->out))
		write_facts(watching);
	return *watching->unseen ? STATUS_PARTLY : STATUS_YES;
}

static enum status run(struct cli *cli)
{
	struct watching watching = { .cli = cli, .settings = cli->settings };
	double deadline =
		watching.settings->deadline > 0 ? watching.settings->deadline : PATIENCE_DEFAULT;
	struct gmem_watch_options how = {
		.size = sizeof(how),
		.no_mappings = watching.settings->no_locks,
		.no_pages = cli->common.reader == READER_NONE,
		.deadline_ms = (unsigned int)(1000 * deadline),
		.cancel = interrupt_flag(),
	};
	enum status status;
	int ret = gmem_watch_new(cli->ctx, &how, &watching.watch);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	signal(SIGPIPE, SIG_IGN); /* a reader that leaves ends the watch, not the process */
	cli_open_reader(cli);	  /* without a reader, guest_memfds that come and go are seen
				   * anyway */
	output_table(cli->out, &table);
	output_flush(cli->out);
	status = watch_all(&watching);
	gmem_watch_free(watching.watch);
	return status;
}

const struct command watch_command = {
	.name = "watch",
	.ends_in_order = true,
	.needs = READS_KERNEL | READS_PROCESSES,
	.summary = "what changes on this host: guest_memfds, their pages, splits of the direct map",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &table,
	.run = run,
};
