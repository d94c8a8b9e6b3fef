/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PAGEMAP_SCAN on /proc/PID/pagemap, include/uapi/linux/fs.h since Linux 6.7: older than
 * guest_memfd (6.8), younger than the headers of the machines that this is built on.
 */
#ifndef GMEM_UAPI_PAGEMAP_H
#define GMEM_UAPI_PAGEMAP_H

#include <linux/fs.h>
#include <linux/types.h>
#include <sys/ioctl.h>

#define GMEM_PAGE_IS_PRESENT (1ull << 3)
#define GMEM_PAGE_IS_PFNZERO (1ull << 5)

/* struct page_region */
struct gmem_page_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};

/* struct pm_scan_arg */
struct gmem_pm_scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end; /* out */
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

#define GMEM_PAGEMAP_SCAN _IOWR('f', 16, struct gmem_pm_scan_arg)

#ifdef PAGEMAP_SCAN
_Static_assert(sizeof(struct gmem_pm_scan_arg) == sizeof(struct pm_scan_arg), "pm_scan_arg");
_Static_assert(sizeof(struct gmem_page_region) == sizeof(struct page_region), "page_region");
_Static_assert(GMEM_PAGEMAP_SCAN == PAGEMAP_SCAN, "PAGEMAP_SCAN");
_Static_assert(GMEM_PAGE_IS_PRESENT == PAGE_IS_PRESENT, "PAGE_IS_PRESENT");
_Static_assert(GMEM_PAGE_IS_PFNZERO == PAGE_IS_PFNZERO, "PAGE_IS_PFNZERO");
#endif

#endif
