/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NUMA nodes for callers within the library, which have begun a call of their own. */
#ifndef GMEM_PROCFS_NODES_H
#define GMEM_PROCFS_NODES_H

#include "base/context.h"

/* As gmem_nodes_new(), without an explanation. */
int gmem_nodes_read(struct gmem_ctx *ctx, struct gmem_nodes **out);

/* The node of that number, or NULL. */
const struct gmem_node *gmem_nodes_find(const struct gmem_nodes *nodes, int number);

/* Whether a list of numbers as the kernel writes it ("0-3,8") has that one. */
bool gmem_list_has(const char *list, unsigned long number);

#endif
