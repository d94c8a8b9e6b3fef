/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands share that go through all guest_memfds of the host. */
#ifndef CLI_INSPECT_OWNER_H
#define CLI_INSPECT_OWNER_H

#include "core/cli.h"
#include "inspect/patience.h"

/*
 * Why the scan did not see all of the host, in words; NULL where it did. The text may stand in
 * buffer.
 */
const char *owner_unseen(const struct gmem_owners_counts *counts, char *buffer, size_t size);

/* Whether it did not come to all: what is missing is then not what may not be looked at. */
bool owner_left_out(const struct gmem_owners_counts *counts);

/*
 * One scan of the host, as long as there is patience. As gmem_owners_new(). lint lets no other file
 * but watch.c start one: each has its deadline.
 */
int owner_scan(struct cli *cli, const struct patience *patience, bool no_locks,
	       struct gmem_owners **owners);

/* Writes what the scan went through, as facts. */
void owner_write_counts(struct output *out, const struct gmem_owners_counts *counts);

#endif
