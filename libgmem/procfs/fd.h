/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PROCFS_FD_H
#define GMEM_PROCFS_FD_H

#include "base/context.h"

/*
 * Whether the text of a link of /proc/PID/fd, or the path in a line of maps, is like that of a
 * guest_memfd.
 */
bool gmem_link_may_be_guest_memfd(const char *link);

/* Whether such a link is that of a VM's descriptor, and of a vCPU's. No file has a link like it. */
bool gmem_link_is_vm(const char *link);
bool gmem_link_is_vcpu(const char *link);

/* Path of the link of a descriptor; pid 0 is this process. */
void gmem_fd_path(pid_t pid, int fd, char *path, size_t size);

/* "this process" for pid 0, else "process 7"; for words. Returns name. */
#define GMEM_PROCESS_NAME_MAX 24
const char *gmem_process_name(pid_t pid, char name[GMEM_PROCESS_NAME_MAX]);

/* Fails with ESRCH: there is no such process; of pid 0, no /proc. */
int gmem_no_process(struct gmem_ctx *ctx, pid_t pid);

/*
 * Whether fd, open in this process, is a guest_memfd: 1, 0, or an errno. ENODATA: its link is like
 * that of a guest_memfd, or there is no /proc, and this kernel does not tell the file system
 * without asking its server. If ask is set the server is asked, which may take for ever.
 */
int gmem_is_guest_memfd(struct gmem_ctx *ctx, int fd, bool ask);

/*
 * Whether the link of fd, open in this process, is one that is() knows: 1, 0, or an errno. ENODATA:
 * fd is open, and there is no /proc to tell what it is.
 */
int gmem_fd_link_is(struct gmem_ctx *ctx, int fd, bool (*is)(const char *link));

/* Whether fd is open in this process, and with O_PATH: calls on what it stands for then fail. */
bool gmem_fd_is_path(struct gmem_ctx *ctx, int fd);

#endif
