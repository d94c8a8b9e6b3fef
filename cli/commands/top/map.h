/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest's memory as a picture, as pfns --map draws it; read again where that may have changed.
 */
#ifndef CLI_COMMANDS_TOP_MAP_H
#define CLI_COMMANDS_TOP_MAP_H

#include "commands/top/guests.h"
#include "inspect/chart.h"

struct map {
	bool shown;
	uint64_t device, inode; /* of the guest_memfd that it shows */
	struct chart chart;
	struct cells cells;
	bool has_cells;
	struct guest_count count; /* when they were read, which */
	double read_at;
	double took;
	char why[1024]; /* there are no cells, or "" */
};

/* Shows that of a guest. */
void map_begin(struct map *map, const struct guest *guest);
void map_end(struct map *map);

/* Reads its pages where that is due, for a picture so wide. Returns 0, -ENOMEM or -ECANCELED. */
int map_look(struct map *map, const struct guests *guests, unsigned int width, bool now);

/* The guest that it is of; NULL: it is gone. */
const struct guest *map_guest(const struct map *map, const struct guests *guests);

/* Draws it, with what the keys do, on a screen so wide. */
int map_draw(struct map *map, const struct guests *guests, FILE *stream, bool colored);

#endif
