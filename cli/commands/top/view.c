// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/top/view.h"

#include <inttypes.h>
#include <string.h>
#include <wchar.h>

#include "core/utf8.h"
#include "output/color.h"
#include "output/picture.h"

#define TEXT_MAX 160

/*
 * Writes a character of others' text, as tables do it: what is not shown becomes \xNN, and what
 * would be drawn over its neighbour too. Returns how many columns it takes, 0 where there is no
 * room for it; *at is moved behind it. stream may be NULL.
 */
static int put_character(FILE *stream, const char **at, bool utf8, int room)
{
	const unsigned char *text = (const unsigned char *)*at;
	size_t length = utf8_shown(text);
	wchar_t wide = L'?';
	int width;

	if (!utf8 && *text >= 0x80)
		length = 0;
	if (length > 1 && mbrtowc(&wide, *at, length, &(mbstate_t){ 0 }) != length)
		length = 0;
	width = length > 1 ? wcwidth(wide) : 1;
	if (!length || width < 1) {
		length = 0;
		width = 4;
	}
	if (width > room)
		return 0;
	if (stream && length)
		fwrite(text, 1, length, stream);
	else if (stream)
		fprintf(stream, "\\x%02x", *text);
	*at += length ? length : 1;
	return width;
}

/* Writes as much of text as there is room for, and blanks for the rest. */
static void put_text(FILE *stream, const struct view *view, const char *text, int room)
{
	while (*text && room > 0) {
		int width = put_character(stream, &text, view->utf8, room);

		if (!width)
			break;
		room -= width;
	}
	fprintf(stream, "%*s", room, "");
}

/* How many columns it would take, up to most. */
static int text_width(const struct view *view, const char *text, int most)
{
	int width = 0, next;

	while (*text && (next = put_character(NULL, &text, view->utf8, most - width)))
		width += next;
	return *text ? most : width;
}

static const struct shade bar_shades[BAR_PARTS] = {
	[BAR_MAPPED] = { '#', "█", COLOR_GREEN },
	[BAR_UNMAPPED] = { 'X', "X", COLOR_RED },
	[BAR_UNKNOWN] = { '?', "?", COLOR_YELLOW },
	[BAR_ABSENT] = { '.', "·", COLOR_DIM },
};

static void put_bar(FILE *stream, const struct view *view, const struct guest *guest, int width)
{
	uint64_t parts[BAR_PARTS];
	size_t cells[BAR_PARTS];

	if (!guest_bar(guest, parts)) {
		put_text(stream, view, "-", width);
		return;
	}
	bar_fill(parts, (size_t)width, cells);
	for (int part = 0; part < BAR_PARTS; part++) {
		const struct shade *shade = &bar_shades[part];

		if (!cells[part])
			continue;
		fputs(view->colored ? shade->color : "", stream);
		for (size_t i = 0; i < cells[part]; i++) {
			if (view->utf8)
				fputs(shade->utf8, stream);
			else
				putc(shade->ascii, stream);
		}
		fputs(view->colored ? COLOR_PLAIN : "", stream);
	}
}

enum {
	COLUMN_PID,
	COLUMN_COMMAND,
	COLUMN_SIZE,
	COLUMN_RESIDENT,
	COLUMN_RATE,
	COLUMN_BAR,
	COLUMN_PRIVATE,
	COLUMN_SHARED,
	COLUMN_NODES,
	COLUMN_NAME,
	COLUMN_AGE,
	COLUMNS_OF_TOP,
};

#define FIXED (COLUMN_COMMAND + 1) /* these are never passed over */

struct top_column {
	const char *heading;
	enum kind kind;
	enum list_column of; /* LIST_COLUMNS: of none */
	int least;
	int most;
};

static const struct top_column columns[COLUMNS_OF_TOP] = {
	[COLUMN_PID] = { "PID", KIND_NUMBER, LIST_PID, 5, 20 },
	[COLUMN_COMMAND] = { "COMMAND", KIND_TEXT, LIST_COMMAND, 7, 15 },
	[COLUMN_SIZE] = { "SIZE", KIND_BYTES, LIST_SIZE, 5, 20 },
	[COLUMN_RESIDENT] = { "RESIDENT", KIND_BYTES, LIST_COLUMNS, 8, 20 },
	[COLUMN_RATE] = { "RATE", KIND_BYTES, LIST_COLUMNS, 8, 20 },
	[COLUMN_BAR] = { "DIRECT-MAP", KIND_STATE, LIST_COLUMNS, 10, 24 },
	[COLUMN_PRIVATE] = { "PRIVATE", KIND_BYTES, LIST_PRIVATE, 7, 20 },
	[COLUMN_SHARED] = { "SHARED", KIND_BYTES, LIST_SHARED, 6, 20 },
	[COLUMN_NODES] = { "NODES", KIND_TEXT, LIST_NODES, 5, 40 },
	[COLUMN_NAME] = { "NAME", KIND_TEXT, LIST_NAME, 4, 20 },
	[COLUMN_AGE] = { "AGE", KIND_NUMBER, LIST_COLUMNS, 3, 9 },
};

