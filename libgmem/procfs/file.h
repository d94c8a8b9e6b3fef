/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files and links of /proc and /sys, through the port. */
#ifndef GMEM_PROCFS_FILE_H
#define GMEM_PROCFS_FILE_H

#include "base/context.h"

/*
 * Reads a whole file of /proc or /sys through the port, NUL-terminated; *out is freed by the
 * caller. No explanation is set. Errors: of open and read; EFBIG above 16 MiB.
 */
int gmem_read_file(struct gmem_ctx *ctx, const char *path, char **out, size_t *length);

/* First line of such a file, without its newline, cut to size. Errors: as gmem_read_file(). */
int gmem_read_line(struct gmem_ctx *ctx, const char *path, char *line, size_t size);

/* 1, 0, or -errno where the path could not be looked for. */
int gmem_path_exists(struct gmem_ctx *ctx, const char *path);

/* Process id of the caller as the kernel of ctx has it, or 0. */
pid_t gmem_own_pid(struct gmem_ctx *ctx);

#endif
