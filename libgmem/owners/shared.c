// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The shared side of the memslots: what the VM's process has at their userspace_addr. KVM uses it
 * for guest memory that is shared. A page that was used on both sides, and given back on neither,
 * takes memory twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/bounded.h"
#include "base/error.h"
#include "base/ranges.h"
#include "kernel/uapi_pagemap.h"
#include "owners/owners.h"

#define REGIONS 256
#define CHUNK (1ull << 30) /* bytes a call: mmap_lock is held that long */

/* struct kvm has the number of a thread. Since then another process may have got that number. */
static int find_process(const struct gmem_owners *owners, const struct gmem_target *target,
			pid_t *pid)
{
	const struct gmem_owned_entry *owned = gmem_owners_lookup(owners, target->dev, target->ino);
	struct gmem_ctx *ctx = owners->ctx;
	pid_t tid = target->vm_pid;

	if (owners->counts.in_namespace)
		return gmem_fail(ctx, -ENODATA,
				 "the kernel names the VM's process by its PID in the initial PID "
				 "namespace, which is not this one");
	if (tid <= 0)
		return gmem_fail(ctx, -ENODATA, "this kernel does not tell the VM's process");
	if (gmem_process_of(ctx, tid, pid))
		return gmem_fail(ctx, -ENODATA, "thread %d, which made the VM, is gone", (int)tid);
	if (owned && gmem_owned_by(owners, owned, *pid))
		return 0;
	return gmem_fail(ctx, -ENODATA,
			 "process %d, which made the VM, does not hold this guest_memfd",
			 (int)*pid);
}

static int remove_mapping(const struct gmem_mapping *mapping, void *arg)
{
	struct gmem_ranges *ranges = arg;
	int ret = gmem_ranges_reserve(ranges);

	if (!ret)
		gmem_ranges_remove(ranges, mapping->start, mapping->end);
	return ret;
}

/*
 * A VMM that maps guest_memfd itself gives that mapping as userspace_addr: the same memory, so it
 * is taken out. Address 0 is what a VMM gives that has no shared side.
 */
static int collect_ranges(struct gmem_target *target, pid_t pid, struct gmem_ranges *ranges)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < target->binding_count; i++) {
		const struct gmem_binding *binding = &target->bindings[i];

		if (!binding->userspace_addr ||
		    binding->userspace_addr > UINT64_MAX - binding->memory_size)
			continue;
		ret = gmem_ranges_reserve(ranges);
		if (!ret)
			gmem_ranges_add(ranges, binding->userspace_addr,
					binding->userspace_addr + binding->memory_size);
	}
	return ret ? ret : gmem_maps_read(target->ctx, pid, remove_mapping, ranges, NULL);
}

static int scan_range(struct gmem_kernel *kernel, int fd, uint64_t start, uint64_t end,
		      uint64_t *bytes)
{
	struct gmem_page_region regions[REGIONS] = { 0 };
	struct gmem_pm_scan_arg arg = {
		.size = sizeof(arg),
		.vec = (uintptr_t)regions,
		.vec_len = REGIONS,
		.category_inverted = GMEM_PAGE_IS_PFNZERO,
		.category_mask = GMEM_PAGE_IS_PRESENT | GMEM_PAGE_IS_PFNZERO,
		.return_mask = GMEM_PAGE_IS_PRESENT,
	};
	int found = 0;

	while (found >= 0 && start < end) {
		arg.start = start;
		arg.end = end - start < CHUNK ? end : start + CHUNK;
		found = kernel->ops->ioctl(kernel, fd, GMEM_PAGEMAP_SCAN, (uintptr_t)&arg);
		for (int i = 0; i < found && i < REGIONS; i++)
			*bytes += regions[i].end - regions[i].start;
		if (found >= 0 && arg.walk_end <= start)
			return -EILSEQ;
		start = arg.walk_end;
	}
	return found < 0 ? found : 0;
}

struct counting {
	struct gmem_kernel *kernel;
	pid_t pid;
	struct gmem_ranges ranges;
	uint64_t bytes;
};

static int scan_ranges(void *arg)
{
	struct counting *counting = arg;
	struct gmem_kernel *kernel = counting->kernel;
	char path[32];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)counting->pid);
	fd = kernel->ops->open(kernel, path, O_RDONLY);
	if (fd < 0)
		return fd;
	for (size_t i = 0; !ret && i < counting->ranges.count; i++)
		ret = scan_range(kernel, fd, counting->ranges.list[i].start,
				 counting->ranges.list[i].end, &counting->bytes);
	kernel->ops->close(kernel, fd);
	return ret;
}

static int explain(struct gmem_ctx *ctx, pid_t pid, int error)
{
	if (error == -EACCES || error == -EPERM)
		return gmem_fail(ctx, -EACCES,
				 "no permission to look at the memory map of process %d", (int)pid);
	if (error == -ENOTTY)
		return gmem_fail(ctx, -ENOTSUP,
				 "this kernel has no PAGEMAP_SCAN (Linux 6.7) to count the pages");
	return gmem_fail(ctx, error == -ENOENT ? -ESRCH : error,
			 "the memory map of process %d cannot be read: %s", (int)pid,
			 gmem_bounded_words(error));
}

int gmem_owners_shared(const struct gmem_owners *owners, struct gmem_target *target,
		       uint64_t *bytes)
{
	struct counting counting = { .kernel = owners->ctx->kernel };
	int ret;

	gmem_begin(owners->ctx);
	ret = gmem_target_read_bindings(target);
	if (ret)
		return ret;
	if (target->binding_count && owners->ctx->kernel->ops->dump)
		return gmem_fail(owners->ctx, -GMEM_ENOTRECORDED,
				 "in a dump what a process has mapped is not looked at");
	if (target->binding_count) {
		ret = find_process(owners, target, &counting.pid);
		if (ret)
			return ret;
		ret = collect_ranges(target, counting.pid, &counting.ranges);
		if (!ret && counting.ranges.count)
			ret = gmem_bounded_call(owners->ctx, scan_ranges, &counting);
		gmem_ranges_free(&counting.ranges);
	}
	if (ret)
		return explain(owners->ctx, counting.pid, ret);
	*bytes = counting.bytes;
	return 0;
}
