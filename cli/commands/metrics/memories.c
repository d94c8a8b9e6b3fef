// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples of each guest_memfd: what list shows, in the form that Prometheus takes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/list/list.h"
#include "commands/metrics/metrics.h"
#include "inspect/owner.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Of samples of one guest_memfd. */
#define ROW_LABELS "inode,pid,command,vm_type"

/* The values of a row that are one number each. */
static const struct {
	enum list_column column;
	struct metric metric;
} values[] = {
	{ LIST_SIZE,
	  { "gmemctl_guest_memfd_size_bytes", "bytes", "Size of the guest_memfd", false,
	    ROW_LABELS } },
	{ LIST_RESIDENT,
	  { "gmemctl_guest_memfd_resident_bytes", "bytes", "Memory that the guest_memfd holds",
	    false, ROW_LABELS } },
	{ LIST_SHARED,
	  { "gmemctl_guest_memfd_shared_bytes", "bytes",
	    "Memory at userspace_addr of its memslots: the shared side, which resident does not include",
	    false, ROW_LABELS } },
	{ LIST_SLOTS,
	  { "gmemctl_guest_memfd_memslots", NULL, "Memslots bound to the guest_memfd", false,
	    ROW_LABELS } },
	{ LIST_PROCESSES,
	  { "gmemctl_guest_memfd_processes", NULL, "Processes that hold the guest_memfd", false,
	    ROW_LABELS } },
};

/* What is resident, by what the direct map has of it. */
static const struct {
	enum list_column column;
	const char *direct_map;
} states[] = {
	{ LIST_IN_DIRECT_MAP, "mapped" },
	{ LIST_NOT_IN_DIRECT_MAP, "unmapped" },
	{ LIST_DIRECT_MAP_UNKNOWN, "unknown" },
};

static const struct metric by_direct_map = {
	"gmemctl_guest_memfd_direct_map_bytes",
	"bytes",
	"Resident memory of the guest_memfd by whether the kernel's direct map has it",
	false,
	ROW_LABELS ",direct_map",
};
static const struct metric by_node = {
	"gmemctl_guest_memfd_node_bytes",
	"bytes",
	"Resident memory of the guest_memfd by NUMA node",
	false,
	ROW_LABELS ",node",
};
static const struct metric memories = {
	"gmemctl_guest_memfds",
	NULL,
	"guest_memfds on this host; left out where none is seen and one may be hidden",
	false,
	NULL,
};
static const struct metric unshown = {
	"gmemctl_guest_memfds_may_be_unshown",
	NULL,
	"1: there may be guest_memfds that no process shows, and that are not counted; 0: there is no "
	"VM",
	false,
	NULL,
};
static const struct metric processes = {
	"gmemctl_processes",
	NULL,
	"Processes that were looked at (seen), that may not be looked at (denied), and that were not "
	"looked at because they hold a lock for which the kernel would have to wait (stuck)",
	false,
	"result",
};
static const struct metric vms = {
	"gmemctl_vm_processes",
	NULL,
	"Processes that have a VM, with a guest_memfd or without",
	false,
	"guest_memfd",
};

static const struct metric *const others[] = {
	&by_direct_map, &by_node, &memories, &unshown, &processes, &vms,
};

const struct metric *metrics_of_memories(size_t index)
{
	if (index < COUNT(values))
		return &values[index].metric;
	index -= COUNT(values);
	return index < COUNT(others) ? others[index] : NULL;
}

/* Those that name the guest_memfd, and room for one that tells its samples apart. */
enum { LABEL_INODE, LABEL_PID, LABEL_COMMAND, LABEL_VM_TYPE, LABEL_OTHER, LABELS };

struct names {
	struct label labels[LABELS];
	char inode[24];
	char pid[24];
};

static void set_names(struct names *names, const struct list_row *row)
{
	const struct cell *cells = row->cells;

	snprintf(names->inode, sizeof(names->inode), "%" PRIu64, cells[LIST_INODE].number);
	snprintf(names->pid, sizeof(names->pid), "%" PRIu64, cells[LIST_PID].number);
	names->labels[LABEL_INODE] = (struct label){ "inode", names->inode };
	names->labels[LABEL_PID] = (struct label){ "pid", names->pid };
	names->labels[LABEL_COMMAND] = (struct label){ "command", cells[LIST_COMMAND].text };
	names->labels[LABEL_VM_TYPE] = (struct label){ "vm_type", cells[LIST_VM_TYPE].text };
}

