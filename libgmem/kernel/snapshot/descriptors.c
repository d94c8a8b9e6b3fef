// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors of this kernel: its own numbers, so that none is mistaken for one of the process. */
#include <errno.h>
#include <unistd.h>

#include "kernel/snapshot/snapshot.h"

#define FIRST 0x10000 /* above what a process has by default */

int gmem_snapshot_take(struct gmem_snapshot *snapshot, const struct gmem_snapshot_open *what)
{
	for (int i = 0; i < GMEM_SNAPSHOT_OPEN_MAX; i++) {
		if (snapshot->open[i].kind != GMEM_OPEN_NOTHING)
			continue;
		snapshot->open[i] = *what;
		return FIRST + i;
	}
	return -EMFILE;
}

struct gmem_snapshot_open *gmem_snapshot_get(struct gmem_snapshot *snapshot, int fd)
{
	if (fd < FIRST || fd >= FIRST + GMEM_SNAPSHOT_OPEN_MAX ||
	    snapshot->open[fd - FIRST].kind == GMEM_OPEN_NOTHING)
		return NULL;
	return &snapshot->open[fd - FIRST];
}
