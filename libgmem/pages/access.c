// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Says who may touch a page. The direct map does not tell: a page that belongs to a TD, to an SNP
 * guest or to a protected VM of arm64 may well be mapped. It is told by the type of the VM. No page
 * is looked at for it.
 */
#include "kernel/uapi.h"
#include "pages/extents.h"
#include "pages/target.h"
#include "procfs/guests.h"
#include "procfs/in_place.h"

static enum gmem_access_owner unknown(const char **reason, const char *why)
{
	*reason = why;
	return GMEM_ACCESS_OWNER_UNKNOWN;
}

/* The guest_memfd of a VM with private memory has nothing else, unless it can be mapped. */
static enum gmem_access_owner of_private(struct gmem_target *target, const char **reason)
{
	uint64_t flags;

	if (gmem_in_place_certain(target->ctx))
		return unknown(reason,
			       "KVM may convert guest_memfd in place here, and which of its "
			       "pages are private is not read");
	if (gmem_target_flags(target, &flags))
		return unknown(reason, "its creation flags are not known");
	if (flags & GMEM_MEMORY_MMAP)
		return unknown(reason, "the guest's shared memory is in this guest_memfd, too");
	return GMEM_ACCESS_OWNER_GUEST;
}

static enum gmem_access_owner of_unread(struct gmem_ctx *ctx, const char **reason)
{
	if (!gmem_guests_may_own(ctx))
		return GMEM_ACCESS_OWNER_HOST;
	return unknown(reason, "the type of its VM is not known");
}

enum gmem_access_owner gmem_target_access_owner(struct gmem_target *target, const char **reason)
{
	int type;

	*reason = NULL;
	if (!target->has_bindings && gmem_target_read_bindings(target))
		return of_unread(target->ctx, reason);
	if (target->is_protected > 0)
		return GMEM_ACCESS_OWNER_GUEST;
	type = gmem_target_vm_type(target);
	if (type == GMEM_VM_TDX || type == GMEM_VM_SNP)
		return of_private(target, reason);
	return type >= 0 ? GMEM_ACCESS_OWNER_HOST : of_unread(target->ctx, reason);
}

enum gmem_access_owner gmem_frame_access_owner(struct gmem_ctx *ctx)
{
	return gmem_guests_may_own(ctx) ? GMEM_ACCESS_OWNER_UNKNOWN : GMEM_ACCESS_OWNER_HOST;
}
