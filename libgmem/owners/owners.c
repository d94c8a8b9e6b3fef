// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a scan found, as the public API hands it out. */
#include "owners/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounded.h"
#include "base/error.h"
#include "base/options.h"
#include "procfs/capabilities.h"

int gmem_owners_new(struct gmem_ctx *ctx, const struct gmem_owners_options *options,
		    struct gmem_owners **out)
{
	struct gmem_owners_options wanted;
	struct gmem_owners *owners;
	int ret;

	gmem_begin(ctx);
	ret = gmem_options_copy(ctx, "gmem_owners_options", &wanted, sizeof(wanted), options);
	if (ret)
		return ret;
	owners = calloc(1, sizeof(*owners));
	if (!owners)
		return gmem_no_memory(ctx, "the owners");
	owners->ctx = ctx;
	ret = ctx->kernel->ops->dump ? gmem_owners_scan_recorded(owners, &wanted)
				     : gmem_owners_scan(owners, &wanted);
	if (ret) {
		gmem_owners_free(owners);
		return ret;
	}
	if (owners->counts.not_permitted && !owners->counts.why_denied)
		owners->counts.why_denied = gmem_guard_why(ctx, GMEM_GUARDED_ALL);
	*out = owners;
	return 0;
}

void gmem_owners_free(struct gmem_owners *owners)
{
	if (!owners)
		return;
	for (size_t i = 0; i < owners->counts.memories; i++)
		free(owners->list[i].owners);
	free(owners->list);
	gmem_groups_free(&owners->groups);
	free(owners);
}

int gmem_owners_get_counts(const struct gmem_owners *owners, struct gmem_owners_counts *out)
{
	gmem_begin(owners->ctx);
	return GMEM_FILL_OUT(owners->ctx, gmem_owners_counts, first_stuck, out, &owners->counts);
}

int gmem_owners_at(const struct gmem_owners *owners, size_t index, struct gmem_owned *out)
{
	const struct gmem_owned_entry *entry;
	struct gmem_owned owned;

	gmem_begin(owners->ctx);
	if (index >= owners->counts.memories)
		return -ENOENT;
	entry = &owners->list[index];
	owned = (struct gmem_owned){
		.device = entry->dev,
		.inode = entry->ino,
		.memory_size = entry->size,
		.owners = entry->owner_count,
		.processes = entry->processes,
		.descriptors = entry->descriptors,
	};
	return GMEM_FILL_OUT(owners->ctx, gmem_owned, descriptors, out, &owned);
}

/*
 * pid: the named process, if it has the table or address space by which the entry was found; else
 * 0.
 */
static int tell_owner(const struct gmem_owners *owners, const struct gmem_owner_entry *entry,
		      pid_t pid, struct gmem_owner *out)
{
	struct gmem_owner owner = entry->owner;

	owner.command = entry->command;
	if (pid)
		owner.pid = pid;
	return GMEM_FILL_OUT(owners->ctx, gmem_owner, path_only, out, &owner);
}

int gmem_owners_owner(const struct gmem_owners *owners, size_t index, size_t owner,
		      struct gmem_owner *out)
{
	gmem_begin(owners->ctx);
	if (index >= owners->counts.memories || owner >= owners->list[index].owner_count)
		return -ENOENT;
	return tell_owner(owners, &owners->list[index].owners[owner], 0, out);
}

/* A dump has no /proc that tells: there it is taken for a process's first thread. */
static int process_of(struct gmem_ctx *ctx, pid_t thread, pid_t *process)
{
	*process = thread;
	return ctx->kernel->ops->dump ? 0 : gmem_process_of(ctx, thread, process);
}

int gmem_owners_primary(const struct gmem_owners *owners, size_t index, pid_t thread,
			struct gmem_owner *out)
{
	const struct gmem_owner_entry *entry = NULL;
	pid_t process = 0;

	gmem_begin(owners->ctx);
	if (index >= owners->counts.memories || !owners->list[index].owner_count)
		return -ENOENT;
	if (thread > 0 && !owners->counts.in_namespace &&
	    !process_of(owners->ctx, thread, &process))
		entry = gmem_owned_by(owners, &owners->list[index], process);
	if (!entry)
		return tell_owner(owners, owners->list[index].owners, 0, out);
	/*
	 * The entry was found through another process; this one shares that table or address space.
	 */
	return tell_owner(owners, entry, entry->process != process ? process : 0, out);
}

/* Descriptors and addresses may have come to hold something else: the inode must be the same. */
static int open_owned(const struct gmem_owners *owners, const struct gmem_owned_entry *owned,
		      const struct gmem_owner *owner, struct gmem_target **out)
{
	char path[GMEM_OWNER_PATH_MAX];
	struct gmem_target *target;
	int ret;

	gmem_owner_path(owner, path);
	ret = gmem_target_open_path(owners->ctx, path, &target);
	if (ret)
		return ret;
	if (target->dev != owned->dev || target->ino != owned->ino) {
		gmem_target_free(target);
		return -ESRCH;
	}
	*out = target;
	return 0;
}

int gmem_owners_open(const struct gmem_owners *owners, size_t index, struct gmem_target **out)
{
	const struct gmem_owned_entry *owned;
	int worst = -ESRCH, waited = 0;

	gmem_begin(owners->ctx);
	if (index >= owners->counts.memories)
		return gmem_fail(owners->ctx, -ENOENT, "there is no guest_memfd %zu in the list",
				 index);
	owned = &owners->list[index];
	if (owned->address)
		return gmem_target_at(owners->ctx, owned->address, owned->dev, out);
	for (size_t i = 0; i < owned->owner_count; i++) {
		int ret = open_owned(owners, owned, &owned->owners[i].owner, out);

		if (!ret)
			return 0;
		if (ret == -EACCES || ret == -EPERM)
			worst = -EACCES;
		else if (ret == -ETIMEDOUT || ret == -EBUSY || ret == -EAGAIN)
			waited = ret;
		else if (ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE)
			return gmem_fail(owners->ctx, ret, "inode %llu: %s",
					 (unsigned long long)owned->ino, strerror(-ret));
	}
	if (waited)
		return gmem_fail(owners->ctx, waited, "process %d cannot be looked at: %s",
				 (int)owned->owners[0].owner.pid, gmem_bounded_words(waited));
	if (worst == -EACCES)
		return gmem_fail(owners->ctx, worst, "no permission to look at inode %llu: %s",
				 (unsigned long long)owned->ino,
				 gmem_guard_why(owners->ctx, GMEM_GUARDED_ALL));
	return gmem_fail(owners->ctx, worst, "nobody has inode %llu open any more",
			 (unsigned long long)owned->ino);
}
