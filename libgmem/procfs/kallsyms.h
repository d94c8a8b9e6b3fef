/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PROCFS_KALLSYMS_H
#define GMEM_PROCFS_KALLSYMS_H

#include "base/context.h"

/*
 * Whether the kernel or a loaded module has a function of that name: 1, 0, or the errno of reading
 * /proc/kallsyms; its names are readable for all. A function that a vendor backported is there
 * under its name.
 */
int gmem_kallsyms_has(struct gmem_ctx *ctx, const char *name);

#endif
