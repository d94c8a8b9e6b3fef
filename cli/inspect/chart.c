// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/chart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/size.h"
#include "output/color.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 1000

/*
 * Shades of all pictures. The blocks are in CP437 too, so the font of the Linux console has them.
 * Pages that may fault are letters in every locale.
 */
enum {
	SHADE_ABSENT,
	SHADE_UNKNOWN,
	SHADE_MIXED,
	SHADE_HOLE,
	SHADE_PART_HOLE,
	SHADE_LEVEL, /* of GMEM_LEVEL_PTE; those above follow */
	SHADE_SHARE = SHADE_LEVEL + 3,
	SHARES = 4,
	SHADE_NODE = SHADE_SHARE + SHARES,
	NODE_DIGITS = 36,
	SHADE_NODE_ABOVE = SHADE_NODE + NODE_DIGITS,
	SHADES,
};

static const struct shade shades[SHADE_NODE] = {
	[SHADE_ABSENT] = { '.', "·", COLOR_DIM },
	[SHADE_UNKNOWN] = { '?', "?", COLOR_YELLOW },
	[SHADE_MIXED] = { '+', "▌", COLOR_MAGENTA },
	[SHADE_HOLE] = { 'X', "X", COLOR_RED },
	[SHADE_PART_HOLE] = { 'x', "x", COLOR_RED },
	[SHADE_LEVEL] = { '-', "░", NULL },
	[SHADE_LEVEL + 1] = { '=', "▒", COLOR_CYAN },
	[SHADE_LEVEL + 2] = { '#', "█", COLOR_GREEN },
	[SHADE_SHARE] = { '-', "░", NULL },
	[SHADE_SHARE + 1] = { '=', "▒", COLOR_CYAN },
	[SHADE_SHARE + 2] = { '%', "▓", COLOR_MAGENTA },
	[SHADE_SHARE + 3] = { '#', "█", COLOR_GREEN },
};

static const char *const share_words[SHARES] = { "up to 1/3", "up to 2/3", "not all", "all" };

static const char digits[NODE_DIGITS][2] = {
	"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f", "g", "h",
	"i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
};

static const char *const node_colors[] = {
	COLOR_GREEN, COLOR_CYAN, COLOR_MAGENTA, COLOR_YELLOW, COLOR_BLUE, NULL,
};

#define NODE_COLORS (sizeof(node_colors) / sizeof(node_colors[0]))

static void fill_shades(struct shade all[SHADES])
{
	memcpy(all, shades, sizeof(shades));
	for (unsigned int i = 0; i < NODE_DIGITS; i++)
		all[SHADE_NODE + i] =
			(struct shade){ *digits[i], digits[i], node_colors[i % NODE_COLORS] };
	all[SHADE_NODE_ABOVE] = (struct shade){ '*', "*", NULL };
}

static const char *const subjects[] = {
	[CHART_DIRECT_MAP] = "its pages in the direct map",
	[CHART_RESIDENT] = "what of it is resident",
	[CHART_NODE] = "the NUMA nodes of its pages",
};

const char *chart_subject(enum chart_of of)
{
	return subjects[of];
}

enum status set_chart(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field)
{
	(void)cli;
	(void)option;
	(void)arg;
	((struct chart *)field)->wanted = true;
	return STATUS_YES;
}

enum status set_chart_of(struct cli *cli, const struct cli_option *option, const char *arg,
			 void *field)
{
	static const char *const words[] = {
		[CHART_DIRECT_MAP] = "direct-map",
		[CHART_RESIDENT] = "resident",
		[CHART_NODE] = "node",
	};
	struct chart *chart = field;

	for (int i = CHART_DIRECT_MAP; i <= CHART_NODE; i++) {
		if (strcmp(arg, words[i]))
			continue;
		chart->of = (enum chart_of)i;
		chart->has_of = true;
		return STATUS_YES;
	}
	return cli_usage(cli, "--%s=%s: it is not one of " CHART_FORM, option->name, arg);
}

enum status set_chart_width(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field)
{
	const char *end, *why;
	uint64_t number;