static void add_nodes(struct samples *samples, struct names *names, const struct list_row *row)
{
	const struct cell_rows *nodes = row->cells[LIST_NODES].rows;

	for (size_t i = 0; nodes && i < nodes->n; i++) {
		const struct cell *cells = &nodes->cells[i * LIST_NODE_COLUMNS];
		char node[24] = "unknown";

		if (cells[LIST_NODE_NODE].known)
			snprintf(node, sizeof(node), "%" PRIu64, cells[LIST_NODE_NODE].number);
		names->labels[LABEL_OTHER] = (struct label){ "node", node };
		samples_add(samples, &by_node, names->labels, LABELS,
			    cells[LIST_NODE_BYTES].number);
	}
}

static void add_row(struct samples *samples, const struct list_row *row)
{
	struct names names;

	set_names(&names, row);
	for (size_t i = 0; i < COUNT(values); i++)
		if (row->cells[values[i].column].known)
			samples_add(samples, &values[i].metric, names.labels, LABEL_OTHER,
				    row->cells[values[i].column].number);
	for (size_t i = 0; i < COUNT(states); i++) {
		names.labels[LABEL_OTHER] = (struct label){ "direct_map", states[i].direct_map };
		if (row->cells[states[i].column].known)
			samples_add(samples, &by_direct_map, names.labels, LABELS,
				    row->cells[states[i].column].number);
	}
	add_nodes(samples, &names, row);
}

static void add_counts(struct samples *samples, const struct gmem_owners *owners,
		       const struct gmem_owners_counts *counts)
{
	const struct {
		const struct metric *metric;
		struct label label;
		uint64_t value;
	} sums[] = {
		{ &processes, { "result", "seen" }, counts->processes },
		{ &processes, { "result", "denied" }, counts->not_permitted },
		{ &processes, { "result", "stuck" }, counts->stuck },
		{ &vms, { "guest_memfd", "yes" }, counts->vms - counts->vms_without },
		{ &vms, { "guest_memfd", "no" }, counts->vms_without },
	};

	bool may_be_unshown = gmem_owners_unshown(owners);

	/*
	 * If no guest_memfd was seen, there may still be one: a VM may have one that no process
	 * shows.
	 */
	samples_add(samples, &unshown, NULL, 0, may_be_unshown);
	if (counts->memories || !may_be_unshown)
		samples_add(samples, &memories, NULL, 0, counts->memories);
	for (size_t i = 0; i < COUNT(sums); i++)
		samples_add(samples, sums[i].metric, &sums[i].label, 1, sums[i].value);
}

/* Adds all guest_memfds. Returns whether all of each was seen. */
static bool add_memories(struct cli *cli, const struct gmem_owners *owners, size_t n,
			 const struct list_want *want, struct samples *samples, int *error)
{
	struct list_row *rows = calloc(LIST_TOGETHER, sizeof(*rows));
	bool complete = true;
	int got;

	*error = rows ? 0 : -ENOMEM;
	for (size_t index = 0; !*error && index < n;) {
		got = list_survey_next(cli, owners, &index, n, want, rows);
		for (int i = 0; i < got; i++) {
			add_row(samples, &rows[i]);
			complete = complete && !rows[i].partly;
			list_row_free(&rows[i]);
		}
		*error = got < 0 ? got : 0;
	}
	free(rows);
	return complete;
}

bool metrics_add_memories(struct cli *cli, bool no_locks, double deadline, struct samples *samples,
			  int *error)
{
	struct patience patience;
	struct list_want want = {
		.usage = true,
		.shared = true,
		.no_shared = no_locks ? LIST_NO_LOCKS : NULL,
		.patience = &patience,
	};
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owners *owners;
	char why[1024], text[384];
	bool complete;
	int ret;

	patience_begin(&patience, deadline);
	*error = owner_scan(cli, &patience, no_locks, &owners);
	if (*error)
		return false;
	ret = cli_open_reader(cli);
	want.kernel = !ret;
	if (ret)
		want.no_kernel = cli_explain(cli, ret, why, sizeof(why));
	gmem_owners_get_counts(owners, &counts);
	complete = !owner_unseen(&counts, text, sizeof(text));
	complete = add_memories(cli, owners, counts.memories, &want, samples, error) && complete;
	add_counts(samples, owners, &counts);
	gmem_owners_free(owners);
	return complete;
}
