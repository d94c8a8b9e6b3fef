// SPDX-License-Identifier: LGPL-2.1-or-later
/* One page frame: what /proc and the direct map's page tables tell of it. */
#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/options.h"
#include "kmem/pagetable.h"
#include "kmem/reader.h"
#include "procfs/ram.h"

static const char reason_not_wanted[] = "the direct map was not looked at";
static const char reason_no_reader[] = "kernel memory cannot be read";
static const char reason_snapshot[] = "a snapshot has no page tables to read";
static const char reason_walk[] = "the page tables could not be read";

/* CONFIG_PROC_PAGE_MONITOR makes the file. */
static const char *why_no_flags(int error)
{
	if (error == -EACCES || error == -EPERM)
		return "/proc/kpageflags cannot be read: root is needed";
	if (error == -ENOENT)
		return "this kernel has no /proc/kpageflags";
	if (error == -GMEM_ENOTRECORDED)
		return "no page flags are read of a dump or a snapshot (/proc/kpageflags)";
	return error ? "reading /proc/kpageflags failed"
		     : "/proc/kpageflags ends before this page frame";
}

static void read_flags(struct gmem_ctx *ctx, struct gmem_frame *frame)
{
	struct gmem_kernel *kernel = ctx->kernel;
	int fd = kernel->ops->open(kernel, "/proc/kpageflags", O_RDONLY);
	ssize_t got;

	if (fd < 0) {
		frame->flags_reason = why_no_flags(fd);
		return;
	}
	got = kernel->ops->pread(kernel, fd, &frame->page_flags, sizeof(frame->page_flags),
				 frame->pfn * sizeof(frame->page_flags));
	frame->has_page_flags = got == (ssize_t)sizeof(frame->page_flags);
	if (!frame->has_page_flags) {
		frame->page_flags = 0;
		frame->flags_reason = why_no_flags(got < 0 ? (int)got : 0);
	}
	kernel->ops->close(kernel, fd);
}

static void read_state(struct gmem_ctx *ctx, struct gmem_frame *frame)
{
	const struct gmem_image *image;
	struct gmem_directmap_run run;
	int ret = gmem_reader_image(ctx, &image);

	frame->reason = ret == -GMEM_ENOTRECORDED ? reason_snapshot : reason_no_reader;
	if (ret)
		return;
	ret = gmem_pagetable_lookup(ctx, image, frame->pfn, &run);
	frame->reason = ret == -ECHILD ? gmem_error_words(ret) : reason_walk;
	if (ret)
		return;
	frame->direct_map = run.direct_map;
	frame->level = run.level;
	frame->writable = run.writable;
	frame->reason = run.reason;
}

int gmem_frame_get(struct gmem_ctx *ctx, uint64_t pfn, unsigned int want, struct gmem_frame *out)
{
	const struct gmem_ram *ram;
	struct gmem_frame frame;
	uint64_t unused;
	int ret;

	gmem_begin(ctx);
	ret = gmem_check_want(ctx, "gmem_frame_get", want);
	if (!ret)
		ret = gmem_ram_get(ctx, &ram);
	if (ret)
		return ret;
	if (pfn >= ram->pfn_limit)
		return gmem_fail(ctx, -EINVAL,
				 "page frame 0x%llx is beyond the physical addresses of this CPU "
				 "(the last is 0x%llx)",
				 (unsigned long long)pfn, (unsigned long long)ram->pfn_limit - 1);
	frame = (struct gmem_frame){
		.pfn = pfn,
		.ram = ram->ranges_error ? -1 : gmem_ram_contains(ram, pfn, &unused),
		.ram_reason = ram->ranges_error ? ram->ranges_why : NULL,
		.node = gmem_ram_node(ram, pfn, &unused),
		.zone = gmem_ram_zone(ram, pfn),
	};
	if (want & GMEM_EXTENT_FLAGS)
		read_flags(ctx, &frame);
	if (want & GMEM_EXTENT_DIRECT_MAP)
		read_state(ctx, &frame);
	else
		frame.reason = reason_not_wanted;
	return GMEM_FILL_OUT(ctx, gmem_frame, flags_reason, out, &frame);
}
