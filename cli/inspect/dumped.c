// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/dumped.h"

#include <errno.h>
#include <inttypes.h>

#include "inspect/owner.h"

/* Whether the guest_memfd at index is wanted, and who has it. */
static bool is_wanted(const struct gmem_owners *owners, size_t index, const struct dumped *wanted,
		      struct gmem_owner *owner)
{
	struct gmem_owned owned = { .size = sizeof(owned) };

	gmem_owners_at(owners, index, &owned);
	if (wanted->by_inode) {
		owner->fd = TARGET_MAPPED;
		gmem_owners_owner(owners, index, 0, owner);
		return owned.inode == wanted->inode;
	}
	for (size_t i = 0; !gmem_owners_owner(owners, index, i, owner); i++)
		if (owner->pid == wanted->pid &&
		    (wanted->fd == DUMPED_ANY || owner->fd == wanted->fd))
			return true;
	return false;
}

/* The VM's own process is named first, where the inode was. */
static void name_primary(const struct gmem_owners *owners, size_t index, struct gmem_target *target,
			 struct gmem_owner *owner)
{
	struct gmem_target_info info = { .size = sizeof(info), .vm_pid = -1 };

	if (!gmem_target_get_info(target, &info))
		gmem_owners_primary(owners, index, info.vm_pid, owner);
}

static enum status visit(struct cli *cli, const struct gmem_owners *owners, size_t index,
			 const struct dumped *wanted, struct gmem_owner *owner, target_fn fn,
			 void *arg)
{
	struct gmem_target *target;
	enum status status;
	int ret = gmem_owners_open(owners, index, &target);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	if (wanted->by_inode)
		name_primary(owners, index, target, owner);
	status = fn(cli, owner->pid, owner->fd, target, arg);
	gmem_target_free(target);
	return status;
}

static enum status not_found(struct cli *cli, const struct dumped *wanted,
			     const struct gmem_owners_counts *counts)
{
	char text[256];
	const char *unseen = owner_unseen(counts, text, sizeof(text));

	if (unseen)
		return cli_fail(cli, STATUS_CANNOT_TELL, "it was not seen in the dump, but %s",
				unseen);
	if (wanted->by_inode)
		return cli_fail_as(cli, STATUS_FAILED, cause_of(FAILURE_NOT_FOUND),
				   "no guest_memfd in the dump has inode number %" PRIu64
				   "; gmemctl list tells which there are",
				   wanted->inode);
	return cli_fail_as(
		cli, STATUS_FAILED, cause_of(FAILURE_NOT_FOUND),
		"process %d has no such guest_memfd in the dump; gmemctl list tells which "
		"there are",
		(int)wanted->pid);
}

enum status dumped_each(struct cli *cli, const struct dumped *wanted, target_fn fn, void *arg)
{
	struct gmem_owners_counts counts = { .size = sizeof(counts) };
	struct gmem_owner owner = { .size = sizeof(owner) };
	enum status status = STATUS_YES;
	struct gmem_owners *owners;
	bool any = false;
	int ret = gmem_owners_new(cli->ctx, NULL, &owners);

	if (ret)
		return cli_fail_error(cli, ret, NULL);
	gmem_owners_get_counts(owners, &counts);
	for (size_t i = 0; i < counts.memories; i++) {
		if (!is_wanted(owners, i, wanted, &owner))
			continue;
		any = true;
		status = status_worst(status, visit(cli, owners, i, wanted, &owner, fn, arg));
	}
	if (!any)
		status = not_found(cli, wanted, &counts);
	gmem_owners_free(owners);
	return status;
}
