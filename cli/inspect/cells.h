/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A range of memory in cells of one size, each with the sums of its pages. A picture keeps nothing
 * else. The number of cells depends on the terminal, and not on the size of the memory.
 */
#ifndef CLI_INSPECT_CELLS_H
#define CLI_INSPECT_CELLS_H

#include <gmem/gmem.h>

#define CELLS_ROWS 16	/* most rows that a picture has */
#define CELLS_ALIGN 8u	/* the number of cells in a row is a multiple of this, and at least this */
#define NODES_NONE (-2) /* before the first page */
#define NODES_MIXED (-3)

struct cell_sum {
	uint64_t level[GMEM_LEVEL_ROOM]; /* bytes in the direct map, by level; and */
	uint64_t unmapped;		 /* not in it */
	uint64_t unknown;		 /* bytes for which that is unknown */
	uint64_t unread; /* bytes for which it is unknown whether there is a page at all */
	int node;	 /* of all pages, -1 unknown, NODES_NONE or NODES_MIXED */
};

struct cells {
	uint64_t start; /* bytes: address, or offset in a file */
	uint64_t length;
	uint64_t step; /* bytes of a cell, the last one may be shorter */
	size_t n;
	size_t columns; /* cells in a row */
	struct cell_sum *sums;
	struct cell_sum total;
};

/* Pages that are alike, and where they are. */
struct cell_part {
	uint64_t start; /* bytes, as in struct cells */
	uint64_t length;
	enum gmem_direct_map direct_map;
	enum gmem_level level;
	int node;
	bool unread;
};

/*
 * Makes cells for a range, in rows of at most this many columns. The smallest cell is page_size;
 * other sizes are page_size times a power of two. Returns 0 or -ENOMEM.
 */
int cells_new(struct cells *cells, uint64_t start, uint64_t length, unsigned int columns,
	      uint64_t page_size);
void cells_free(struct cells *cells);

/* Adds pages to their cells. Pages outside of the range are left out. */
void cells_add(struct cells *cells, const struct cell_part *part);

/* Bytes that a cell stands for. */
uint64_t cells_length(const struct cells *cells, size_t index);

/* Bytes of its pages, in the direct map or not. */
uint64_t cell_sum_pages(const struct cell_sum *sum);

#endif
