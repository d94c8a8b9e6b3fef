// SPDX-License-Identifier: LGPL-2.1-or-later
/* From an address in the direct map to its page frame; an address of anything else is refused. */
#include <errno.h>

#include "base/error.h"
#include "kmem/reader.h"

/* Says what an address is that is not in the direct map; NULL if it is in it. */
static const char *other_place(const struct gmem_image *image, uint64_t limit, uint64_t address)
{
	uint64_t upper = address & image->kernel_bits;

	if (!upper)
		return "it is an address of user space";
	if (upper != image->kernel_bits)
		return "no CPU has it: its upper bits are not all alike";
	if (address >= image->image_start)
		return "it is of the kernel's image, of a module or of a fixed mapping";
	if (image->vmemmap && address >= image->vmemmap &&
	    address - image->vmemmap < limit * image->struct_page_size)
		return "it is of a struct page, in vmemmap";
	if (address < image->region_start)
		return "it lies before the direct map of this boot";
	if (address >= image->region_end)
		return "it lies behind the direct map of this boot, as vmalloc() memory does";
	if (gmem_image_pfn(image, address) >= limit)
		return "it lies behind what this CPU's physical addresses can take of the direct "
		       "map";
	return NULL;
}

int gmem_pfn_of_address(struct gmem_ctx *ctx, uint64_t address, uint64_t *pfn)
{
	const struct gmem_image *image;
	const char *other;
	uint64_t limit;
	int ret;

	gmem_begin(ctx);
	ret = gmem_reader_bounds(ctx, &image, &limit);
	if (ret)
		return ret;
	other = other_place(image, limit, address);
	if (other)
		return gmem_fail(ctx, -EINVAL, "that is no address in the direct map: %s", other);
	*pfn = gmem_image_pfn(image, address);
	return 0;
}
