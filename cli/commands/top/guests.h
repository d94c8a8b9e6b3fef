/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest_memfds of the host from one look to the next. A look counts the pages of each, which is
 * cheap, and reads again only what may have changed; the processes of the host are scanned now and
 * then.
 */
#ifndef CLI_COMMANDS_TOP_GUESTS_H
#define CLI_COMMANDS_TOP_GUESTS_H

#include "commands/top/guest.h"

struct guests_options {
	bool no_locks;
	double deadline; /* of each look; 0 for the default */
};

struct guests {
	struct cli *cli;
	const struct guests_options *options;
	struct gmem_owners *owners; /* of the last scan; NULL before the first */
	struct gmem_owners_counts counts;
	double scanned_at; /* when it ended, and */
	double scan_took;  /* how many seconds it needed */
	struct list_names names;
	struct list_want want;
	char no_kernel[1024];
	struct guest **list; /* ascending by device and inode */
	size_t n;
	size_t turn; /* from this one on idle guests are counted, see IDLE_COUNTED */
};

/* Opens the reader of kernel memory; without one, only what the scan finds is known. */
void guests_begin(struct guests *guests, struct cli *cli, const struct guests_options *options);
void guests_free(struct guests *guests);

/*
 * One look. all: everything is read again. Returns 0, or a negative errno of libgmem, -ECANCELED
 * where a signal came.
 */
int guests_look(struct guests *guests, bool all);

/* Opens one for as long as its pages are gone through. As gmem_owners_open(). */
int guests_open(const struct guests *guests, const struct guest *guest, struct gmem_target **out);

#endif
