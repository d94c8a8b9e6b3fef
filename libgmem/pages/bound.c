// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From guest addresses of a VM of this process to its guest_memfds: for memslots that were set
 * past libgmem, by a VMM that wraps its descriptors.
 */
#include <errno.h>

#include "pages/target.h"

struct search {
	struct gmem_ctx *ctx;
	uint64_t kvm;
	uint64_t gpa;
	uint64_t end;
	gmem_bound_fn fn;
	void *arg;
};

static int pass_parts(const struct search *search, struct gmem_target *target)
{
	int ret = gmem_target_read_bindings(target);

	if (ret)
		return ret;
	if (target->kvm != search->kvm)
		return 0;
	for (size_t i = 0; !ret && i < target->binding_count; i++) {
		const struct gmem_binding *binding = &target->bindings[i];
		uint64_t start = binding->gpa, end = binding->gpa + binding->memory_size;

		if (binding->address_space)
			continue;
		if (start < search->gpa)
			start = search->gpa;
		if (end > search->end)
			end = search->end;
		if (start < end)
			ret = search->fn(target, binding->offset + (start - binding->gpa),
					 end - start, search->arg);
	}
	return ret;
}

static int look_at_fd(int fd, void *arg)
{
	const struct search *search = arg;
	struct gmem_target *target;
	int ret = gmem_target_open(search->ctx, 0, fd, &target);

	if (ret) /* closed meanwhile */
		return 0;
	ret = pass_parts(search, target);
	gmem_target_free(target);
	return ret;
}

int gmem_target_each_bound(struct gmem_ctx *ctx, int vm_fd, uint64_t gpa, uint64_t length,
			   gmem_bound_fn fn, void *arg)
{
	struct search search = {
		.ctx = ctx, .gpa = gpa, .end = gpa + length, .fn = fn, .arg = arg
	};
	int ret = gmem_pagecache_private(ctx, vm_fd, &search.kvm);

	if (!ret)
		ret = gmem_target_list(ctx, 0, look_at_fd, &search);
	return ret;
}
