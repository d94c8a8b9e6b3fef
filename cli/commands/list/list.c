// SPDX-License-Identifier: GPL-2.0-or-later
/* gmemctl list: every guest_memfd on the host, who owns it and what it costs. */
#include "commands/list/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "inspect/evidence.h"
#include "inspect/owner.h"

static const struct column columns[LIST_COLUMNS] = {
	[LIST_PID] = { "pid", KIND_NUMBER, .shown = true,
		       .help = "process that has the guest_memfd: the VM's own where that is "
			       "known" },
	[LIST_COMMAND] = { "command", KIND_TEXT, .shown = true, .help = "name of that process" },
	[LIST_NAME] = { "name", KIND_TEXT, .shown = true,
			.help = "name under which gmemctl holds its VM" },
	[LIST_UID] = { "owner_uid", KIND_NUMBER, .help = "user of that process" },
	[LIST_FDS] = { "fds", KIND_LIST, .shown = true,
		       .help = "descriptors of that process; mmap where it has the guest_memfd "
			       "mapped with mmap(2)" },
	[LIST_PROCESSES] = { "processes", KIND_NUMBER, .shown = true,
			     .help = "number of processes that hold the guest_memfd" },
	[LIST_OWNERS] = { "owners", KIND_ROWS,
			  .help = "all processes that hold it, as PID:FD or PID:mmap" },
	[LIST_PATH_ONLY] = { "path_only", KIND_NUMBER,
			     .help = "how many of these descriptors were opened with O_PATH: they "
				     "keep the memory, and nothing can be done to it through them" },
	[LIST_VM_TYPE] = { "vm_type", KIND_TEXT, .shown = true,
			   .help = "type of the VM that it belongs to" },
	[LIST_VM_PID] = { "vm_pid", KIND_NUMBER, .help = "thread that made the VM" },
	[LIST_DEVICE] = { "device", KIND_NUMBER, .help = "device number of the inode" },
	[LIST_INODE] = { "inode", KIND_NUMBER, .shown = true,
			 .help = "inode number of the guest_memfd" },
	[LIST_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "size of the file" },
	[LIST_RESIDENT] = { "resident", KIND_BYTES, .shown = true,
			    .help = "how much of the file is in memory" },
	[LIST_PRIVATE] = { "private", KIND_BYTES, .shown = true,
			   .help = "memory in memslots that the VM's memory attributes call private, resident or not" },
	[LIST_STALE_PRIVATE] = { "stale_private", KIND_BYTES, .shown = true,
				 .help = "pages that the guest cannot reach as long as the range is shared; punch frees them" },
	[LIST_FLAGS] = { "flags", KIND_LIST, .shown = true,
			 .help = "creation flags; without any, only private memory of a guest can use it" },
	[LIST_INITIAL] = { "initial", KIND_TEXT, .help = "what new pages are: private or shared" },
	[LIST_NODES] = { "nodes", KIND_ROWS, .shown = true,
			 .help = "resident memory by NUMA node" },
	[LIST_DIRECT_MAP] = { "direct_map", KIND_STATE, .shown = true,
			      .help = "whether the direct map has its pages: mapped, unmapped, mixed, unknown or "
				      "empty" },
	[LIST_IN_DIRECT_MAP] = { "in_direct_map", KIND_BYTES,
				 .help = "resident memory that is in the direct map" },
	[LIST_NOT_IN_DIRECT_MAP] = { "not_in_direct_map", KIND_BYTES,
				     .help = "resident memory that is not in the direct map" },
	[LIST_DIRECT_MAP_UNKNOWN] = { "direct_map_unknown", KIND_BYTES,
				      .help = "resident memory for which it is unknown whether the direct map has it" },
	[LIST_SLOTS] = { "slots", KIND_NUMBER, .shown = true,
			 .help = "number of memslots bound to the guest_memfd" },
	[LIST_SHARED] = { "shared", KIND_BYTES, .shown = true,
			  .help = "memory at userspace_addr of these memslots: their shared side" },
	[LIST_TOTAL] = { "total", KIND_BYTES, .shown = true,
			 .help = "resident and shared memory together" },
	[LIST_REASON] = { "reason", KIND_TEXT, .wrap = true, .help = "why something is unknown" },
};

