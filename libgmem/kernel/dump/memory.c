// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From an address of the kernel to the physical memory in the dump: by arithmetic for the direct
 * map and on x86-64 for the image, as __pa() of arch/x86/include/asm/page_64.h does it; by the page
 * tables for all else (vmalloc, modules, the vmemmap, on arm64 the image).
 */
#include <errno.h>
#include <string.h>

#include "kernel/dump/dump.h"
#include "kernel/image/kallsyms.h"

#define PAGE 4096u	  /* no kernel has smaller ones, so what lies in this lies in one page */
#define LEAF_SHIFT_MAX 39 /* arm64 with LPA2 has leaves of 512 GiB */
#define PHYSICAL_MAX (1ull << 52)

/* Walks the tables; *physical: of the page that has the address. */
static int walk(struct gmem_dump *dump, uint64_t address, uint64_t *physical)
{
	const struct gmem_tables *tables = &dump->image.layout.tables;
	uint64_t table = dump->image.root, entry;

	for (int depth = 0; depth < tables->levels; depth++) {
		unsigned int shift = gmem_tables_shift(tables, depth);
		uint64_t entries = 1ull << gmem_tables_index_bits(tables, depth);
		uint64_t index = address >> shift & (entries - 1), inside = (1ull << shift) - 1;
		bool last = depth == tables->levels - 1;
		int ret = dump->file.read(dump->file.handle, table + index * 8, &entry,
					  sizeof(entry));

		if (ret)
			return ret;
		if (!(entry & tables->codec->present))
			return -EFAULT;
		table = gmem_entry_frame(tables, entry);
		if (!last && gmem_entry_has(entry, tables->codec->table))
			continue;
		if (shift > LEAF_SHIFT_MAX || (last && !gmem_entry_has(entry, tables->codec->page)))
			return -EFAULT;
		*physical = (table & ~inside) + (address & inside & ~(uint64_t)(PAGE - 1));
		return 0;
	}
	return -EFAULT;
}

/* Neighbouring structures in slabs and in the vmemmap share pages. */
static int look_up(struct gmem_dump *dump, uint64_t address, uint64_t *physical)
{
	uint64_t page = address / PAGE + 1;
	struct gmem_dump_translation *kept = &dump->tlb[page % GMEM_DUMP_TLB];
	int ret;

	if (kept->page == page) {
		*physical = kept->physical;
		return 0;
	}
	ret = walk(dump, address, physical);
	if (ret)
		return ret;
	kept->page = page;
	kept->physical = *physical;
	return 0;
}

/* *physical: of the page that has the address. */
static int translate(struct gmem_dump *dump, uint64_t address, uint64_t *physical)
{
	const struct gmem_dump_image *image = &dump->image;
	const struct gmem_image *layout = &image->layout;
	uint64_t page = address & ~(uint64_t)(PAGE - 1);

	if (page >= layout->image_start && page - layout->image_start < image->image_size)
		*physical = page - layout->image_start + image->phys_base;
	else if (image->has_base && page >= layout->region_start && page < layout->region_end)
		*physical = page - layout->page_offset_base;
	else
		return look_up(dump, address, physical);
	return *physical < PHYSICAL_MAX ? 0 : -EFAULT;
}

int gmem_dump_read(struct gmem_dump *dump, uint64_t address, void *buffer, size_t length)
{
	char *to = buffer;

	while (length) {
		size_t into = address % PAGE, piece = PAGE - into;
		uint64_t physical;
		int ret = translate(dump, address, &physical);

		if (piece > length)
			piece = length;
		if (!ret)
			ret = dump->file.read(dump->file.handle, physical + into, to, piece);
		if (ret)
			return ret;
		address += piece;
		to += piece;
		length -= piece;
	}
	return 0;
}

int gmem_dump_read_word(struct gmem_dump *dump, uint64_t address, uint64_t *value)
{
	return gmem_dump_read(dump, address, value, sizeof(*value));
}

int gmem_dump_read_int(struct gmem_dump *dump, uint64_t address, uint32_t *value)
{
	return gmem_dump_read(dump, address, value, sizeof(*value));
}

int gmem_dump_symbol(struct gmem_dump *dump, const char *name, uint64_t *address)
{
	return dump->kallsyms ? gmem_kallsyms_find(dump->kallsyms, name, address) : -ENODATA;
}
