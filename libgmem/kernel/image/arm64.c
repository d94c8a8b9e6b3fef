// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The image of an arm64 kernel: its vmcoreinfo tells all of it. Pages have 4K, 16K or 64K; the
 * tables of 64K pages are known from the kernel's source only, and were never read on such a
 * kernel.
 */
#include "kernel/image/machine.h"

#define FRAME_48 0x0000ffffffffffffull
#define FRAME_50 0x0003ffffffffffffull /* with LPA2 */
#define VA_BITS_LARGE 52	       /* configured: the CPU may know fewer */
#define VA_BITS_LEAST 36

/* arch/arm64/kernel/vmcore_info.c and kernel/vmcore_info.c name these. */
enum {
	PAGE_SIZE,
	SWAPPER_PG_DIR,
	KIMAGE_VOFFSET,
	PHYS_OFFSET,
	VA_BITS,
	T1SZ,
	VMEMMAP,
	SIZE_PAGE,
	KEYS,
};
static const struct gmem_image_key keys[KEYS] = {
	[PAGE_SIZE] = { "PAGESIZE", 10, true },
	[SWAPPER_PG_DIR] = { "SYMBOL(swapper_pg_dir)", 16, true },
	[KIMAGE_VOFFSET] = { "NUMBER(kimage_voffset)", 16, true },
	[PHYS_OFFSET] = { "NUMBER(PHYS_OFFSET)", 16, true },
	[VA_BITS] = { "NUMBER(VA_BITS)", 10, true },
	[T1SZ] = { "NUMBER(TCR_EL1_T1SZ)", 16, true },
	[VMEMMAP] = { "SYMBOL(vmemmap)", 16, false },
	[SIZE_PAGE] = { "SIZE(page)", 10, true },
};

_Static_assert(KEYS <= GMEM_IMAGE_KEYS_MAX, "there is room for the values");

static bool page_shift_of(uint64_t bytes, unsigned int *shift)
{
	for (*shift = 12; *shift <= 16; *shift += 2)
		if (bytes == 1ull << *shift)
			return true;
	return false;
}

/*
 * VA_BITS_MIN of arch/arm64/include/asm/memory.h: the linear map ends in the middle of what a CPU
 * has that does not know 52 bits.
 */
static unsigned int least_bits(unsigned int configured, unsigned int page_shift)
{
	if (configured < VA_BITS_LARGE)
		return configured;
	return page_shift == 14 ? 47 : 48;
}

/*
 * A kernel for 52 bits on a CPU with fewer: with 4K and 16K pages its root is that of one level
 * less (the same page); with 64K pages the root stays as large, and is indexed with 52 bits
 * (offset_ttbr1 in arch/arm64/include/asm/assembler.h).
 */
static void make_tables(struct gmem_tables *tables, unsigned int page_shift,
			unsigned int configured, unsigned int in_use)
{
	unsigned int bits = page_shift == 16 ? configured : in_use;
	unsigned int index = page_shift - GMEM_TABLE_ENTRY_SHIFT;
	bool lpa2 = page_shift < 16 && configured == VA_BITS_LARGE && in_use == VA_BITS_LARGE;
	uint64_t in_page = (1ull << page_shift) - 1;

	*tables = (struct gmem_tables){
		.codec = &gmem_codec_arm64,
		.page_shift = page_shift,
		.levels = (int)((bits - page_shift + index - 1) / index),
		.bits = bits,
		.frame_mask = (lpa2 ? FRAME_50 : FRAME_48) & ~in_page,
	};
	if (lpa2) { /* bits 51:50 of the address stand in 9:8, which hold the shareability else */
		tables->high_mask = 3ull << 8;
		tables->high_shift = 50 - 8;
	} else if (page_shift == 16) { /* bits 51:48 stand in 15:12, which are 0 without LPA */
		tables->high_mask = 0xfull << 12;
		tables->high_shift = 48 - 12;
	}
}

static const char *make(const uint64_t *values, struct gmem_image *image)
{
	uint64_t configured = values[VA_BITS], in_use = 64 - values[T1SZ];
	uint64_t page_offset, first;
	unsigned int page_shift;

	if (!page_shift_of(values[PAGE_SIZE], &page_shift))
		return "PAGESIZE is neither 4096, 16384 nor 65536";
	if (configured < VA_BITS_LEAST || configured > VA_BITS_LARGE)
		return "NUMBER(VA_BITS) is no width that the kernel has";
	if (in_use < VA_BITS_LEAST || in_use > configured)
		return "NUMBER(TCR_EL1_T1SZ) does not fit NUMBER(VA_BITS)";
	if (values[PHYS_OFFSET] & ((1ull << page_shift) - 1))
		return "NUMBER(PHYS_OFFSET) is no multiple of a page";
	make_tables(&image->tables, page_shift, (unsigned int)configured, (unsigned int)in_use);
	/* PAGE_OFFSET is that of the configured width, whatever the CPU has. */
	page_offset = ~0ull << configured;
	first = ~0ull << in_use;
	image->page_offset_base = page_offset - values[PHYS_OFFSET];
	image->region_start = page_offset > first ? page_offset : first;
	image->region_end = ~0ull << (least_bits((unsigned int)configured, page_shift) - 1);
	image->root = image->page_offset_base + values[SWAPPER_PG_DIR] - values[KIMAGE_VOFFSET];
	image->vmemmap = values[VMEMMAP];
	image->struct_page_size = values[SIZE_PAGE];
	image->kernel_bits = first;
	image->image_start = UINT64_MAX; /* image and modules lie among what vmalloc() has */
	return NULL;
}

const struct gmem_image_machine gmem_image_arm64 = {
	.name = "aarch64",
	.keys = keys,
	.key_count = KEYS,
	.tells_base = true,
	.make = make,
};
