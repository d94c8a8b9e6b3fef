// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/top/map.h"

#include <errno.h>

#include "core/clock.h"
#include "core/interrupt.h"

/* One that did not change is read again after so many times what that took: see GUEST_IDLE. */
#define IDLE_SHARE 100
#define BUSY_SHARE 10

void map_begin(struct map *map, const struct guest *guest)
{
	map_end(map);
	map->shown = true;
	map->device = guest->device;
	map->inode = guest->inode;
}

void map_end(struct map *map)
{
	if (map->has_cells)
		cells_free(&map->cells);
	map->has_cells = false;
	map->shown = false;
}

const struct guest *map_guest(const struct map *map, const struct guests *guests)
{
	for (size_t i = 0; i < guests->n; i++)
		if (guests->list[i]->device == map->device && guests->list[i]->inode == map->inode)
			return guests->list[i];
	return NULL;
}

static int add_extent(const struct gmem_extent *extent, struct map *map, uint64_t page)
{
	const struct cell_part part = {
		.start = extent->offset,
		.length = extent->pages * page,
		.direct_map = extent->direct_map,
		.level = extent->level,
		.node = extent->node,
		.unread = !extent->has_pfn,
	};

	cells_add(&map->cells, &part);
	return 0;
}

/* A cursor, since it ends where a signal comes. */
static int read_pages(struct map *map, const struct guests *guests, struct gmem_target *target)
{
	const struct gmem_extents_options options = {
		.size = sizeof(options),
		.want = GMEM_EXTENT_DIRECT_MAP,
		.cancel = interrupt_flag(),
	};
	struct gmem_extent extent = { .size = sizeof(extent) };
	struct gmem_extents *extents;
	int ret = gmem_extents_new(target, &options, &extents);

	if (ret)
		return ret;
	while ((ret = gmem_extents_next(extents, &extent)) > 0)
		add_extent(&extent, map, gmem_page_size(guests->cli->ctx));
	gmem_extents_free(extents);
	return ret;
}

static int read_target(struct map *map, const struct guests *guests, struct gmem_target *target,
		       uint64_t size)
{
	int ret;

	if (!size)
		return -ENODATA;
	ret = chart_begin(guests->cli, &map->chart, 0, size, &map->cells);
	map->has_cells = !ret;
	return ret ? ret : read_pages(map, guests, target);
}

static bool is_due(const struct map *map, const struct guest *guest, double now)
{
	double passed = now - map->read_at;
	bool moved = guest->count.resident != map->count.resident ||
		     guest->count.changed_ns != map->count.changed_ns || !guest->settled;

	if (!map->has_cells)
		return true;
	return passed >= (moved ? BUSY_SHARE : IDLE_SHARE) * map->took &&
	       (moved || passed >= GUEST_IDLE);
}

int map_look(struct map *map, const struct guests *guests, unsigned int width, bool now)
{
	const struct guest *guest = map_guest(map, guests);
	double since = now_seconds();
	struct gmem_target *target;
	int ret;

	if (!guest || (!now && map->chart.width == width && !is_due(map, guest, since)))
		return 0;
	if (map->has_cells)
		cells_free(&map->cells);
	map->has_cells = false;
	map->chart.width = width;
	map->count = guest->count;
	*map->why = '\0';
	ret = guests_open(guests, guest, &target);
	if (!ret) {
		ret = read_target(map, guests, target, guest->row.cells[LIST_SIZE].number);
		gmem_target_free(target);
	}
	map->read_at = now_seconds();
	map->took = map->read_at - since;
	if (!ret || ret == -ENOMEM || ret == -ECANCELED)
		return ret;
	cli_explain(guests->cli, ret, map->why, sizeof(map->why));
	return 0;
}

/* "1234:9, its pages in the direct map, read 3 s ago", or the name of one that is held. */
static void write_title(const struct map *map, const struct guest *guest, char *title, size_t size)
{
	const struct cell *cells = guest->row.cells;
	const struct cell *fds = &cells[LIST_FDS], *name = &cells[LIST_NAME];
	char which[80];

	if (name->known)
		snprintf(which, sizeof(which), "%s", name->text);
	else
		snprintf(which, sizeof(which), "%d:%.*s", (int)cells[LIST_PID].number,
			 fds->known ? (int)strcspn(fds->text, ",") : 1,
			 fds->known ? fds->text : "?");
	snprintf(title, size, "%s, %s, read %.0f s ago", which, chart_subject(map->chart.of),
		 now_seconds() - map->read_at);
}

int map_draw(struct map *map, const struct guests *guests, FILE *stream, bool colored)
{
	const struct guest *guest = map_guest(map, guests);
	struct picture picture;
	char title[160];

	if (!guest) {
		fputs("It is gone: no process has it any more.\n", stream);
	} else if (!map->has_cells) {
		fprintf(stream, "There is no map of it: %s\n",
			*map->why ? map->why : "its size is 0");
	} else {
		write_title(map, guest, title, sizeof(title));
		if (chart_picture(guests->cli, &map->chart, &map->cells, title, "not resident",
				  &picture))
			return -ENOMEM;
		picture_draw(stream, &picture, colored, true);
		chart_free_picture(&picture);
	}
	fputs("\nq back  d direct map  v resident  n nodes\n", stream);
	return 0;
}
