/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/meminfo. */
#ifndef GMEM_PROCFS_MEMINFO_H
#define GMEM_PROCFS_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes that the file's text has for a key ("MemTotal"). Returns false where it has no such line.
 */
bool gmem_meminfo_bytes(const char *text, const char *key, uint64_t *bytes);

#endif
