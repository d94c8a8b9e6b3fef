/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PROCFS_CONTAINER_H
#define GMEM_PROCFS_CONTAINER_H

#include "base/context.h"

/* Whether this is a container or another cgroup than the root one. */
bool gmem_is_container(struct gmem_ctx *ctx);

#endif
