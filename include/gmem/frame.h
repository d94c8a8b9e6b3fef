/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page frame is, by its number alone: machine-check and rmpupdate messages name no more. */
#ifndef GMEM_FRAME_H
#define GMEM_FRAME_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <gmem/extents.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All that the kernel tells of one page frame. Since: 0.1 */
struct gmem_frame {
	size_t size; /* sizeof(struct gmem_frame) */
	uint64_t pfn;
	int ram;	     /* 1 System RAM of /proc/iomem, 0 not, -1 unknown */
	int node;	     /* NUMA node, or -1 unknown */
	const char *zone;    /* "Normal", of /proc/zoneinfo; NULL unknown. Owned by the context */
	uint64_t page_flags; /* KPF_* bits of /proc/kpageflags */
	bool has_page_flags; /* needs root; the file ends with the last page frame of RAM */
	enum gmem_direct_map direct_map;
	enum gmem_level level;
	bool writable;		  /* the direct map allows the kernel to write */
	const char *reason;	  /* why direct_map is unknown, NULL otherwise; static storage */
	const char *ram_reason;	  /* why ram is unknown, NULL otherwise; static storage */
	const char *flags_reason; /* why page_flags are, of those that were wanted; the same */
};

/*
 * Looks a page frame up; want is of enum gmem_extent_want, what is not wanted stays unknown:
 * direct_map with GMEM_EXTENT_DIRECT_MAP, page_flags with GMEM_EXTENT_FLAGS. What is not permitted,
 * or not known on this kernel, is unknown in *out and no error. Errors: EINVAL (beyond the physical
 * address width; a bit of want is unknown; size), E2BIG (size), ENOMEM. Kernel source:
 * fs/proc/page.c, zoneinfo_show_print() in mm/vmstat.c. Since: 0.1
 */
GMEM_API int gmem_frame_get(struct gmem_ctx *ctx, uint64_t pfn, unsigned int want,
			    struct gmem_frame *out);

#ifdef __cplusplus
}
#endif
#endif