const struct table list_table = TABLE("guest_memfds", columns);

struct settings {
	struct selection sort;
	bool nodes;
	bool no_locks;
	double deadline;
};

static enum status set_sort(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	char wrong[CELL_TEXT_MAX];

	if (*arg != '+' && columns_select(&list_table, NULL, arg, false, field, wrong))
		return STATUS_YES;
	return cli_usage(cli, "--%s: '%s' is no column of list", option->name,
			 *arg == '+' ? arg : wrong);
}

static const struct cli_option options[] = {
	{ "sort", 's', "COLUMNS", false, set_sort, offsetof(struct settings, sort),
	  "Sort by these columns, default resident: sizes largest first, all else ascending" },
	{ "nodes", 0, NULL, false, set_flag, offsetof(struct settings, nodes),
	  "Show the NUMA nodes of the host in place of the guest_memfds: size, free memory, "
	  "distances, and what guests have there" },
	{ "deadline", 0, "SECONDS", false, set_seconds, offsetof(struct settings, deadline),
	  "End the scan after this many seconds, default 45: the command reports what it left out, and "
	  "the status is 4" },
	{ "no-locks", 0, NULL, false, set_flag, offsetof(struct settings, no_locks),
	  "Take no process's mmap_lock, not even for reading: memory that is only mapped is not "
	  "found, and the shared side is not counted" },
	{ NULL, 0, NULL, false, NULL, 0, NULL },
};

/* The sums that are shown as facts, and their columns. */
static const struct {
	const char *name;
	enum list_column column;
} sums[] = {
	{ "size", LIST_SIZE },
	{ "resident", LIST_RESIDENT },
	{ "private", LIST_PRIVATE },
	{ "stale_private", LIST_STALE_PRIVATE },
	{ "in_direct_map", LIST_IN_DIRECT_MAP },
	{ "not_in_direct_map", LIST_NOT_IN_DIRECT_MAP },
	{ "direct_map_unknown", LIST_DIRECT_MAP_UNKNOWN },
	{ "shared", LIST_SHARED },
	{ "total", LIST_TOTAL },
};

struct list {
	struct cli *cli;
	const struct settings *settings;
	struct gmem_owners *owners;
	struct gmem_owners_counts counts;
	struct nodes nodes; /* with --nodes */
	struct list_names names;
	struct list_row *rows;
	const struct list_row **sorted;
	size_t n;
	struct list_want want;
	struct patience patience;
	struct progress progress;
	bool partly; /* a row has something unknown */
};

/* Whether one of these columns is shown, or its sum is, or rows are sorted by it. */
static bool wants_any(const struct list *list, enum list_column first, enum list_column last)
{
	if (output_shows_facts(list->cli->out) || list->settings->nodes)
		return true;
	for (size_t i = first; i <= (size_t)last; i++)
		if (output_wants(list->cli->out, &list_table, i) ||
		    columns_selected(&list->settings->sort, i))
			return true;
	return false;
}

static int compare_cells(enum kind kind, const struct cell *a, const struct cell *b)
{
	if (!a->known || !b->known)
		return (int)b->known - (int)a->known; /* what is unknown comes last */
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	if (a->number == b->number)
		return 0;
	return (a->number < b->number) == (kind == KIND_BYTES) ? 1 : -1;
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct list_row *const *x = a, *const *y = b;
	const struct selection *sort = arg;
	int order = 0;

	for (size_t i = 0; !order && i < sort->n; i++) {
		size_t column = sort->index[i];

		order = compare_cells(columns[column].kind, &(*x)->cells[column],
				      &(*y)->cells[column]);
	}
	return order ? order : (*x > *y) - (*x < *y);
}

