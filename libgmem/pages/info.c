// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is known of a guest_memfd, all at once. */
#include "base/error.h"
#include "base/options.h"
#include "base/page.h"
#include "pages/extents.h"
#include "pages/target.h"

static void learn_info(struct gmem_target *target, struct gmem_target_info *info)
{
	uint64_t pages;

	if (gmem_target_cache(target))
		return; /* what fstat tells is known anyway */
	info->has_resident = !gmem_pagecache_resident(target->ctx, &target->cache, &pages);
	if (info->has_resident)
		info->resident = gmem_bytes_of(target->ctx, pages);
	info->has_flags = !gmem_target_flags(target, &info->flags);
	if (gmem_target_read_bindings(target))
		return;
	info->vm_type = gmem_target_vm_type(target);
	info->vm_pid = target->vm_pid;
	info->slots = target->binding_count;
	info->has_slots = true;
}

int gmem_target_get_info(struct gmem_target *target, struct gmem_target_info *out)
{
	struct gmem_target_info info = {
		.memory_size = target->size,
		.inode = target->ino,
		.changed_ns = target->changed_ns,
		.vm_type = -1,
		.vm_pid = -1,
	};
	int ret;

	gmem_begin(target->ctx);
	ret = GMEM_CHECK_OUT(target->ctx, gmem_target_info, access_reason, out);
	if (ret)
		return ret;
	learn_info(target, &info);
	info.access_owner = gmem_target_access_owner(target, &info.access_reason);
	return GMEM_FILL_OUT(target->ctx, gmem_target_info, access_reason, out, &info);
}
