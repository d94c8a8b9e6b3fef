/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PROCFS_FD_H
#define GMEM_PROCFS_FD_H

#include "base/context.h"

/* What a link of /proc/PID/fd, or a line of maps, to a guest_memfd contains on every kernel. */
#define GMEM_LINK_MARK "[kvm-gmem]"

/* Path of the link of a descriptor; pid 0 is this process. */
void gmem_fd_path(pid_t pid, int fd, char *path, size_t size);

/* Whether fd, open in this process, is a guest_memfd: 1, 0, or an errno. */
int gmem_is_guest_memfd(struct gmem_ctx *ctx, int fd);

#endif
