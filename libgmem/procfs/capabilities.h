/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why another process may not be looked at. */
#ifndef GMEM_PROCFS_CAPABILITIES_H
#define GMEM_PROCFS_CAPABILITIES_H

#include "base/context.h"

/* What the caller wanted to look at. */
enum gmem_guarded { GMEM_GUARDED_FDS, GMEM_GUARDED_ALL /* mappings, too */ };

/* Effective capabilities of this process, a bit each. Errors: of /proc/self/status; ENODATA. */
int gmem_capabilities_effective(struct gmem_ctx *ctx, uint64_t *out);

/*
 * After EACCES or EPERM: says which privilege this process lacks. If it lacks none, says that the
 * other process is guarded also from root. Static storage.
 */
const char *gmem_guard_why(struct gmem_ctx *ctx, enum gmem_guarded what);

#endif
