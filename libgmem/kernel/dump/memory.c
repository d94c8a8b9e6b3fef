// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From an address of the kernel to the physical memory in the dump, on x86-64: __pa() of
 * arch/x86/include/asm/page_64.h for the image and the direct map, the page tables for all else
 * (vmalloc, modules, the vmemmap).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/dump/dump.h"
#include "kernel/image/kallsyms.h"
#include "kernel/image/vmcoreinfo.h"

#define PAGE 4096u
#define IMAGE_START 0xffffffff80000000ull /* __START_KERNEL_map */
#define IMAGE_SIZE (1ull << 30)		  /* KERNEL_IMAGE_SIZE with KASLR */
#define BASE_STEP (1ull << 30)		  /* kernel_randomize_memory() */
#define TABLES_MAX 65536
#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_FRAME 0x000ffffffffff000ull
#define PHYSICAL_MAX (1ull << 52)

struct leaf {
	uint64_t address;
	uint64_t physical;
};

static int read_entry(struct gmem_dump *dump, uint64_t table, uint64_t address, unsigned int shift,
		      uint64_t *entry)
{
	uint64_t index = address >> shift & 511;

	return dump->file.read(dump->file.handle, table + index * 8, entry, sizeof(*entry));
}

/* Walks the tables; *physical: of the page that has the address. */
static int walk(struct gmem_dump *dump, uint64_t address, uint64_t *physical)
{
	const struct gmem_dump_image *image = &dump->image;
	uint64_t table = image->root, entry;

	for (int level = image->levels - 1; level >= 0; level--) {
		unsigned int shift = 12 + 9 * (unsigned int)level;
		int ret = read_entry(dump, table, address, shift, &entry);

		if (ret)
			return ret;
		if (!(entry & ENTRY_PRESENT))
			return -EFAULT;
		table = entry & image->frame_mask;
		if (level > 0 && !(entry & ENTRY_LARGE))
			continue;
		if (shift > 30)
			return -EFAULT;
		table &= ~((1ull << shift) - 1);
		*physical = table + (address & ((1ull << shift) - 1) & ~(uint64_t)(PAGE - 1));
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
	uint64_t page = address & ~(uint64_t)(PAGE - 1);

	if (page >= IMAGE_START && page - IMAGE_START < image->image_size)
		*physical = page - IMAGE_START + image->phys_base;
	else if (image->base && page >= image->base && page < image->end)
		*physical = page - image->base;
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

static const char *words_of(int error)
{
	if (error == -EIO)
		return "the dump is truncated or damaged";
	if (error == -ESTALE)
		return "the dump changed while it was read";
	return strerror(-error);
}

struct wanted {
	const char *key;
	int base;
	bool required;
};

/* arch/x86/kernel/vmcore_info_64.c and kernel/vmcore_info.c name these. */
enum { PAGESIZE, ROOT, PHYS_BASE, LEVEL5, SME_MASK, KERNEL_IMAGE_SIZE, VMALLOC_START, KEYS };
static const struct wanted keys[KEYS] = {
	[PAGESIZE] = { "PAGESIZE", 10, true },
	[ROOT] = { "SYMBOL(swapper_pg_dir)", 16, true },
	[PHYS_BASE] = { "NUMBER(phys_base)", 10, true },
	[LEVEL5] = { "NUMBER(pgtable_l5_enabled)", 10, true },
	[SME_MASK] = { "NUMBER(sme_mask)", 10, false },
	[KERNEL_IMAGE_SIZE] = { "NUMBER(KERNEL_IMAGE_SIZE)", 10, false },
	[VMALLOC_START] = { "NUMBER(VMALLOC_START)", 16, false },
};

static int read_keys(struct gmem_dump *dump, uint64_t *values, char *why, size_t size)
{
	for (size_t i = 0; i < KEYS; i++) {
		int ret = gmem_vmcoreinfo_number(dump->file.vmcoreinfo, keys[i].key, keys[i].base,
						 &values[i]);

		if (!ret || (ret == -ENOENT && !keys[i].required))
			continue;
		snprintf(why, size, "its vmcoreinfo lacks %s, which one of x86-64 has",
			 keys[i].key);
		return -ENODATA;
	}
	if (values[PAGESIZE] == PAGE)
		return 0;
	snprintf(why, size, "its vmcoreinfo tells of pages of %llu bytes, and not 4096",
		 (unsigned long long)values[PAGESIZE]);
	return -ENOTSUP;
}

static int read_kallsyms(void *arg, uint64_t address, void *buffer, size_t length)
{
	return gmem_dump_read(arg, address, buffer, length);
}

/*
 * Finds the first address that one table and those below it map, and the frame there. Returns 1 if
 * they map nothing. *left bounds the number of tables, since they may lead in circles.
 */
static int first_leaf(struct gmem_dump *dump, uint64_t table, int level, uint64_t address,
		      struct leaf *out, unsigned int *left)
{
	unsigned int shift = 12 + 9 * (unsigned int)level;
	uint64_t entries[512];
	int ret = dump->file.read(dump->file.handle, table, entries, sizeof(entries));

	if (ret == -GMEM_KERNEL_NOT_RECORDED && address)
		return 1;
	for (uint64_t i = address ? 0 : 256; !ret && i < 512; i++) {
		uint64_t at = address + (i << shift), frame = entries[i] & dump->image.frame_mask;

		if (!(entries[i] & ENTRY_PRESENT))
			continue;
		if (!address && i >= 256) /* the upper half: canonical */
			at |= UINT64_MAX << (shift + 9);
		if (level && !(entries[i] & ENTRY_LARGE)) {
			if (!(*left)--)
				return -EBADMSG;
			ret = first_leaf(dump, frame, level - 1, at, out, left);
			if (ret == 1)
				ret = 0;
			else
				return ret;
			continue;
		}
		*out = (struct leaf){ at, frame & ~((1ull << shift) - 1) };
		return 0;
	}
	return ret ? ret : 1;
}

/*
 * The direct map is the lowest that init_top_pgt maps in the upper half (x86_64/mm.rst), and begins
 * at a multiple of 1 GiB. So the first page that is mapped tells where: its symbol is there only
 * with CONFIG_KALLSYMS_ALL.
 */
static int find_base(struct gmem_dump *dump, char *why, size_t size)
{
	struct gmem_dump_image *image = &dump->image;
	unsigned int left = TABLES_MAX;
	struct leaf leaf = { 0 };
	int ret = first_leaf(dump, image->root, image->levels - 1, 0, &leaf, &left);

	if (ret == -GMEM_KERNEL_NOT_RECORDED) {
		snprintf(why, size, "the kernel's page directory was left out of the dump");
		return ret;
	}
	if (ret < 0 && ret != -EBADMSG) {
		snprintf(why, size, "the page tables cannot be read: %s", words_of(ret));
		return ret;
	}
	image->base = leaf.address - leaf.physical;
	if (!ret && image->base >> 63 && image->base % BASE_STEP == 0)
		return 0;
	snprintf(why, size, "where its direct map begins cannot be told from its page tables");
	return -EBADMSG;
}

/*
 * They may be missing, or left out of the dump: then a call that needs one fails with that reason.
 */
static int find_symbols(struct gmem_dump *dump)
{
	int ret = gmem_kallsyms_new(dump->file.vmcoreinfo, read_kallsyms, dump, &dump->kallsyms);

	return ret == -ENOMEM || ret == -EIO || ret == -ESTALE ? ret : 0;
}

int gmem_dump_image_read(struct gmem_dump *dump, char *why, size_t size)
{
	struct gmem_dump_image *image = &dump->image;
	uint64_t values[KEYS] = { 0 };
	int ret = read_keys(dump, values, why, size);

	if (ret)
		return ret;
	image->levels = values[LEVEL5] ? 5 : 4;
	image->phys_base = values[PHYS_BASE];
	image->image_size = values[KERNEL_IMAGE_SIZE] && values[KERNEL_IMAGE_SIZE] <= IMAGE_SIZE
				    ? values[KERNEL_IMAGE_SIZE]
				    : IMAGE_SIZE;
	image->root = values[ROOT] - IMAGE_START + values[PHYS_BASE];
	image->frame_mask = ENTRY_FRAME & ~values[SME_MASK];
	ret = find_base(dump, why, size);
	if (ret)
		return ret;
	/* As kmem/direct_map.c: the next region bounds this one, MAX_PHYSMEM_BITS is 46 or 52. */
	image->end = image->base + (1ull << (values[LEVEL5] ? 52 : 46));
	if (values[VMALLOC_START] > image->base && values[VMALLOC_START] < image->end)
		image->end = values[VMALLOC_START];
	ret = find_symbols(dump);
	if (ret)
		snprintf(why, size, "the kernel's table of symbols cannot be read: %s",
			 words_of(ret));
	return ret;
}
