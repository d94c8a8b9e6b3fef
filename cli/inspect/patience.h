/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a command goes through the processes of a host, and what they have. */
#ifndef CLI_INSPECT_PATIENCE_H
#define CLI_INSPECT_PATIENCE_H

#include <stdbool.h>

#define PATIENCE_DEFAULT 45.0 /* seconds: the services have 60 (TimeoutStartSec) */

struct patience {
	double deadline; /* of the monotonic clock, in seconds */
};

/* So many seconds from now; 0 for the default. */
void patience_begin(struct patience *patience, double seconds);

/* What is left of the time, in milliseconds, at least 1. */
unsigned int patience_left(const struct patience *patience);
bool patience_is_over(const struct patience *patience);

#endif
