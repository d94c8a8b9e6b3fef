// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/owner.h"

#include <stdio.h>

static const char *const ends[] = {
	[GMEM_SCAN_DEADLINE] = "the time for the scan was over (--deadline)",
	[GMEM_SCAN_STUCK] = "too many others keep locks that the kernel waits for",
};

const char *owner_unseen(const struct gmem_owners_counts *counts, char *buffer, size_t size)
{
	size_t all = counts->left_out + counts->stuck + counts->not_permitted + counts->processes;

	if (counts->end) {
		snprintf(buffer, size, "%zu of %zu processes were left out: %s", counts->left_out,
			 all, ends[counts->end]);
		return buffer;
	}
	if (counts->stuck) {
		snprintf(
			buffer, size,
			"%zu of %zu processes were not looked at, process %d the first: it keeps a "
			"lock that the kernel waits for, as an execve(2) or a page fault on a file "
			"server that does not answer does; end that process",
			counts->stuck, all, (int)counts->first_stuck);
		return buffer;
	}
	if (counts->not_permitted) {
		snprintf(buffer, size,
			 "%zu of %zu processes may not be looked at, process %d the first: %s",
			 counts->not_permitted, all, (int)counts->first_denied, counts->why_denied);
		return buffer;
	}
	if (counts->hidden)
		return "/proc hides processes here (its mount option hidepid)";
	if (counts->in_namespace)
		return "only the processes of this PID namespace are seen, not the host's";
	return NULL;
}

bool owner_left_out(const struct gmem_owners_counts *counts)
{
	return counts->end || counts->stuck;
}

int owner_scan_until(struct cli *cli, const struct patience *patience, bool no_locks,
		     const volatile int *cancel, struct gmem_owners **owners)
{
	const struct gmem_owners_options options = {
		.size = sizeof(options),
		.no_mappings = no_locks,
		.deadline_ms = patience_left(patience),
		.cancel = cancel,
	};

	return gmem_owners_new(cli->ctx, &options, owners);
}

int owner_scan(struct cli *cli, const struct patience *patience, bool no_locks,
	       struct gmem_owners **owners)
{
	return owner_scan_until(cli, patience, no_locks, NULL, owners);
}

void owner_write_counts(struct output *out, const struct gmem_owners_counts *counts)
{
	output_group(out, "processes");
	output_fact(out, "seen", KIND_NUMBER, cell_number(counts->processes));
	output_fact(out, "denied", KIND_NUMBER, cell_number(counts->not_permitted));
	output_fact(out, "first_denied", KIND_NUMBER,
		    cell_number_if(counts->first_denied, (uint64_t)counts->first_denied));
	output_fact(out, "stuck", KIND_NUMBER, cell_number(counts->stuck));
	output_fact(out, "first_stuck", KIND_NUMBER,
		    cell_number_if(counts->first_stuck, (uint64_t)counts->first_stuck));
	output_fact(out, "left_out", KIND_NUMBER, cell_number(counts->left_out));
	output_fact(out, "hidden", KIND_BOOL, cell_number(counts->hidden));
	output_fact(out, "contained", KIND_BOOL, cell_number(counts->in_namespace));
	output_fact(out, "with_vm", KIND_NUMBER, cell_number(counts->vms));
	output_fact(out, "vm_only", KIND_NUMBER, cell_number(counts->vms_without));
	output_group_end(out);
}
