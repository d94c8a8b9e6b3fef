// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares the picture of --map with a page by page model of the same memory: the sums of all
 * cells, their shades, and the totals of the legend.
 */
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/size.c"
#include "core/utf8.c"
#include "inspect/cells.c"
#include "inspect/chart.c"
#include "output/cell.c"
#include "output/picture.c"

#define PAGE 4096ull
#define PAGES_MAX 20000u
#define ROUNDS 300

/* The state of a page: absent, mapped at a level, or not mapped. */
enum { ABSENT, PTE, PMD, PUD, HOLE, UNKNOWN, UNREAD, KINDS };

static struct {
	unsigned char kind[PAGES_MAX];
	signed char node[PAGES_MAX];
	uint64_t first, n; /* of the range, in pages */
} memory;

/* The picture that the command drew last. */
static struct picture drawn;
static char shown[CELLS_ROWS * 1024];

enum status cli_usage(struct cli *cli, const char *format, ...)
{
	(void)cli;
	(void)format;
	return STATUS_USAGE;
}

enum status cli_no_memory(struct cli *cli)
{
	(void)cli;
	return STATUS_FAILED;
}

void output_picture(struct output *out, const struct picture *picture)
{
	(void)out;
	drawn = *picture;
	ck_assert_uint_lt(picture->n, sizeof(shown));
	for (size_t i = 0; i < picture->n; i++)
		shown[i] = picture->shades[picture->cells[i]].ascii;
	shown[picture->n] = '\0';
}

/* Runs of random length, so that some cells have one kind of page, and others several. */
static void fill(unsigned int longest)
{
	memory.first = (uint64_t)(rand() % 3) * 512;
	memory.n = 1 + (uint64_t)rand() % (PAGES_MAX - 1);
	for (uint64_t i = 0; i < memory.n;) {
		uint64_t end = i + 1 + (uint64_t)rand() % longest;
		unsigned char kind = (unsigned char)(rand() % KINDS);
		signed char node = (signed char)(rand() % 4 - 1);

		/* Rare kinds must be rare, or most cells would have one of each. */
		if (kind >= HOLE && rand() % 8)
			kind = PMD;
		for (; i < memory.n && i < end; i++) {
			memory.kind[i] = kind;
			memory.node[i] = node;
		}
	}
}

static bool alike(uint64_t a, uint64_t b)
{
	return memory.kind[a] == memory.kind[b] && memory.node[a] == memory.node[b];
}

/* Adds the same memory as extents. Some extents are outside the range. */
static void add_all(struct cells *cells)
{
	struct cell_part outside = { .start = 0, .length = memory.first * PAGE, .level = 1 };

	cells_add(cells, &outside);
	for (uint64_t i = 0, n; i < memory.n; i += n) {
		unsigned char kind = memory.kind[i];
		struct cell_part part = { .start = (memory.first + i) * PAGE };

		for (n = 1; i + n < memory.n && alike(i, i + n); n++)
			;
		part.length = n * PAGE;
		part.node = memory.node[i];
		part.unread = kind == UNREAD;
		part.direct_map = kind == HOLE	? GMEM_DIRECT_MAP_UNMAPPED
				  : kind <= PUD ? GMEM_DIRECT_MAP_MAPPED
						: GMEM_DIRECT_MAP_UNKNOWN;
		part.level = kind <= PUD ? (enum gmem_level)kind : GMEM_LEVEL_NONE;
		if (kind != ABSENT)
			cells_add(cells, &part);
	}
	outside.start = (memory.first + memory.n) * PAGE;
	outside.length = 1 << 20;
	cells_add(cells, &outside);
}

/* The content of a cell, counted page by page. */
struct seen {
	uint64_t kinds[KINDS];
	uint64_t pages;
	int node; /* node of all pages; 99: several */
};

static struct seen look(uint64_t page, uint64_t end)
{
	struct seen seen = { .node = 98 };

	for (; page < end; page++) {
		unsigned char kind = memory.kind[page];

		seen.kinds[kind]++;
		if (kind == ABSENT || kind == UNREAD)
			continue;
		seen.pages++;
		if (seen.node == 98)
			seen.node = memory.node[page];
		else if (seen.node != memory.node[page])
			seen.node = 99;
	}
	return seen;
}

static char direct_map_char(const struct seen *seen)
{
	int sizes = !!seen->kinds[PTE] + !!seen->kinds[PMD] + !!seen->kinds[PUD];

	if (seen->kinds[HOLE])
		return seen->kinds[HOLE] == seen->pages + seen->kinds[UNREAD] ? 'X' : 'x';
	if (seen->kinds[UNKNOWN] || seen->kinds[UNREAD])
		return '?';
	if (sizes > 1)
		return '+';
	return seen->kinds[PTE] ? '-' : seen->kinds[PMD] ? '=' : seen->kinds[PUD] ? '#' : '.';
}

static char resident_char(const struct seen *seen, uint64_t room)
{
	if (seen->kinds[UNREAD])
		return '?';
	if (!seen->pages || seen->pages == room)
		return seen->pages ? '#' : '.';
	/* Thirds are whole bytes, as in the command. */
	if (seen->pages * PAGE <= room * PAGE / 3)
		return '-';
	return seen->pages * PAGE <= room * PAGE / 3 * 2 ? '=' : '%';
}

static char node_char(const struct seen *seen)
{
	if (seen->kinds[UNREAD] || seen->node == -1)
		return '?';
	return seen->node == 98 ? '.' : seen->node == 99 ? '+' : (char)('0' + seen->node);
}

