/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a command is, on standard error, if that is a terminal. It is drawn again several times a
 * second, and removed at the end. What the command itself prints comes before or after it.
 */
#ifndef CLI_CORE_PROGRESS_H
#define CLI_CORE_PROGRESS_H

#include "core/cli.h"

struct progress {
	FILE *to;
	bool shown;
	bool drawn;
	bool steps;	 /* counts steps and not bytes: each is drawn */
	uint64_t before; /* for the caller: what is done of parts that are over, and */
	uint64_t start;	 /* where the part begins that is being done */
	uint64_t length; /* of all */
	uint64_t done;
	int64_t since; /* ms, and */
	int64_t next;  /* drawing at the soonest */
};

#define PROGRESS_DELAY 1000 /* ms: work that ends earlier shows no progress */
#define PROGRESS_REDRAW 100 /* ms from one drawing to the next */

/*
 * Begins, with nothing done of length bytes. The first drawing comes after delay ms at the soonest.
 * Nothing is ever drawn under --quiet, nor under --verbose, because its lines go to the same
 * terminal.
 */
void progress_begin(struct progress *progress, const struct cli *cli, uint64_t length,
		    int64_t delay);

/*
 * This much is done; what is the name of the current part, NULL for no name. Progress never goes
 * back.
 */
void progress_at(struct progress *progress, uint64_t done, const char *what);

/* Removes it; called before any message, and before rows are drawn. */
void progress_end(struct progress *progress);

#endif
