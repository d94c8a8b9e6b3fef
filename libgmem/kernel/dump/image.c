// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is learnt of the kernel in a dump before anything else is read: its layout and its symbols.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/dump/dump.h"
#include "kernel/image/kallsyms.h"
#include "kernel/image/vmcoreinfo.h"

#define IMAGE_SIZE (1ull << 30) /* KERNEL_IMAGE_SIZE of x86-64 with KASLR */
#define BASE_STEP (1ull << 30)	/* kernel_randomize_memory() */
#define TABLES_MAX 65536

struct leaf {
	uint64_t address;
	uint64_t physical;
};

static const char *words_of(int error)
{
	if (error == -EIO)
		return "the dump is truncated or damaged";
	if (error == -ESTALE)
		return "the dump changed while it was read";
	return strerror(-error);
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
	const struct gmem_tables *tables = &dump->image.layout.tables;
	unsigned int shift = gmem_tables_shift(tables, tables->levels - 1 - level);
	uint64_t entries[512];
	int ret = dump->file.read(dump->file.handle, table, entries, sizeof(entries));

	if (ret == -GMEM_KERNEL_NOT_RECORDED && address)
		return 1;
	for (uint64_t i = address ? 0 : 256; !ret && i < 512; i++) {
		uint64_t at = address + (i << shift);
		uint64_t frame = gmem_entry_frame(tables, entries[i]);

		if (!(entries[i] & tables->codec->present))
			continue;
		if (!address && i >= 256) /* the upper half: canonical */
			at |= UINT64_MAX << (shift + 9);
		if (level && gmem_entry_has(entries[i], tables->codec->table)) {
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
static int find_base(struct gmem_dump *dump, uint64_t *base, char *why, size_t size)
{
	const struct gmem_dump_image *image = &dump->image;
	unsigned int left = TABLES_MAX;
	struct leaf leaf = { 0 };
	int ret = first_leaf(dump, image->root, image->layout.tables.levels - 1, 0, &leaf, &left);

	if (ret == -GMEM_KERNEL_NOT_RECORDED) {
		snprintf(why, size, "the kernel's page directory was left out of the dump");
		return ret;
	}
	if (ret < 0 && ret != -EBADMSG) {
		snprintf(why, size, "the page tables cannot be read: %s", words_of(ret));
		return ret;
	}
	*base = leaf.address - leaf.physical;
	if (!ret && *base >> 63 && *base % BASE_STEP == 0)
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

/* What vmcoreinfo tells, where the direct map begins at base, or where it tells that itself. */
static int make_layout(struct gmem_dump *dump, uint64_t base, char *why, size_t size)
{
	const struct gmem_image_machine *machine = gmem_image_machine(dump->file.machine);
	struct gmem_dump_image *image = &dump->image;
	const char *what = "";
	int ret = machine ? gmem_image_make(machine, dump->file.vmcoreinfo, base, &image->layout,
					    &what)
			  : -ENOTSUP;

	if (!ret) {
		image->has_base = base || machine->tells_base;
		image->root = image->layout.root - image->layout.page_offset_base;
		return 0;
	}
	if (ret == -ENODATA)
		snprintf(why, size, "its vmcoreinfo lacks %s, which one of %s has", what,
			 dump->file.machine);
	else
		snprintf(why, size, "its vmcoreinfo cannot be used: %s", what);
	return ret;
}

static int check_page_size(const struct gmem_dump *dump, char *why, size_t size)
{
	uint64_t bytes, known = 1ull << dump->image.layout.tables.page_shift;

	if (gmem_vmcoreinfo_number(dump->file.vmcoreinfo, "PAGESIZE", 10, &bytes)) {
		snprintf(why, size, "its vmcoreinfo lacks PAGESIZE, which each one has");
		return -ENODATA;
	}
	if (bytes == known)
		return 0;
	snprintf(why, size, "its vmcoreinfo tells of pages of %llu bytes, and not %llu",
		 (unsigned long long)bytes, (unsigned long long)known);
	return -ENOTSUP;
}

/* On x86-64 the image is where __START_KERNEL_map is, and the tables tell where the direct map is.
 */
static int find_x86(struct gmem_dump *dump, char *why, size_t size)
{
	const char *info = dump->file.vmcoreinfo;
	struct gmem_dump_image *image = &dump->image;
	uint64_t base;
	int ret;

	/* It is there: the layout was made of it. The size came later. */
	gmem_vmcoreinfo_number(info, "NUMBER(phys_base)", 10, &image->phys_base);
	if (gmem_vmcoreinfo_number(info, "NUMBER(KERNEL_IMAGE_SIZE)", 10, &image->image_size) ||
	    image->image_size > IMAGE_SIZE)
		image->image_size = IMAGE_SIZE;
	ret = find_base(dump, &base, why, size);
	return ret ? ret : make_layout(dump, base, why, size);
}

int gmem_dump_image_read(struct gmem_dump *dump, char *why, size_t size)
{
	int ret = make_layout(dump, 0, why, size);

	if (!ret)
		ret = check_page_size(dump, why, size);
	if (!ret && !dump->image.has_base)
		ret = find_x86(dump, why, size);
	if (ret)
		return ret;
	dump->kernel.page_shift = dump->image.layout.tables.page_shift;
	ret = find_symbols(dump);
	if (ret)
		snprintf(why, size, "the kernel's table of symbols cannot be read: %s",
			 words_of(ret));
	return ret;
}
