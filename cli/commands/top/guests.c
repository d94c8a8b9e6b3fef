// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/top/guests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "inspect/owner.h"
#include "inspect/patience.h"

/* The processes are scanned again after so many times what that took, and after SCAN_MAX at the
 * latest. */
#define SCAN_SHARE 500
#define SCAN_MAX 10.0

/*
 * How many guests that do not change are counted at a look, in turn: opening one takes 60 us, which
 * with hundreds of them at a look a second would be per cents of a CPU. The others are always
 * counted.
 */
#define IDLE_COUNTED 16

void guests_begin(struct guests *guests, struct cli *cli, const struct guests_options *options)
{
	int ret = cli_open_reader(cli);

	*guests = (struct guests){
		.cli = cli,
		.options = options,
		.counts = { .size = sizeof(guests->counts) },
		.want = {
			.kernel = !ret,
			.usage = true,
			.attributes = true,
			.shared = true,
			.no_shared = options->no_locks ? LIST_NO_LOCKS : NULL,
			.no_kernel = guests->no_kernel,
			.names = &guests->names,
		},
	};
	if (cli->common.reader == READER_NONE)
		guests->want.no_kernel = "--reader=none forbids reading kernel memory";
	else if (ret)
		cli_explain(cli, ret, guests->no_kernel, sizeof(guests->no_kernel));
}

static void free_guest(struct guest *guest)
{
	if (guest)
		list_row_free(&guest->row);
	free(guest);
}

static void free_list(struct guest **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free_guest(list[i]);
	free(list);
}

void guests_free(struct guests *guests)
{
	free_list(guests->list, guests->n);
	list_free_names(&guests->names);
	gmem_owners_free(guests->owners);
}

/* The guest of that name among those before, which then belongs to the caller; or a new one. */
static struct guest *take_guest(struct guests *guests, size_t *old, const struct gmem_owned *owned)
{
	struct guest *guest;

	for (; *old < guests->n; ++*old) {
		guest = guests->list[*old];
		if (guest->device > owned->device ||
		    (guest->device == owned->device && guest->inode > owned->inode))
			break;
		if (guest->device == owned->device && guest->inode == owned->inode) {
			guests->list[*old] = NULL;
			++*old;
			return guest;
		}
	}
	guest = calloc(1, sizeof(*guest));
	if (guest) {
		guest->device = owned->device;
		guest->inode = owned->inode;
	}
	return guest;
}

/* What the row says of processes is out of date where others have it now. */
static void note_owners(struct guests *guests, struct guest *guest, const struct gmem_owned *owned)
{
	struct gmem_owner owner = { .size = sizeof(owner) };

	gmem_owners_owner(guests->owners, guest->index, 0, &owner);
	if (guest->has_row && (owner.pid != guest->pid || owned->processes != guest->processes))
		guest->unread = true;
	/* Without a reader a row has nothing but what the scan found. */
	if (!guests->want.kernel)
		guest->has_row = false;
	guest->pid = owner.pid;
	guest->processes = owned->processes;
	guest->gone = false;
}

/* Puts what the scan found in the place of what was known, and keeps what is in both. */
static int take_scan(struct guests *guests)
{
	struct gmem_owned owned = { .size = sizeof(owned) };
	struct guest **list = calloc(guests->counts.memories + 1, sizeof(struct guest *));
	size_t n = 0, old = 0;
	int ret = list ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && !gmem_owners_at(guests->owners, i, &owned); i++) {
		struct guest *guest = take_guest(guests, &old, &owned);

		if (!guest) {
			ret = -ENOMEM;
			break;
		}
		guest->index = i;
		note_owners(guests, guest, &owned);
		list[n++] = guest;
	}
	free_list(guests->list, guests->n);
	guests->list = list;
	guests->n = n;
	return ret;
}

