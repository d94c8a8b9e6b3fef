/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a command goes through the processes of a host. Another process can make the scan long,
 * and it can make a call of the kernel wait that only the end of this process ends.
 */
#ifndef CLI_INSPECT_PATIENCE_H
#define CLI_INSPECT_PATIENCE_H

#include <pthread.h>
#include "core/cli.h"

#define PATIENCE_DEFAULT 45.0 /* seconds: the services have 60 (TimeoutStartSec) */

struct patience {
	struct cli *cli;
	double deadline;	    /* of the monotonic clock, in seconds */
	const volatile int *cancel; /* a signal came in; NULL: signals end the process */
	volatile pid_t at;	    /* the process that is being looked at */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool watches;
	bool done;
};

/*
 * Begins to watch: where a scan does not come back soon after so many seconds, or after a signal,
 * the command ends all the same, with a message and its document. cancel may be NULL.
 */
void patience_begin(struct patience *patience, struct cli *cli, double seconds,
		    const volatile int *cancel);
void patience_end(struct patience *patience);

/* What is left of the time, in milliseconds, at least 1. */
unsigned int patience_left(const struct patience *patience);
bool patience_is_over(const struct patience *patience);

#endif
