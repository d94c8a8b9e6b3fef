/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The geometry of a kernel's page tables, and what the bits of their entries mean: all that differs
 * from machine to machine for the walker. It is data, so that one walker reads the tables of any of
 * them, whatever machine it runs on.
 */
#ifndef GMEM_IMAGE_TABLES_H
#define GMEM_IMAGE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#define GMEM_TABLE_LEVELS_MAX 5
#define GMEM_TABLE_ENTRY_SHIFT 3u /* an entry has 8 bytes */

/* A property that an entry has where (entry & mask) == value. */
struct gmem_entry_test {
	uint64_t mask;
	uint64_t value;
};

struct gmem_codec {
	/* The CPU takes an entry for one at all; nothing else is looked at where it does not. */
	uint64_t present;
	/* Bits that the CPU sets by itself: no change of the mapping. */
	uint64_t volatile_bits;
	struct gmem_entry_test table; /* of an entry above the last level: a table is below it */
	struct gmem_entry_test page;  /* of an entry of the last level: it is a leaf */
	struct gmem_entry_test writable, executable, global; /* of a leaf */
	/* What an entry that leads to a table leaves of the rights below it. */
	struct gmem_entry_test table_writable, table_executable;
};

struct gmem_tables {
	const struct gmem_codec *codec;
	unsigned int page_shift; /* of a page, and of a table */
	int levels;		 /* of tables, the root's among them */
	unsigned int bits;	 /* of a virtual address that the root's index reaches up to */
	uint64_t frame_mask;	 /* the physical address in an entry, */
	uint64_t high_mask;	 /* and its upper bits where they stand further down, */
	unsigned int high_shift; /* by so many */
};

extern const struct gmem_codec gmem_codec_x86;
extern const struct gmem_codec gmem_codec_arm64;

static inline bool gmem_entry_has(uint64_t entry, struct gmem_entry_test test)
{
	return (entry & test.mask) == test.value;
}

static inline uint64_t gmem_entry_frame(const struct gmem_tables *tables, uint64_t entry)
{
	return (entry & tables->frame_mask) | (entry & tables->high_mask) << tables->high_shift;
}

/* Bytes of address that an entry has, as a power of 2; depth 0 is the root's. */
static inline unsigned int gmem_tables_shift(const struct gmem_tables *tables, int depth)
{
	return tables->page_shift + (tables->page_shift - GMEM_TABLE_ENTRY_SHIFT) *
					    (unsigned int)(tables->levels - 1 - depth);
}

/* Bits of the index into a table of that depth: all tables but the root are full. */
static inline unsigned int gmem_tables_index_bits(const struct gmem_tables *tables, int depth)
{
	return depth ? tables->page_shift - GMEM_TABLE_ENTRY_SHIFT
		     : tables->bits - gmem_tables_shift(tables, 0);
}

#endif