	if (!number_parse(arg, &number, &end, &why))
		return cli_usage(cli, "--%s=%s: %s", option->name, arg, why);
	if (*end || number < WIDTH_MIN || number > WIDTH_MAX)
		return cli_usage(cli, "--%s=%s: it is not a number from %d to %d", option->name,
				 arg, WIDTH_MIN, WIDTH_MAX);
	((struct chart *)field)->width = (unsigned int)number;
	return STATUS_YES;
}

enum status chart_check(struct cli *cli, const struct chart *chart)
{
	const struct format *format = &cli->common.format;

	if (!chart->wanted && (chart->width || chart->has_of))
		return cli_usage(cli, "--%s: give it with --map", chart->width ? "width" : "shade");
	if (!chart->wanted)
		return STATUS_YES;
	if (format->style != STYLE_TABLE)
		return cli_usage(cli,
				 "--map: a picture is for people; leave --map out for the output "
				 "that programs read");
	if (format->columns || format->all_columns)
		return cli_usage(cli, "--map: a picture has no columns; leave --output out");
	return STATUS_YES;
}

int chart_begin(struct cli *cli, const struct chart *chart, uint64_t start, uint64_t length,
		struct cells *cells)
{
	unsigned int width = picture_width(chart->width);
	unsigned int label = (unsigned int)picture_label_width(start + (length - 1)) + 1;

	if (width > WIDTH_MAX)
		width = WIDTH_MAX;
	return cells_new(cells, start, length, width > label ? width - label : 0,
			 gmem_page_size(cli->ctx));
}

/* One page that is not in the direct map is enough for a fault, so it always shows. */
static unsigned char shade_of_direct_map(const struct cell_sum *sum)
{
	uint64_t pages = cell_sum_pages(sum);
	unsigned int level = 0, levels = 0;

	if (sum->unmapped)
		return sum->unmapped == pages && !sum->unread ? SHADE_HOLE : SHADE_PART_HOLE;
	if (sum->unknown || sum->unread)
		return SHADE_UNKNOWN;
	for (unsigned int i = GMEM_LEVEL_PTE; i < GMEM_LEVEL_ROOM; i++) {
		level = sum->level[i] ? i : level;
		levels += sum->level[i] != 0;
	}
	if (!levels)
		return SHADE_ABSENT;
	return levels > 1 ? SHADE_MIXED : (unsigned char)(SHADE_LEVEL + level - GMEM_LEVEL_PTE);
}

static unsigned char shade_of_resident(const struct cell_sum *sum, uint64_t length)
{
	uint64_t pages = cell_sum_pages(sum);

	if (sum->unread)
		return SHADE_UNKNOWN;
	if (!pages)
		return SHADE_ABSENT;
	if (pages >= length)
		return SHADE_SHARE + SHARES - 1;
	return (unsigned char)(SHADE_SHARE + (pages > length / 3) + (pages > length / 3 * 2));
}

static unsigned char shade_of_node(const struct cell_sum *sum)
{
	if (sum->unread)
		return SHADE_UNKNOWN;
	switch (sum->node) {
	case NODES_NONE:
		return SHADE_ABSENT;
	case NODES_MIXED:
		return SHADE_MIXED;
	case -1:
		return SHADE_UNKNOWN;
	}
	return sum->node < NODE_DIGITS ? (unsigned char)(SHADE_NODE + sum->node) : SHADE_NODE_ABOVE;
}

static unsigned char shade_of(enum chart_of of, const struct cells *cells, size_t index)
{
	const struct cell_sum *sum = &cells->sums[index];

	if (of == CHART_RESIDENT)
		return shade_of_resident(sum, cells_length(cells, index));
	return of == CHART_NODE ? shade_of_node(sum) : shade_of_direct_map(sum);
}

/* The legend: the shades that occur, and sums that are not 0 although no shade shows them. */
struct legend {
	struct cli *cli;
	struct picture *picture;
	bool seen[SHADES];
};

static void add_key(struct legend *legend, unsigned int shade, const char *what,
		    const uint64_t *bytes)
{
	struct picture *picture = legend->picture;
	struct cell cell = cell_number(bytes ? *bytes : 0);
	char number[CELL_TEXT_MAX];
	struct picture_key *key = &picture->legend[picture->keys];

	if ((!legend->seen[shade] && !cell.number) || picture->keys == PICTURE_KEYS_MAX)
		return;
	picture->keys++;
	key->shade = shade;
	snprintf(key->text, sizeof(key->text), "%s%s%s", what, bytes ? " " : "",
		 bytes ? cell_format(KIND_BYTES, &cell, legend->cli->common.format.bytes, number)
		       : "");
}

