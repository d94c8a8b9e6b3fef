/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands before the text of a kernel log's line. */
#ifndef GMEM_OOPS_PREFIX_H
#define GMEM_OOPS_PREFIX_H

#include <stddef.h>

/*
 * Passes over the prefixes of dmesg, /dev/kmsg, syslog, the journal and pstore, and over blanks.
 * Returns the text; caller (OOPS_CALLER_MAX bytes) gets the thread or CPU that printed it, or "".
 */
const char *oops_prefix(const char *line, char *caller);

/* Removes in place what terminals obey: sequences of ESC, carriage returns. Returns the length. */
size_t oops_clean(char *line, size_t length);

#endif
