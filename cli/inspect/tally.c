// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/tally.h"

#include <inttypes.h>
#include <stdio.h>

enum { COLUMN_PROPERTY, COLUMN_VALUE, COLUMN_PAGES, COLUMN_SIZE };

static const struct column columns[] = {
	[COLUMN_PROPERTY] = { "property", KIND_TEXT, .shown = true,
			      .help = "what is counted: direct-map, level, order, node, or page-cache: what "
				      "of it could not be read" },
	[COLUMN_VALUE] = { "value", KIND_TEXT, .shown = true, .help = "value of the property" },
	[COLUMN_PAGES] = { "pages", KIND_NUMBER, .shown = true,
			   .help = "number of pages that have this value" },
	[COLUMN_SIZE] = { "size", KIND_BYTES, .shown = true, .help = "size of these pages" },
};

const struct table tally_table = TABLE("summary", columns);

typedef const char *(*value_fn)(const struct gmem_ctx *ctx, size_t index,
				char buffer[CELL_TEXT_MAX]);

static const char *direct_map_value(const struct gmem_ctx *ctx, size_t index,
				    char buffer[CELL_TEXT_MAX])
{
	(void)ctx;
	(void)buffer;
	return gmem_direct_map_name((enum gmem_direct_map)index);
}

static const char *level_value(const struct gmem_ctx *ctx, size_t index, char buffer[CELL_TEXT_MAX])
{
	(void)buffer;
	return gmem_level_name(ctx, (enum gmem_level)index);
}

static const char *order_value(const struct gmem_ctx *ctx, size_t index, char buffer[CELL_TEXT_MAX])
{
	(void)ctx;
	snprintf(buffer, CELL_TEXT_MAX, "%zu", index);
	return buffer;
}

static const char *node_value(const struct gmem_ctx *ctx, size_t index, char buffer[CELL_TEXT_MAX])
{
	if (index == TALLY_NODES)
		return "unknown";
	return order_value(ctx, index, buffer);
}

static const char *cache_value(const struct gmem_ctx *ctx, size_t index, char buffer[CELL_TEXT_MAX])
{
	(void)ctx;
	(void)index;
	(void)buffer;
	return "unread";
}

static const struct {
	const char *name;
	size_t offset; /* of the counts in struct tally */
	size_t n;
	value_fn value;
} properties[] = {
	{ "direct-map", offsetof(struct tally, direct_map), TALLY_STATES, direct_map_value },
	{ "level", offsetof(struct tally, level), GMEM_LEVEL_ROOM, level_value },
	{ "order", offsetof(struct tally, order), TALLY_ORDERS, order_value },
	{ "node", offsetof(struct tally, node), TALLY_NODES + 1, node_value },
	{ "page-cache", offsetof(struct tally, unseen), 1, cache_value },
};

#define PROPERTIES (sizeof(properties) / sizeof(properties[0]))

static const uint64_t *counts_of(const struct tally *tally, size_t property)
{
	return (const uint64_t *)((const char *)tally + properties[property].offset);
}

void tally_add(struct tally *tally, const struct gmem_extent *extent)
{
	bool has_node = extent->node >= 0 && extent->node < TALLY_NODES;

	tally->extents++;
	if (!extent->has_pfn) { /* a range of the file: which pages are there was not seen */
		tally->unseen += extent->pages;
		return;
	}
	tally->pages += extent->pages;
	tally->direct_map[extent->direct_map] += extent->pages;
	tally->level[extent->level] += extent->pages;
	tally->order[extent->order < TALLY_ORDERS ? extent->order : TALLY_ORDERS - 1] +=
		extent->pages;
	tally->node[has_node ? extent->node : TALLY_NODES] += extent->pages;
}

void tally_write(struct cli *cli, const struct tally *tally)
{
	char text[CELL_TEXT_MAX];

	for (size_t p = 0; p < PROPERTIES; p++) {
		const uint64_t *counts = counts_of(tally, p);

		for (size_t i = 0; i < properties[p].n; i++) {
			struct cell cells[] = {
				[COLUMN_PROPERTY] = cell_text(properties[p].name),
				[COLUMN_VALUE] = cell_text(properties[p].value(cli->ctx, i, text)),
				[COLUMN_PAGES] = cell_number(counts[i]),
				[COLUMN_SIZE] = cell_number(counts[i] * gmem_page_size(cli->ctx)),
			};

			if (counts[i])
				output_row(cli->out, cells);
		}
	}
}

const char *tally_describe(const struct gmem_ctx *ctx, const struct tally *tally, char *buffer,
			   size_t size)
{
	FILE *stream = fmemopen(buffer, size, "w");
	char text[CELL_TEXT_MAX];

	if (!stream)
		return "";
	fprintf(stream, "%" PRIu64 " page%s in %" PRIu64 " extent%s", tally->pages,
		tally->pages == 1 ? "" : "s", tally->extents, tally->extents == 1 ? "" : "s");
	for (size_t p = 0; p < PROPERTIES; p++) {
		const uint64_t *counts = counts_of(tally, p);
		const char *lead = "; ";

		for (size_t i = 0; i < properties[p].n; i++) {
			if (!counts[i])
				continue;
			if (*lead == ';')
				fprintf(stream, "; %s", properties[p].name);
			else
				fputs(lead, stream);
			fprintf(stream, " %s: %" PRIu64, properties[p].value(ctx, i, text),
				counts[i]);
			lead = ",";
		}
	}
	fclose(stream);
	return buffer;
}
