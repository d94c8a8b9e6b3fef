/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a page frame is, by its number alone, which is all that messages of machine checks and
 * rmpupdate() give.
 */
#ifndef GMEM_FRAME_H
#define GMEM_FRAME_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <gmem/extents.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the kernel tells about one page frame. Since: 0.1 */
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
	const char *flags_reason; /* why page_flags are unknown, if they were wanted, NULL
				   * otherwise; static storage */
};

/*
 * Looks a page frame up. want has bits of enum gmem_extent_want: GMEM_EXTENT_DIRECT_MAP for
 * direct_map, GMEM_EXTENT_FLAGS for page_flags; values that are not wanted stay unknown. A value
 * that may not be read, or that this kernel does not tell, is unknown in *out; that is not an
 * error. Errors: EINVAL (beyond the physical address width; a bit of want is unknown; size), E2BIG
 * (size), ENOMEM. Kernel source: fs/proc/page.c, zoneinfo_show_print() in mm/vmstat.c. Since: 0.1
 */
GMEM_API int gmem_frame_get(struct gmem_ctx *ctx, uint64_t pfn, unsigned int want,
			    struct gmem_frame *out);

/*
 * Says who may access a page frame of which no guest_memfd is known: GMEM_ACCESS_OWNER_HOST where
 * KVM was not started for guests that own pages (TDX, SEV-SNP, protected VMs of arm64), and else
 * GMEM_ACCESS_OWNER_UNKNOWN, as memory other than guest_memfd can belong to such guests, too. Of a
 * guest_memfd struct gmem_target_info and struct gmem_owned_frame tell. Since: 0.1
 */
GMEM_API enum gmem_access_owner gmem_frame_access_owner(struct gmem_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
