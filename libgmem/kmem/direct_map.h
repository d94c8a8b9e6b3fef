/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be known of the kernel image to read its page tables and its struct pages. */
#ifndef GMEM_KMEM_DIRECT_MAP_H
#define GMEM_KMEM_DIRECT_MAP_H

#include "base/context.h"
#include "kernel/image/machine.h"

static inline uint64_t gmem_image_pfn(const struct gmem_image *image, uint64_t address)
{
	return (address - image->page_offset_base) >> image->tables.page_shift;
}

static inline uint64_t gmem_image_address(const struct gmem_image *image, uint64_t pfn)
{
	return image->page_offset_base + (pfn << image->tables.page_shift);
}

/* The page frames with addresses in the direct map's region. */
static inline void gmem_image_region(const struct gmem_image *image, uint64_t *first, uint64_t *end)
{
	uint64_t lead = image->region_start - image->page_offset_base;

	/* Where the region begins before page frame 0 there is no page frame for it. */
	*first = (int64_t)lead < 0 ? 0 : lead >> image->tables.page_shift;
	*end = gmem_image_pfn(image, image->region_end);
}

/*
 * Whether the page tables of the kernel behind ctx are known: where it is one of x86-64 or arm64,
 * whatever this was built for. Else -ENOTSUP, explained.
 */
int gmem_image_known(struct gmem_ctx *ctx);

/*
 * Fills the image from the text of a kernel's vmcoreinfo, for the machine of ctx's kernel. base is
 * __va(0) as a reader found it, for machines where vmcoreinfo does not tell it (x86-64). Errors:
 * ENODATA (a key is not there), EILSEQ (it contradicts itself); explained.
 */
int gmem_image_parse(struct gmem_ctx *ctx, const char *vmcoreinfo, uint64_t base,
		     struct gmem_image *image);

/*
 * Learns the image through the open reader. Errors: ENODATA (no vmcoreinfo, no BTF, or no base
 * fits), EILSEQ (it contradicts itself), ENOMEM; explained.
 */
int gmem_image_new(struct gmem_ctx *ctx, struct gmem_image **out);

/*
 * The text of the running kernel's vmcoreinfo, through the open reader that found the image. Its
 * user frees it. Errors: those of gmem_image_new().
 */
int gmem_image_vmcoreinfo(struct gmem_ctx *ctx, const struct gmem_image *image, char **text);
void gmem_image_free(struct gmem_image *image);

#endif
