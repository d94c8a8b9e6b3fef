/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest_memfd from one look of top to the next: what the kernel counts now, the rate of that, and
 * the row of list as it was read last. Nothing here asks a kernel.
 */
#ifndef CLI_COMMANDS_TOP_GUEST_H
#define CLI_COMMANDS_TOP_GUEST_H

#include "commands/list/list.h"

/* What the kernel counts of a guest_memfd: it costs the same however large that is. */
struct guest_count {
	double at; /* seconds of the monotonic clock */
	bool known;
	uint64_t resident;   /* bytes */
	uint64_t changed_ns; /* st_ctime */
	size_t slots;
};

struct guest {
	uint64_t device; /* with inode, which one it is on the host */
	uint64_t inode;
	size_t index; /* in the scan that found it */
	pid_t pid;    /* its first owner by that scan, and */
	size_t processes;
	bool gone; /* nobody has it any more */

	struct guest_count count;
	bool has_rate;
	double rate;	    /* bytes a second that resident grows by; below 0 where it shrinks */
	bool settled;	    /* nothing had moved at the count before */
	unsigned int still; /* so many counts in a row were the same */
	bool unread;	    /* something moved that row does not know of */

	struct list_row row;
	char name[HELD_NAME_MAX + 1]; /* the row's, which list takes from a scan's names */
	bool has_row;
	double read_at; /* when row was read, and */
	double took;	/* how many seconds that needed */
};

/*
 * Takes over a new count: the rate, and whether row is out of date. The inode's time is that of the
 * last tick of the clock, so a look that found a change is followed by one that takes it for
 * changed whatever it says, as in libgmem/owners/watch.c.
 */
void guest_take_count(struct guest *guest, const struct guest_count *count);

/* Whether it has not changed for some time: one that does not is counted less often among many. */
bool guest_is_idle(const struct guest *guest);

/*
 * Whether its row is to be read now: at once after a change, but this takes at most a tenth of the
 * time. Without a change it is read from time to time, because a conversion or a change of the
 * direct map does not change the count of pages.
 */
bool guest_is_due(const struct guest *guest, double now);

/* The shortest time between two reads of what does not change, in seconds. */
#define GUEST_IDLE 20.0

enum guest_sort {
	SORT_RESIDENT,
	SORT_RATE,
	SORT_SIZE,
	SORT_PRIVATE,
	SORT_SHARED,
	SORT_PID,
	SORT_COMMAND,
	SORTS,
};

#define GUEST_SORTS "resident|rate|size|private|shared|pid|command"

/* One of the words of GUEST_SORTS; NULL past the last. */
const char *guest_sort_name(enum guest_sort sort);

/* Orders sorted: sizes and rates largest first, all else ascending, what is unknown last. */
void guests_sort(const struct guest **sorted, size_t n, enum guest_sort sort, bool reversed);

/* Resident memory as it was counted last; unknown without a reader of kernel memory. */
struct cell guest_resident(const struct guest *guest);

/* How sums are known: of all guests, or not at all. */
struct guest_sums {
	struct cell size, resident, private, shared;
	bool has_rate;
	double rate;
};

void guests_sum(const struct guest *const *guests, size_t n, struct guest_sums *sums);

#define RATE_TEXT_MAX 32

/* "+12.3M/s", "-1.50G/s", "0B/s": three digits, so that rounding is below a hundredth. */
const char *rate_format(double rate, char buffer[RATE_TEXT_MAX]);

/* The parts of a bar, in the order in which they stand in it. */
enum bar_part { BAR_MAPPED, BAR_UNMAPPED, BAR_UNKNOWN, BAR_ABSENT, BAR_PARTS };

/*
 * Shares n cells, at least BAR_PARTS, among parts of memory in bytes. What is there has a cell,
 * however small it is: one page that is not in the direct map is enough for a fault.
 */
void bar_fill(const uint64_t parts[BAR_PARTS], size_t n, size_t cells[BAR_PARTS]);

/* What the row of a guest says of its pages; false where it is not known. */
bool guest_bar(const struct guest *guest, uint64_t parts[BAR_PARTS]);

#endif
