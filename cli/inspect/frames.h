/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What page frames are, and which guest_memfd has them: a row each. */
#ifndef CLI_INSPECT_FRAMES_H
#define CLI_INSPECT_FRAMES_H

#include "core/cli.h"

extern const struct table frames_table;

/*
 * Looks n page frames up and writes them, in that order, and the evidence. no_locks leaves out what
 * takes a process's mmap_lock, see gmem_owners_options: memory that is only mapped. The scan for
 * owners ends after deadline seconds, 0: the default. Returns a status.
 */
enum status frames_show(struct cli *cli, const uint64_t *pfns, size_t n, bool no_locks,
			double deadline);

#endif