/* Which column a screen is sorted by: its heading stands out. */
static const int sorted_by[SORTS] = {
	[SORT_RESIDENT] = COLUMN_RESIDENT, [SORT_RATE] = COLUMN_RATE,	  [SORT_SIZE] = COLUMN_SIZE,
	[SORT_PRIVATE] = COLUMN_PRIVATE,   [SORT_SHARED] = COLUMN_SHARED, [SORT_PID] = COLUMN_PID,
	[SORT_COMMAND] = COLUMN_COMMAND,
};

static bool is_right_aligned(const struct top_column *column)
{
	return column->kind == KIND_NUMBER || column->kind == KIND_BYTES;
}

/* Everything but a bar has a text, "-" where it is unknown. */
static const char *text_of(const struct view *view, const struct guest *guest, int column,
			   char buffer[CELL_TEXT_MAX])
{
	struct cell cell = CELL_UNKNOWN;
	const char *text;

	if (column == COLUMN_RATE)
		return guest->has_rate ? rate_format(guest->rate, buffer) : "-";
	if (column == COLUMN_AGE && guest->has_row) {
		snprintf(buffer, CELL_TEXT_MAX, "%.0fs", view->now - guest->read_at);
		return buffer;
	}
	if (column == COLUMN_RESIDENT)
		cell = guest_resident(guest);
	else if (columns[column].of != LIST_COLUMNS)
		cell = guest->row.cells[columns[column].of];
	if (!cell.known)
		return "-";
	text = cell_format(columns[column].kind, &cell, view->bytes, buffer);
	return text && *text ? text : "-";
}

/* The columns that there is room for, and how wide each is. */
struct layout {
	int column[COLUMNS_OF_TOP];
	int width[COLUMNS_OF_TOP];
	size_t n;
};

static int wanted_width(const struct view *view, const struct guest *const *guests, size_t n,
			int column)
{
	const struct top_column *what = &columns[column];
	int width = what->least;

	for (size_t i = 0; column != COLUMN_BAR && i < n; i++) {
		char buffer[CELL_TEXT_MAX];
		int needed = text_width(view, text_of(view, guests[i], column, buffer), what->most);

		width = needed > width ? needed : width;
	}
	return width;
}

/* A column comes with all of its width, or not at all. What is left then makes the bar wider. */
static void lay_out(const struct view *view, const struct guest *const *guests, size_t n,
		    struct layout *layout)
{
	int left = (int)view->width, bar = -1;

	layout->n = 0;
	for (int i = 0; i < COLUMNS_OF_TOP; i++) {
		int width = wanted_width(view, guests, n, i);

		if (i >= FIXED && (size_t)(i - FIXED) < view->passed)
			continue;
		/* A long name leaves room for what it has. */
		if (i == COLUMN_COMMAND && view->width < 80 && width > 10)
			width = 10;
		if (width > left)
			break;
		if (i == COLUMN_BAR)
			bar = (int)layout->n;
		layout->column[layout->n] = i;
		layout->width[layout->n++] = width;
		left -= width + 1;
	}
	if (bar < 0 || ++left <= 0)
		return;
	layout->width[bar] += left;
	if (layout->width[bar] > columns[COLUMN_BAR].most)
		layout->width[bar] = columns[COLUMN_BAR].most;
}

static void put_cell(FILE *stream, const struct view *view, const struct guest *guest, int column,
		     int width)
{
	char buffer[CELL_TEXT_MAX];
	const char *text;

	if (column == COLUMN_BAR) {
		put_bar(stream, view, guest, width);
		return;
	}
	text = text_of(view, guest, column, buffer);
	if (is_right_aligned(&columns[column]))
		fprintf(stream, "%*s", width, text);
	else
		put_text(stream, view, text, width);
}

/*
 * The chosen row is in reverse video. Where there are no colours a character marks it, too, since
 * such a terminal may not have reverse video either.
 */
static char gap_before(const struct view *view, size_t i, bool selected)
{
	return selected && !view->colored && i == 1 ? '>' : ' ';
}

static void put_row(FILE *stream, const struct view *view, const struct layout *layout,
		    const struct guest *guest, bool selected)
{
	for (size_t i = 0; i < layout->n; i++) {
		/* A bar has colours of its own. */
		bool reverse = selected && layout->column[i] != COLUMN_BAR;

		fputs(selected ? COLOR_PLAIN : "", stream);
		fputs(reverse ? COLOR_REVERSE : "", stream);
		if (i)
			putc(gap_before(view, i, selected), stream);
		put_cell(stream, view, guest, layout->column[i], layout->width[i]);
	}
	fputs(selected ? COLOR_PLAIN "\n" : "\n", stream);
}

static void put_headings(FILE *stream, const struct view *view, const struct layout *layout)
{
	for (size_t i = 0; i < layout->n; i++) {
		int column = layout->column[i];
		bool marked = column == sorted_by[view->sort];
		bool right = is_right_aligned(&columns[column]);

		fprintf(stream, "%s%s%*s%s", i ? " " : "", marked ? COLOR_REVERSE : "",
			right ? layout->width[i] : -layout->width[i], columns[column].heading,
			marked ? COLOR_PLAIN : "");
	}
	putc('\n', stream);
}

