// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/top/guest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row that is out of date is read again after so many times what reading it took. */
#define BUSY_SHARE 10

/* The same for one of which nothing moved, which also waits for GUEST_IDLE. */
#define IDLE_SHARE 1000

/* Counts in a row that were the same, of a guest that is called idle. */
#define STILL_IDLE 3

void guest_take_count(struct guest *guest, const struct guest_count *count)
{
	const struct guest_count *before = &guest->count;
	bool moved = count->known != before->known || count->resident != before->resident ||
		     count->changed_ns != before->changed_ns || count->slots != before->slots;
	double passed = count->at - before->at;

	guest->has_rate = before->known && count->known && passed > 0;
	if (guest->has_rate)
		guest->rate = ((double)count->resident - (double)before->resident) / passed;
	if (moved || !guest->settled)
		guest->unread = true;
	guest->settled = !moved;
	guest->still = moved ? 0 : guest->still + 1;
	guest->count = *count;
}

bool guest_is_idle(const struct guest *guest)
{
	return guest->has_row && !guest->unread && guest->still >= STILL_IDLE;
}

bool guest_is_due(const struct guest *guest, double now)
{
	double passed = now - guest->read_at;

	if (!guest->has_row)
		return true;
	if (guest->unread)
		return passed >= BUSY_SHARE * guest->took;
	return passed >= GUEST_IDLE && passed >= IDLE_SHARE * guest->took;
}

static const char *const sort_names[SORTS] = {
	[SORT_RESIDENT] = "resident", [SORT_RATE] = "rate",	[SORT_SIZE] = "size",
	[SORT_PRIVATE] = "private",   [SORT_SHARED] = "shared", [SORT_PID] = "pid",
	[SORT_COMMAND] = "command",
};

const char *guest_sort_name(enum guest_sort sort)
{
	return (unsigned int)sort < SORTS ? sort_names[sort] : NULL;
}

struct cell guest_resident(const struct guest *guest)
{
	return cell_number_if(guest->count.known, guest->count.resident);
}

/* What is sorted by, largest first. False where it is unknown. */
static bool sort_number(const struct guest *guest, enum guest_sort sort, double *number)
{
	static const enum list_column columns[SORTS] = {
		[SORT_SIZE] = LIST_SIZE,
		[SORT_PRIVATE] = LIST_PRIVATE,
		[SORT_SHARED] = LIST_SHARED,
		[SORT_PID] = LIST_PID,
	};
	struct cell cell =
		sort == SORT_RESIDENT ? guest_resident(guest) : guest->row.cells[columns[sort]];

	if (sort == SORT_RATE) {
		*number = fabs(guest->rate);
		return guest->has_rate;
	}
	*number = sort == SORT_PID ? -(double)cell.number : (double)cell.number;
	return cell.known;
}

static int compare(const struct guest *a, const struct guest *b, enum guest_sort sort)
{
	const struct cell *x = &a->row.cells[LIST_COMMAND], *y = &b->row.cells[LIST_COMMAND];
	double m = 0, n = 0;

	if (sort == SORT_COMMAND)
		return strcmp(x->known ? x->text : "", y->known ? y->text : "");
	sort_number(a, sort, &m);
	sort_number(b, sort, &n);
	return (m < n) - (m > n);
}

static bool is_known(const struct guest *guest, enum guest_sort sort)
{
	double number;

	return sort == SORT_COMMAND ? guest->row.cells[LIST_COMMAND].known
				    : sort_number(guest, sort, &number);
}

struct order {
	enum guest_sort sort;
	bool reversed;
};

/* Those that are alike stay where they are from one look to the next: by device and inode. */
static int compare_guests(const void *a, const void *b, void *arg)
{
	const struct guest *const *x = a, *const *y = b;
	const struct order *order = arg;
	int known = (int)is_known(*y, order->sort) - (int)is_known(*x, order->sort);
	int comparison = known ? known : compare(*x, *y, order->sort);

	if (!known && order->reversed)
		comparison = -comparison;
	if (comparison)
		return comparison;
	if ((*x)->device != (*y)->device)
		return (*x)->device < (*y)->device ? -1 : 1;
	return ((*x)->inode > (*y)->inode) - ((*x)->inode < (*y)->inode);
}

