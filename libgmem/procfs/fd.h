/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PROCFS_FD_H
#define GMEM_PROCFS_FD_H

#include "base/context.h"

/* Whether a link of /proc/PID/fd, or the path in a line of maps, reads as a guest_memfd's does. */
bool gmem_link_may_be_guest_memfd(const char *link);

/* Path of the link of a descriptor; pid 0 is this process. */
void gmem_fd_path(pid_t pid, int fd, char *path, size_t size);

/*
 * Whether fd, open in this process, is a guest_memfd: 1, 0, or an errno. ENODATA: it reads as one, and
 * this kernel does not tell its file system without asking that file system's server.
 */
int gmem_is_guest_memfd(struct gmem_ctx *ctx, int fd);

#endif
