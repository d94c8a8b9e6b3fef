/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be known of the kernel image to read its page tables and its struct pages. */
#ifndef GMEM_KMEM_DIRECT_MAP_H
#define GMEM_KMEM_DIRECT_MAP_H

#include "base/context.h"

struct gmem_image {
	uint64_t page_offset_base; /* __va(0): first address of the direct map */
	uint64_t region_end;	   /* first address past the direct map's region */
	uint64_t root;		   /* address of swapper_pg_dir in the direct map */
	uint64_t vmemmap;	   /* address of struct page of PFN 0; 0 where not told */
	uint64_t struct_page_size; /* bytes */
	uint64_t frame_mask;	   /* the physical address in a table entry */
	int levels;		   /* of page tables: 4 or 5 */
};

/*
 * Learns the image through the open reader. Errors: ENODATA (no vmcoreinfo, no BTF, or no base
 * fits), EILSEQ (it contradicts itself), ENOMEM; explained.
 */
int gmem_image_new(struct gmem_ctx *ctx, struct gmem_image **out);
void gmem_image_free(struct gmem_image *image);

#endif