static int scan(struct guests *guests, const struct patience *patience)
{
	struct gmem_owners *owners;
	double since = now_seconds();
	int ret = owner_scan_until(guests->cli, patience, guests->options->no_locks,
				   interrupt_flag(), &owners);

	if (ret)
		return ret;
	gmem_owners_free(guests->owners);
	guests->owners = owners;
	gmem_owners_get_counts(owners, &guests->counts);
	list_free_names(&guests->names);
	guests->names = (struct list_names){ .n = 0 };
	if (list_find_names(guests->cli, &guests->names))
		return -ENOMEM;
	ret = take_scan(guests);
	guests->scanned_at = now_seconds();
	guests->scan_took = guests->scanned_at - since;
	return ret;
}

static bool scan_is_due(const struct guests *guests, double now)
{
	double wait = SCAN_SHARE * guests->scan_took;

	return !guests->owners || now - guests->scanned_at >= (wait < SCAN_MAX ? wait : SCAN_MAX);
}

int guests_open(const struct guests *guests, const struct guest *guest, struct gmem_target **out)
{
	return gmem_owners_open(guests->owners, guest->index, out);
}

/* What is not known of one, such as of a process that keeps the kernel waiting, is no failure. */
static int count(struct guests *guests, struct guest *guest)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	struct guest_count now = { .known = false };
	struct gmem_target *target;
	int ret = guests_open(guests, guest, &target);

	if (!ret) {
		ret = gmem_target_get_info(target, &info);
		now.at = now_seconds();
		gmem_target_free(target);
	}
	guest->gone = ret == -ESRCH;
	if (guest->gone || ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE)
		return guest->gone ? 0 : ret;
	if (!ret) {
		now.known = info.has_resident;
		now.resident = info.resident;
		now.changed_ns = info.changed_ns;
		now.slots = info.slots;
	}
	guest_take_count(guest, &now);
	return 0;
}

/* The names are freed with the scan that found them, and a row lives longer. */
static void keep_name(struct guest *guest)
{
	struct cell *name = &guest->row.cells[LIST_NAME];

	if (!name->known)
		return;
	snprintf(guest->name, sizeof(guest->name), "%s", name->text);
	*name = cell_text(guest->name);
}

static int read_row(struct guests *guests, struct guest *guest)
{
	double since = now_seconds();
	int ret;

	list_row_free(&guest->row);
	ret = list_survey(guests->cli, guests->owners, guest->index, &guests->want, &guest->row);
	guest->gone = ret == -ESRCH;
	guest->has_row = !ret;
	keep_name(guest);
	guest->unread = false;
	guest->read_at = now_seconds();
	guest->took = guest->read_at - since;
	return guest->gone ? 0 : ret;
}

static int look_at(struct guests *guests, struct guest *guest, bool all)
{
	int ret = guests->want.kernel ? count(guests, guest) : 0;

	if (ret || guest->gone)
		return ret;
	return all || guest_is_due(guest, now_seconds()) ? read_row(guests, guest) : 0;
}

static bool is_its_turn(const struct guests *guests, size_t i)
{
	return (i + guests->n - guests->turn % guests->n) % guests->n < IDLE_COUNTED;
}

static int look_at_all(struct guests *guests, const struct patience *patience, bool all)
{
	int ret = 0;

	guests->want.patience = patience;
	for (size_t i = 0; !ret && !interrupted() && i < guests->n; i++)
		if (all || !guest_is_idle(guests->list[i]) || is_its_turn(guests, i))
			ret = look_at(guests, guests->list[i], all);
	guests->want.patience = NULL;
	guests->turn += IDLE_COUNTED;
	return ret;
}

/* The next scan tells whether another process has it. */
static void drop_gone(struct guests *guests)
{
	size_t kept = 0;

	for (size_t i = 0; i < guests->n; i++) {
		if (guests->list[i]->gone)
			free_guest(guests->list[i]);
		else
			guests->list[kept++] = guests->list[i];
	}
	if (kept < guests->n)
		guests->scanned_at = 0;
	guests->n = kept;
}

int guests_look(struct guests *guests, bool all)
{
	struct patience patience;
	int ret = 0;

	patience_begin(&patience, guests->options->deadline);
	if (all || scan_is_due(guests, now_seconds()))
		ret = scan(guests, &patience);
	if (!ret)
		ret = look_at_all(guests, &patience, all);
	drop_gone(guests);
	return ret;
}