static void sort_rows(struct list *list)
{
	struct selection sort = list->settings->sort;

	if (!sort.n)
		sort = (struct selection){ .index = { LIST_RESIDENT }, .n = 1 };
	for (size_t i = 0; i < list->n; i++)
		list->sorted[i] = &list->rows[i];
	qsort_r(list->sorted, list->n, sizeof(*list->sorted), compare_rows, &sort);
}

/*
 * Sorted by size, because how much of a guest_memfd is in memory is not known before it was looked
 * at.
 */
static void begin_progress(struct list *list)
{
	uint64_t size = 0;

	for (size_t i = 0; i < list->counts.memories; i++)
		size += list_size_of(list->owners, i);
	progress_begin(&list->progress, list->cli, size, PROGRESS_DELAY);
	list->want.progress = &list->progress;
}

static int survey_all(struct list *list)
{
	size_t index = 0, end = list->counts.memories;
	int got = 0;

	list->rows = calloc(end + 1, sizeof(*list->rows));
	list->sorted = calloc(end + 1, sizeof(*list->sorted));
	if (!list->rows || !list->sorted)
		return -ENOMEM;
	while (index < end) {
		got = list_survey_next(list->cli, list->owners, &index, end, &list->want,
				       &list->rows[list->n]);
		if (got < 0)
			return got;
		for (int i = 0; i < got; i++)
			list->partly = list->partly || list->rows[list->n + (size_t)i].partly;
		list->n += (size_t)got;
	}
	return 0;
}

static const char *why_unknown(const struct list *list, enum list_column column)
{
	if (list->want.no_shared && (column == LIST_SHARED || column == LIST_TOTAL))
		return list->want.no_shared;
	if (list->cli->common.core && (column == LIST_SHARED || column == LIST_TOTAL))
		return LIST_NOT_DUMPED;
	return "not known of every guest_memfd here: column REASON says why";
}

/* A sum of the known values only would be too small, and nobody would see that. */
static void write_sum(struct output *out, const struct list *list, const char *name,
		      enum list_column column, const char *unseen)
{
	uint64_t sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < list->n; i++) {
		known += list->rows[i].cells[column].known;
		sum += list->rows[i].cells[column].number;
	}
	if (list->cli->common.core && !list->n && unseen) /* as their count */
		output_fact_or_reason(out, name, KIND_BYTES, CELL_UNKNOWN, unseen);
	else
		output_fact_or_reason(out, name, KIND_BYTES, cell_number_if(known == list->n, sum),
				      known == list->n ? NULL : why_unknown(list, column));
}

/*
 * What the list may lack. If no guest_memfd was seen, there may still be one: a VM may have one
 * that no process shows.
 */
static const char *unseen_by(const struct list *list, char *buffer, size_t size)
{
	const char *unseen = owner_unseen(&list->counts, buffer, size);

	return unseen || list->n ? unseen : gmem_owners_unshown(list->owners);
}

static void write_facts(struct list *list)
{
	struct output *out = list->cli->out;
	char text[384];
	const char *unseen = unseen_by(list, text, sizeof(text));
	const char *unshown = gmem_owners_unshown(list->owners);

	output_fact_or_reason(out, "count", KIND_NUMBER,
			      cell_number_if(list->n || !unseen, list->n), list->n ? NULL : unseen);
	output_fact(out, "unshown", KIND_TEXT, cell_text(unshown));
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		write_sum(out, list, sums[i].name, sums[i].column, unseen);
	owner_write_counts(out, &list->counts);
	evidence_write(list->cli);
}

static void say_none(struct cli *cli)
{
	if (gmem_ctx_model(cli->ctx))
		cli_note(cli, "there is no guest_memfd on this simulated kernel; a held simulated "
			      "VM has a kernel of its own");
	else
		cli_note(cli, "there is no guest_memfd on this host");
}

static enum status judge(const struct list *list)
{
	char text[384];
	const char *unseen = unseen_by(list, text, sizeof(text));