/* A line of our own words, no wider than the screen. */
static void put_line(FILE *stream, const struct view *view, const char *text)
{
	put_text(stream, view, text, (int)view->width);
	putc('\n', stream);
}

/* What is before the last part of text: a comma, colon or semicolon, or two blanks. NULL for one
 * part. */
static char *last_part(char *text)
{
	char *found = NULL;

	for (char *at = text; (at = strpbrk(at, ",:; ")); at++)
		if (at[1] == ' ')
			found = at;
	return found;
}

/* A line that is too long loses whole parts, so that no number is cut, if half of the line is left.
 */
static void put_parts(FILE *stream, const struct view *view, const char *line)
{
	int width = (int)view->width;
	char text[VIEW_NOTE_MAX], *part;

	snprintf(text, sizeof(text), "%s", line);
	while (text_width(view, text, width + 1) > width && (part = last_part(text)))
		*part = '\0';
	put_line(stream, view, text_width(view, text, width) < width / 2 ? line : text);
}

static void put_top(FILE *stream, const struct view *view)
{
	char text[TEXT_MAX];

	/* A narrow screen loses what comes last. */
	snprintf(text, sizeof(text), "gmemctl top  %s%s%s%s  every %gs  by %s%s", view->clock,
		 view->paused ? "  PAUSED" : "", *view->origin ? "  " : "", view->origin,
		 view->interval, guest_sort_name(view->sort), view->reversed ? " reversed" : "");
	put_parts(stream, view, text);
}

static const char *size_text(const struct view *view, const struct cell *cell,
			     char buffer[CELL_TEXT_MAX])
{
	return cell->known ? cell_format(KIND_BYTES, cell, view->bytes, buffer) : "unknown";
}

static void put_sums(FILE *stream, const struct view *view, const struct guest *const *guests,
		     size_t n)
{
	char size[CELL_TEXT_MAX], resident[CELL_TEXT_MAX], private[CELL_TEXT_MAX],
		shared[CELL_TEXT_MAX], rate[RATE_TEXT_MAX], text[TEXT_MAX * 2];
	struct guest_sums sums;

	guests_sum(guests, n, &sums);
	snprintf(text, sizeof(text),
		 "%zu guest_memfd%s  resident %s of %s%s%s  private %s  shared %s", n,
		 n == 1 ? "" : "s", size_text(view, &sums.resident, resident),
		 size_text(view, &sums.size, size), sums.has_rate ? "  " : "",
		 sums.has_rate ? rate_format(sums.rate, rate) : "",
		 size_text(view, &sums.private, private), size_text(view, &sums.shared, shared));
	put_parts(stream, view, text);
}

size_t view_rows(const struct view *view)
{
	return view->height > VIEW_LINES ? view->height - VIEW_LINES : 1;
}

size_t view_passable(void)
{
	return COLUMNS_OF_TOP - FIXED - 1;
}

static void scroll(struct view *view, size_t n)
{
	size_t rows = view_rows(view);

	if (view->selected >= n)
		view->selected = n ? n - 1 : 0;
	if (view->first > view->selected)
		view->first = view->selected;
	if (view->selected >= view->first + rows)
		view->first = view->selected - rows + 1;
	if (view->first + rows > n)
		view->first = n > rows ? n - rows : 0;
}

static void put_keys(FILE *stream, const struct view *view)
{
	put_parts(stream, view, "q quit  h help  p pause  s sort  r reverse  Enter map  u update");
}

void view_draw(FILE *stream, struct view *view, const struct guest *const *guests, size_t n)
{
	struct layout layout = { .n = 0 };
	size_t rows = view_rows(view);

	scroll(view, n);
	put_top(stream, view);
	put_sums(stream, view, guests, n);
	put_parts(stream, view, view->note);
	lay_out(view, guests, n, &layout);
	put_headings(stream, view, &layout);
	for (size_t i = view->first; i < view->first + rows; i++) {
		if (i < n)
			put_row(stream, view, &layout, guests[i], i == view->selected);
		else
			putc('\n', stream);
	}
	put_keys(stream, view);
}

void view_help(FILE *stream, const struct view *view)
{
	static const char *const lines[] = {
		"gmemctl top: every guest_memfd on this host, as it is now",
		"",
		"  q          quit",
		"  p, blank   pause: the screen stays as it is; again: go on",
		"  s, S       sort by the next key, by the one before",
		"  r          reverse the order",
		"  up, down   choose a guest_memfd; also Home, End, pages;",
		"             without colours > marks the chosen one",
		"  left       and right: show other columns",
		"  Enter, m   draw the chosen one as a map; q or Esc: back",
		"  d, v, n    in a map: direct map, resident, NUMA nodes",
		"  + and -    refresh more often, less often",
		"  u          read everything again now",
		"",
		"DIRECT-MAP: # or a block: in the direct map, X: not in it,",
		"  ?: unknown, a dot: not resident",
		"AGE: seconds since all but RESIDENT and RATE was read",
		"",
		"any key: back to the table",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put_line(stream, view, lines[i]);
}
