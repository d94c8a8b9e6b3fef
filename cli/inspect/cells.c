// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/cells.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t count(uint64_t length, uint64_t step)
{
	return length / step + (length % step != 0);
}

int cells_new(struct cells *cells, uint64_t start, uint64_t length, unsigned int columns,
	      uint64_t page_size)
{
	columns = columns < CELLS_ALIGN ? CELLS_ALIGN : columns / CELLS_ALIGN * CELLS_ALIGN;
	*cells = (struct cells){
		.start = start,
		.length = length,
		.step = page_size,
		.columns = columns,
		.total.node = NODES_NONE,
	};
	while (count(length, cells->step) > (uint64_t)CELLS_ROWS * columns)
		cells->step *= 2;
	cells->n = (size_t)count(length, cells->step);
	cells->sums = calloc(cells->n + 1, sizeof(*cells->sums));
	if (!cells->sums)
		return -ENOMEM;
	for (size_t i = 0; i < cells->n; i++)
		cells->sums[i].node = NODES_NONE;
	return 0;
}

void cells_free(struct cells *cells)
{
	free(cells->sums);
	cells->sums = NULL;
}

uint64_t cells_length(const struct cells *cells, size_t index)
{
	uint64_t left = cells->length - index * cells->step;

	return left < cells->step ? left : cells->step;
}

uint64_t cell_sum_pages(const struct cell_sum *sum)
{
	uint64_t pages = sum->unmapped + sum->unknown;

	for (int i = 0; i < GMEM_LEVEL_ROOM; i++)
		pages += sum->level[i];
	return pages;
}

static void add(struct cell_sum *sum, const struct cell_part *part, uint64_t bytes)
{
	if (part->unread) {
		sum->unread += bytes;
		return;
	}
	if (part->direct_map == GMEM_DIRECT_MAP_MAPPED)
		sum->level[part->level] += bytes;
	else if (part->direct_map == GMEM_DIRECT_MAP_UNMAPPED)
		sum->unmapped += bytes;
	else
		sum->unknown += bytes;
	if (sum->node == NODES_NONE)
		sum->node = part->node;
	else if (sum->node != part->node)
		sum->node = NODES_MIXED;
}

void cells_add(struct cells *cells, const struct cell_part *part)
{
	uint64_t at = part->start < cells->start ? 0 : part->start - cells->start;
	uint64_t end = part->start + part->length;

	end = end < cells->start ? 0 : end - cells->start;
	if (end > cells->length)
		end = cells->length;
	while (at < end) {
		size_t index = (size_t)(at / cells->step);
		uint64_t next = (index + 1) * cells->step;
		uint64_t bytes = (next < end ? next : end) - at;

		add(&cells->sums[index], part, bytes);
		add(&cells->total, part, bytes);
		at += bytes;
	}
}