static void add_direct_map(struct legend *legend, const struct cell_sum *total)
{
	const char *level;

	for (unsigned int i = GMEM_LEVEL_PUD; i >= GMEM_LEVEL_PTE; i--) {
		level = gmem_level_name(legend->cli->ctx, (enum gmem_level)i);
		if (level)
			add_key(legend, SHADE_LEVEL + i - GMEM_LEVEL_PTE, level, &total->level[i]);
	}
	add_key(legend, SHADE_MIXED, "mixed sizes", NULL);
	add_key(legend, SHADE_HOLE, "hole", &total->unmapped);
	add_key(legend, SHADE_PART_HOLE, "hole in part of it", NULL);
}

static void add_shares(struct legend *legend)
{
	for (unsigned int i = SHARES; i-- > 0;)
		add_key(legend, SHADE_SHARE + i, share_words[i], NULL);
}

static void add_nodes(struct legend *legend)
{
	char text[32];

	for (unsigned int i = 0; i < NODE_DIGITS; i++) {
		snprintf(text, sizeof(text), "node %u", i);
		add_key(legend, SHADE_NODE + i, text, NULL);
	}
	add_key(legend, SHADE_NODE_ABOVE, "a node above 35", NULL);
	add_key(legend, SHADE_MIXED, "several nodes", NULL);
}

static void fill_legend(struct legend *legend, enum chart_of of, const struct cells *cells,
			const char *absent)
{
	const struct cell_sum *total = &cells->total;
	uint64_t unknown = total->unread + (of == CHART_DIRECT_MAP ? total->unknown : 0);

	if (of == CHART_DIRECT_MAP)
		add_direct_map(legend, total);
	else if (of == CHART_RESIDENT)
		add_shares(legend);
	else
		add_nodes(legend);
	add_key(legend, SHADE_UNKNOWN, "unknown", of == CHART_NODE ? NULL : &unknown);
	add_key(legend, SHADE_ABSENT, absent, NULL);
}

static void fill_title(struct picture *picture, const struct cells *cells, const char *what)
{
	char cell[CELL_TEXT_MAX], row[CELL_TEXT_MAX];

	snprintf(picture->title, sizeof(picture->title), "%s", what);
	snprintf(picture->scale, sizeof(picture->scale), "a cell is %s, a row %s",
		 size_format(cells->step, cell, sizeof(cell)),
		 size_format(cells->step * cells->columns, row, sizeof(row)));
}

/* What a picture points to. */
struct drawn {
	struct shade shades[SHADES];
	unsigned char cells[];
};

int chart_picture(struct cli *cli, const struct chart *chart, const struct cells *cells,
		  const char *what, const char *absent, struct picture *picture)
{
	struct drawn *drawn = malloc(sizeof(*drawn) + cells->n);
	struct legend legend = { .cli = cli, .picture = picture };

	if (!drawn)
		return -ENOMEM;
	*picture = (struct picture){
		.shades = drawn->shades,
		.cells = drawn->cells,
		.n = cells->n,
		.columns = cells->columns,
		.start = cells->start,
		.step = cells->step,
		.label_width = picture_label_width(cells->start + (cells->length - 1)),
		.width = picture_width(chart->width),
	};
	fill_shades(drawn->shades);
	for (size_t i = 0; i < cells->n; i++) {
		drawn->cells[i] = shade_of(chart->of, cells, i);
		legend.seen[drawn->cells[i]] = true;
	}
	fill_title(picture, cells, what);
	fill_legend(&legend, chart->of, cells, absent);
	return 0;
}

void chart_free_picture(struct picture *picture)
{
	free((void *)picture->shades); /* the first of struct drawn */
	picture->shades = NULL;
}

enum status chart_draw(struct cli *cli, const struct chart *chart, const struct cells *cells,
		       const char *what, const char *absent)
{
	struct picture picture;

	if (chart_picture(cli, chart, cells, what, absent, &picture))
		return cli_no_memory(cli);
	output_picture(cli->out, &picture);
	chart_free_picture(&picture);
	return STATUS_YES;
}