	if (!list->n && unseen && !list->settings->nodes && !owner_left_out(&list->counts))
		return cli_fail(list->cli, STATUS_CANNOT_TELL, "no guest_memfd was seen, but %s",
				unseen);
	if (unseen)
		cli_note(list->cli, "%s", unseen);
	if (!list->n && !unseen)
		say_none(list->cli);
	if (list->partly)
		cli_note(list->cli, "some values are unknown: column REASON says why");
	return unseen || list->partly ? STATUS_PARTLY : STATUS_YES;
}

static int write_rows(struct list *list)
{
	struct output *out = list->cli->out;

	if (list->settings->nodes)
		return list_write_nodes(out, &list->nodes, list->rows, list->n);
	sort_rows(list);
	output_table(out, &list_table);
	for (size_t i = 0; i < list->n; i++)
		output_row(out, list->sorted[i]->cells);
	output_table_end(out);
	return 0;
}

static enum status list_all(struct list *list)
{
	struct cli *cli = list->cli;
	struct list_want *want = &list->want;
	char why[1024];
	int ret = cli_open_reader(cli);

	*want = (struct list_want){
		.kernel = !ret,
		.usage = wants_any(list, LIST_NODES, LIST_DIRECT_MAP_UNKNOWN),
		.attributes = wants_any(list, LIST_PRIVATE, LIST_STALE_PRIVATE),
		.shared = wants_any(list, LIST_SHARED, LIST_TOTAL),
		.no_shared = list->settings->no_locks ? LIST_NO_LOCKS : NULL,
		.names = &list->names,
		.patience = &list->patience,
	};
	if (cli->common.reader == READER_NONE)
		want->no_kernel = "--reader=none forbids reading kernel memory";
	else if (ret)
		want->no_kernel = cli_explain(cli, ret, why, sizeof(why));
	begin_progress(list);
	ret = survey_all(list);
	progress_end(&list->progress);
	if (!ret)
		ret = write_rows(list);
	if (ret)
		return cli_fail_error(cli, ret, NULL);
	write_facts(list);
	return judge(list);
}

static enum status check_options(struct list *list)
{
	if (!list->settings->nodes)
		return STATUS_YES;
	if (list->cli->common.core)
		return cli_usage(list->cli, "--nodes: a dump does not tell its nodes' free memory");
	if (list->settings->sort.n)
		return cli_usage(list->cli,
				 "--sort and --nodes: nodes are sorted by their numbers");
	return nodes_open(list->cli, &list->nodes);
}

static const struct table *table_of(const void *settings)
{
	return ((const struct settings *)settings)->nodes ? &list_node_table : NULL;
}

static enum status run(struct cli *cli)
{
	struct list list = { .cli = cli, .settings = cli->settings };
	enum status status = check_options(&list);
	int ret;

	if (status)
		return status;
	patience_begin(&list.patience, list.settings->deadline);
	ret = owner_scan(cli, &list.patience, list.settings->no_locks, &list.owners);
	if (ret) {
		nodes_close(&list.nodes);
		return cli_fail_error(cli, ret, NULL);
	}
	list.counts.size = sizeof(list.counts);
	gmem_owners_get_counts(list.owners, &list.counts);
	status = list_find_names(cli, &list.names);
	if (!status)
		status = list_all(&list);
	list_free_names(&list.names);
	for (size_t i = 0; i < list.n; i++)
		list_row_free(&list.rows[i]);
	free(list.rows);
	free(list.sorted);
	gmem_owners_free(list.owners);
	nodes_close(&list.nodes);
	return status;
}

const struct command list_command = {
	.name = "list",
	.needs = READS_KERNEL | READS_PROCESSES,
	.summary = "every guest_memfd on the host: its owner and what it costs",
	.args = "",
	.options = options,
	.settings_size = sizeof(struct settings),
	.table = &list_table,
	.table_of = table_of,
	.takes_core = true,
	.run = run,
};
