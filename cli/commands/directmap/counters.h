/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the DirectMap lines of /proc/meminfo differ from the page tables. */
#ifndef CLI_COMMANDS_DIRECTMAP_COUNTERS_H
#define CLI_COMMANDS_DIRECTMAP_COUNTERS_H

#include <gmem/directmap.h>

/* The cause, as far as the sums show it. A static text. Only for a summary in which they differ. */
const char *counters_differ(const struct gmem_directmap_summary *summary);

#endif