static char wanted(enum chart_of of, const struct seen *seen, uint64_t room)
{
	if (of == CHART_DIRECT_MAP)
		return direct_map_char(seen);
	return of == CHART_RESIDENT ? resident_char(seen, room) : node_char(seen);
}

static uint64_t sum_of(const struct cells *cells, size_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < cells->n; i++)
		sum += *(const uint64_t *)((const char *)&cells->sums[i] + offset);
	return sum;
}

#define SUM(member) sum_of(&cells, offsetof(struct cell_sum, member))

/* Returns the legend's key that begins with this word. */
static const char *key_of(const char *word)
{
	for (size_t i = 0; i < drawn.keys; i++)
		if (!strncmp(drawn.legend[i].text, word, strlen(word)))
			return drawn.legend[i].text + strlen(word);
	return "";
}

START_TEST(every_cell)
{
	struct cli cli = { .common.format.bytes = true };
	struct gmem_ctx *ctx;

	srand(4711);
	ck_assert_int_eq(gmem_ctx_new_simulated("plain", &ctx), 0);
	cli.ctx = ctx;
	for (int round = 0; round < ROUNDS; round++) {
		struct chart chart = {
			.wanted = true,
			.of = (enum chart_of)(round % 3),
			.width = 40 + (unsigned int)(rand() % 200),
		};
		struct seen all;
		struct cells cells;

		fill(round % 2 ? 4000 : 40);
		all = look(0, memory.n);
		ck_assert_int_eq(
			chart_begin(&cli, &chart, memory.first * PAGE, memory.n * PAGE, &cells), 0);
		add_all(&cells);
		ck_assert_int_eq(chart_draw(&cli, &chart, &cells, "x", "absent"), STATUS_YES);
		ck_assert_uint_eq(SUM(level[GMEM_LEVEL_PTE]), all.kinds[PTE] * PAGE);
		ck_assert_uint_eq(SUM(level[GMEM_LEVEL_PMD]), all.kinds[PMD] * PAGE);
		ck_assert_uint_eq(SUM(level[GMEM_LEVEL_PUD]), all.kinds[PUD] * PAGE);
		ck_assert_uint_eq(SUM(unmapped), all.kinds[HOLE] * PAGE);
		ck_assert_uint_eq(SUM(unknown), all.kinds[UNKNOWN] * PAGE);
		ck_assert_uint_eq(SUM(unread), all.kinds[UNREAD] * PAGE);
		ck_assert_uint_eq(cell_sum_pages(&cells.total), all.pages * PAGE);
		for (size_t i = 0; i < cells.n; i++) {
			uint64_t first = i * cells.step / PAGE,
				 room = cells_length(&cells, i) / PAGE;
			struct seen seen = look(first, first + room);

			ck_assert_int_eq(shown[i], wanted(chart.of, &seen, room));
		}
		ck_assert_uint_eq(cells.n, strlen(shown));
		if (chart.of == CHART_DIRECT_MAP) {
			ck_assert_uint_eq(strtoull(key_of("2M "), NULL, 10), all.kinds[PMD] * PAGE);
			ck_assert_uint_eq(strtoull(key_of("hole "), NULL, 10),
					  all.kinds[HOLE] * PAGE);
			ck_assert_uint_eq(strtoull(key_of("unknown "), NULL, 10),
					  (all.kinds[UNKNOWN] + all.kinds[UNREAD]) * PAGE);
		}
		cells_free(&cells);
	}
	gmem_ctx_free(ctx);
}
END_TEST

/* Memory use depends only on the width; rows fit, and steps are powers of two. */
START_TEST(memory_depends_on_width_only)
{
	for (unsigned int width = 40; width <= 1000; width += 60) {
		for (uint64_t length = PAGE; length <= 1ull << 52; length = length * 2 + PAGE) {
			struct cells cells;

			ck_assert_int_eq(cells_new(&cells, 0, length, width, PAGE), 0);
			ck_assert_uint_le(cells.columns, width);
			ck_assert_uint_gt(cells.columns + CELLS_ALIGN, width);
			ck_assert_uint_le(cells.n, CELLS_ROWS * cells.columns);
			ck_assert_uint_ge(cells.n * cells.step, length);
			ck_assert_uint_lt((cells.n - 1) * cells.step, length);
			ck_assert_uint_eq(cells.step & (cells.step - 1), 0);
			/* The cells are as small as possible. */
			if (cells.step > PAGE)
				ck_assert_uint_gt(length,
						  CELLS_ROWS * cells.columns * (cells.step / 2));
			cells_free(&cells);
		}
	}
}
END_TEST

/* Shades that can appear together have different characters, in ASCII and in UTF-8. */
START_TEST(shades_differ)
{
	static const struct {
		unsigned int first, n;
	} sets[] = { { SHADE_LEVEL, 3 }, { SHADE_SHARE, SHARES }, { SHADE_NODE, NODE_DIGITS + 1 } };
	struct shade all[SHADES];

	fill_shades(all);
	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		unsigned int own[SHADES], n = 0;

		for (unsigned int i = 0; i < SHADE_LEVEL; i++)
			if (sets[s].first != SHADE_NODE ||
			    (i != SHADE_HOLE && i != SHADE_PART_HOLE))
				own[n++] = i;
		for (unsigned int i = 0; i < sets[s].n; i++)
			own[n++] = sets[s].first + i;
		for (unsigned int i = 0; i < n; i++)
			for (unsigned int k = i + 1; k < n; k++) {
				ck_assert_int_ne(all[own[i]].ascii, all[own[k]].ascii);
				ck_assert_str_ne(all[own[i]].utf8, all[own[k]].utf8);
			}
	}
}
END_TEST

UNIT_MAIN("chart", every_cell, memory_depends_on_width_only, shades_differ)