void guests_sort(const struct guest **sorted, size_t n, enum guest_sort sort, bool reversed)
{
	struct order order = { .sort = sort, .reversed = reversed };

	qsort_r(sorted, n, sizeof(*sorted), compare_guests, &order);
}

/* A sum of what is known only would be too small without saying so. */
static void add(struct cell *sum, const struct cell *cell)
{
	sum->known = sum->known && cell->known;
	sum->number += cell->number;
}

void guests_sum(const struct guest *const *guests, size_t n, struct guest_sums *sums)
{
	*sums = (struct guest_sums){
		.size = { .known = true },
		.resident = { .known = true },
		.private = { .known = true },
		.shared = { .known = true },
		.has_rate = n > 0,
	};
	for (size_t i = 0; i < n; i++) {
		struct cell resident = guest_resident(guests[i]);

		add(&sums->size, &guests[i]->row.cells[LIST_SIZE]);
		add(&sums->resident, &resident);
		add(&sums->private, &guests[i]->row.cells[LIST_PRIVATE]);
		add(&sums->shared, &guests[i]->row.cells[LIST_SHARED]);
		sums->has_rate = sums->has_rate && guests[i]->has_rate;
		sums->rate += guests[i]->rate;
	}
}

const char *rate_format(double rate, char buffer[RATE_TEXT_MAX])
{
	static const char units[] = "BKMGTPE";
	double number = fabs(rate);
	size_t unit = 0;

	if (number < 0.5) {
		snprintf(buffer, RATE_TEXT_MAX, "0B/s");
		return buffer;
	}
	/* 1023.5 has four digits when it is rounded, and so is 1.00 of the next unit. */
	while (number >= 999.5 && units[unit + 1]) {
		number /= 1024;
		unit++;
	}
	snprintf(buffer, RATE_TEXT_MAX, "%c%.*f%c/s", rate < 0 ? '-' : '+',
		 !unit || number >= 99.95 ? 0
		 : number >= 9.995	  ? 1
					  : 2,
		 number, units[unit]);
	return buffer;
}

static enum bar_part largest(const size_t cells[BAR_PARTS])
{
	enum bar_part part = BAR_MAPPED;

	for (int i = BAR_MAPPED; i < BAR_PARTS; i++)
		if (cells[i] > cells[part])
			part = (enum bar_part)i;
	return part;
}

void bar_fill(const uint64_t parts[BAR_PARTS], size_t n, size_t cells[BAR_PARTS])
{
	unsigned __int128 total = 0;
	size_t used = 0;

	for (int i = 0; i < BAR_PARTS; i++)
		total += parts[i];
	for (int i = 0; i < BAR_PARTS; i++) {
		cells[i] = total ? (size_t)((unsigned __int128)parts[i] * n / total) : 0;
		if (parts[i] && !cells[i])
			cells[i] = 1;
		used += cells[i];
	}
	if (!total)
		cells[BAR_ABSENT] = used = n;
	/* What rounding left, or took too much of. */
	for (; used < n; used++)
		cells[largest(cells)]++;
	for (; used > n; used--)
		cells[largest(cells)]--;
}

bool guest_bar(const struct guest *guest, uint64_t parts[BAR_PARTS])
{
	const struct cell *cells = guest->row.cells;
	const struct cell *state = &cells[LIST_DIRECT_MAP], *size = &cells[LIST_SIZE];
	uint64_t pages;

	if (!state->known || !cells[LIST_IN_DIRECT_MAP].known)
		return false;
	parts[BAR_MAPPED] = cells[LIST_IN_DIRECT_MAP].number;
	parts[BAR_UNMAPPED] = cells[LIST_NOT_IN_DIRECT_MAP].number;
	parts[BAR_UNKNOWN] = cells[LIST_DIRECT_MAP_UNKNOWN].number;
	/* Where a part of the page cache could not be read, nobody knows how many pages it has. */
	if (!parts[BAR_UNKNOWN] && !strcmp(state->text, "unknown"))
		parts[BAR_UNKNOWN] = 1;
	pages = parts[BAR_MAPPED] + parts[BAR_UNMAPPED] + parts[BAR_UNKNOWN];
	parts[BAR_ABSENT] = size->number > pages ? size->number - pages : 0;
	return true;
}
