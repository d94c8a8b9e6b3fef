/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions for all commands that go through all guest_memfds of the host. */
#ifndef CLI_INSPECT_OWNER_H
#define CLI_INSPECT_OWNER_H

#include "core/cli.h"
#include "inspect/patience.h"

/*
 * Why the scan did not see all of the host, in words; NULL where it did. The text may stand in
 * buffer.
 */
const char *owner_unseen(const struct gmem_owners_counts *counts, char *buffer, size_t size);

/*
 * Whether the scan did not reach all processes: then something else is missing than processes that
 * may not be looked at.
 */
bool owner_left_out(const struct gmem_owners_counts *counts);

/*
 * One scan of the host, with the deadline of patience. As gmem_owners_new(). lint allows only this
 * file and watch.c to start a scan, so that each has a deadline.
 */
int owner_scan(struct cli *cli, const struct patience *patience, bool no_locks,
	       struct gmem_owners **owners);

/* The same, which ends with -ECANCELED as soon as *cancel is not 0: see gmem_cancel(). */
int owner_scan_until(struct cli *cli, const struct patience *patience, bool no_locks,
		     const volatile int *cancel, struct gmem_owners **owners);

/* Writes what the scan went through, as facts. */
void owner_write_counts(struct output *out, const struct gmem_owners_counts *counts);

#endif
