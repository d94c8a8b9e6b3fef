/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /proc/PID says of a process: its mappings of guest_memfds, and the process of a thread. */
#ifndef GMEM_PROCFS_MAPS_H
#define GMEM_PROCFS_MAPS_H

#include "base/context.h"

/* A line of /proc/PID/maps that names a guest_memfd. */
struct gmem_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t dev;
	uint64_t ino;
};

typedef int (*gmem_mapping_fn)(const struct gmem_mapping *mapping, void *arg);

/*
 * Calls fn for each, ascending. *empty, where it is not NULL: there is no line at all, since the
 * task has no mm (any more). fn is called as a function of base/bounded.h is. Errors: of that, of
 * reading the file, what fn returns.
 */
int gmem_maps_read(struct gmem_ctx *ctx, pid_t pid, gmem_mapping_fn fn, void *arg, bool *empty);

/* The process that a thread is of: /proc/TID/status. Errors: ESRCH. */
int gmem_process_of(struct gmem_ctx *ctx, pid_t tid, pid_t *pid);

#endif
