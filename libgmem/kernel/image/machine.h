/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What differs between machines in a kernel image: which keys of vmcoreinfo tell of its direct map
 * and its page tables, and what follows from them.
 */
#ifndef GMEM_IMAGE_MACHINE_H
#define GMEM_IMAGE_MACHINE_H

#include <stddef.h>

#include "kernel/image/tables.h"

#define GMEM_IMAGE_KEYS_MAX 16

struct gmem_image {
	/*
	 * __va(0): a physical address and this make, modulo 2^64, the address in the direct map.
	 * On arm64 RAM does not begin at 0, and this may lie before the direct map's region.
	 */
	uint64_t page_offset_base;
	uint64_t region_start;	   /* first address of the direct map's region */
	uint64_t region_end;	   /* first address past it */
	uint64_t kernel_bits;	   /* that are set in all of the kernel's addresses */
	uint64_t image_start;	   /* from here on there are only image, modules, fixed mappings */
	uint64_t root;		   /* address of swapper_pg_dir in the direct map */
	uint64_t vmemmap;	   /* address of struct page of PFN 0; 0 where not told */
	uint64_t struct_page_size; /* bytes */
	struct gmem_tables tables;
};

struct gmem_image_key {
	const char *name;
	int base; /* of the number */
	bool required;
};

struct gmem_image_machine {
	const char *name; /* as struct gmem_kernel_ops has it */
	const struct gmem_image_key *keys;
	size_t key_count; /* at most GMEM_IMAGE_KEYS_MAX */
	bool tells_base;  /* the keys tell where the direct map begins, without a search */
	/*
	 * Makes the image of the keys' values, 0 for those that are not there. page_offset_base has
	 * what a reader found. Returns NULL, or what does not fit, in words of static storage.
	 */
	const char *(*make)(const uint64_t *values, struct gmem_image *image);
};

extern const struct gmem_image_machine gmem_image_x86;
extern const struct gmem_image_machine gmem_image_arm64;

/* The machine of that name; NULL: it is not known. */
const struct gmem_image_machine *gmem_image_machine(const char *name);

/*
 * Fills the image from the text of a vmcoreinfo. base: as page_offset_base; 0 where it is not
 * known yet and the keys do not tell it. Errors: ENODATA, *why is the name of the key that is not
 * there; EILSEQ, *why says what does not fit.
 */
int gmem_image_make(const struct gmem_image_machine *machine, const char *vmcoreinfo, uint64_t base,
		    struct gmem_image *image, const char **why);

#endif
