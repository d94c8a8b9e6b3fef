// SPDX-License-Identifier: LGPL-2.1-or-later
/* The image of an x86-64 kernel. */
#include "kernel/image/machine.h"

#define IMAGE_BASE 0xffffffff80000000ull  /* __START_KERNEL_map */
#define ENTRY_FRAME 0x000ffffffffff000ull /* bits 12..51 of a table entry */
#define PAGE_SHIFT 12

/* arch/x86/kernel/vmcore_info_64.c and kernel/vmcore_info.c name these. */
enum { SWAPPER_PG_DIR, PHYS_BASE, VMEMMAP, SIZE_PAGE, LEVEL5, SME_MASK, VMALLOC_START, KEYS };
static const struct gmem_image_key keys[KEYS] = {
	[SWAPPER_PG_DIR] = { "SYMBOL(swapper_pg_dir)", 16, true },
	[PHYS_BASE] = { "NUMBER(phys_base)", 10, true },
	[VMEMMAP] = { "SYMBOL(vmemmap)", 16, false }, /* not in 6.1; page caches need it */
	[SIZE_PAGE] = { "SIZE(page)", 10, true },
	[LEVEL5] = { "NUMBER(pgtable_l5_enabled)", 10, true },
	[SME_MASK] = { "NUMBER(sme_mask)", 10, false },
	[VMALLOC_START] = { "NUMBER(VMALLOC_START)", 16, false },
};

_Static_assert(KEYS <= GMEM_IMAGE_KEYS_MAX, "there is room for the values");

static const char *make(const uint64_t *values, struct gmem_image *image)
{
	image->tables = (struct gmem_tables){
		.codec = &gmem_codec_x86,
		.page_shift = PAGE_SHIFT,
		.levels = values[LEVEL5] ? 5 : 4,
		.bits = values[LEVEL5] ? 57 : 48,
		.frame_mask = ENTRY_FRAME & ~values[SME_MASK],
	};
	image->root =
		image->page_offset_base + values[SWAPPER_PG_DIR] - IMAGE_BASE + values[PHYS_BASE];
	image->vmemmap = values[VMEMMAP];
	image->struct_page_size = values[SIZE_PAGE];
	image->kernel_bits = ~0ull << (image->tables.bits - 1);
	image->image_start = IMAGE_BASE;
	image->region_start = image->page_offset_base;
	/* The next region bounds this one; MAX_PHYSMEM_BITS is 46 or 52. */
	image->region_end = image->page_offset_base + (1ull << (values[LEVEL5] ? 52 : 46));
	if (values[VMALLOC_START] > image->page_offset_base &&
	    values[VMALLOC_START] < image->region_end)
		image->region_end = values[VMALLOC_START];
	return NULL;
}

const struct gmem_image_machine gmem_image_x86 = {
	.name = "x86_64",
	.keys = keys,
	.key_count = KEYS,
	.make = make,
};
