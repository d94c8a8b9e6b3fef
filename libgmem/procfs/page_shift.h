/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How large the kernel's pages are, where the port does not know it: of the files of a host. */
#ifndef GMEM_PROCFS_PAGE_SHIFT_H
#define GMEM_PROCFS_PAGE_SHIFT_H

#include "base/context.h"

/*
 * Fills page_shift and page_unknown of a new context, which has its release. A kernel of arm64 was
 * configured for one size. Errors: ENOMEM.
 */
int gmem_page_shift_learn(struct gmem_ctx *ctx);

#endif
