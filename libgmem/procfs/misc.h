/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/misc, which everybody may read: the drivers of the kernel's misc devices. */
#ifndef GMEM_PROCFS_MISC_H
#define GMEM_PROCFS_MISC_H

#include "base/context.h"

/* Whether a driver registered that device: 1, 0, or -errno of reading the file. */
int gmem_misc_has(struct gmem_ctx *ctx, const char *name);

#endif
