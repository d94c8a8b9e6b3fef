// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The content of top, without a terminal and a kernel: rates, when a row is read again, the order
 * of rows, bars, and lines of text that fit any width.
 */
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/top/guest.c"
#include "commands/top/view.c"
#include "core/size.c"
#include "core/utf8.c"
#include "output/cell.c"

#define SECOND 1000000000ull
#define GUESTS_MAX 40

static struct guest made[GUESTS_MAX];
static const struct guest *guests[GUESTS_MAX];

/* The locale decides how wide the text of others is. */
static void in_utf8(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static struct guest_count counted(double at, uint64_t resident, uint64_t changed_ns)
{
	return (struct guest_count){
		.at = at, .known = true, .resident = resident, .changed_ns = changed_ns
	};
}

static void take(struct guest *guest, double at, uint64_t resident, uint64_t changed_ns)
{
	struct guest_count count = counted(at, resident, changed_ns);

	guest_take_count(guest, &count);
}

START_TEST(rate_of_a_guest)
{
	struct guest guest = { .inode = 1 };
	const struct guest_count unknown = { .at = 14 };

	take(&guest, 10, 4096, SECOND);
	ck_assert(!guest.has_rate); /* as there is no earlier value */
	take(&guest, 12, 4096 + 3000, 2 * SECOND);
	ck_assert(guest.has_rate);
	ck_assert_double_eq_tol(guest.rate, 1500, 1e-9);
	take(&guest, 12.5, 4096, 3 * SECOND);
	ck_assert_double_eq_tol(guest.rate, -6000, 1e-9);
	take(&guest, 13.5, 4096, 3 * SECOND);
	ck_assert(guest.has_rate);
	ck_assert_double_eq(guest.rate, 0);
	guest_take_count(&guest, &unknown);
	ck_assert(!guest.has_rate && !guest_resident(&guest).known);
	take(&guest, 15, 4096, 3 * SECOND);
	ck_assert(!guest.has_rate);
	/* Two values at the same time give no rate. */
	take(&guest, 15, 8192, 3 * SECOND);
	ck_assert(!guest.has_rate);
}
END_TEST

static void read_now(struct guest *guest, double now, double took)
{
	guest->has_row = true;
	guest->unread = false;
	guest->read_at = now;
	guest->took = took;
}

START_TEST(when_a_row_is_read_again)
{
	struct guest guest = { .inode = 1 };

	ck_assert(guest_is_due(&guest, 0));
	take(&guest, 10, 4096, SECOND);
	read_now(&guest, 10, 0.001);
	/*
	 * A change may follow in the same tick of the clock: the row is read
	 * once more, then not again.
	 */
	take(&guest, 11, 4096, SECOND);
	ck_assert(guest_is_due(&guest, 11));
	read_now(&guest, 11, 0.001);
	take(&guest, 12, 4096, SECOND);
	ck_assert(!guest_is_due(&guest, 12));
	/* Changes that make a row due: pages, the time of change, memslots. */
	take(&guest, 13, 8192, SECOND);
	ck_assert(guest_is_due(&guest, 13));
	read_now(&guest, 13, 0.001);
	take(&guest, 14, 8192, SECOND);
	read_now(&guest, 14, 0.001);
	take(&guest, 15, 8192, 2 * SECOND);
	ck_assert(guest_is_due(&guest, 15));
	/* A slow row may take a tenth of the time. Its change is not forgotten. */
	read_now(&guest, 15, 2);
	take(&guest, 16, 16384, 3 * SECOND);
	ck_assert(!guest_is_due(&guest, 16));
	take(&guest, 17, 16384, 3 * SECOND);
	take(&guest, 18, 16384, 3 * SECOND);
	ck_assert(!guest_is_due(&guest, 34.9));
	ck_assert(guest_is_due(&guest, 35.1));
	/* No row counts as unchanged for ever. */
	read_now(&guest, 40, 0.001);
	ck_assert(!guest_is_due(&guest, 40 + GUEST_IDLE - 0.1));
	ck_assert(guest_is_due(&guest, 40 + GUEST_IDLE + 0.1));
	read_now(&guest, 40, 0.1);
	ck_assert(!guest_is_due(&guest, 40 + GUEST_IDLE + 0.1));
	ck_assert(guest_is_due(&guest, 141));
}
END_TEST

START_TEST(idle_row_is_read_seldom)
{
	struct guest guest = { .inode = 1 };

	take(&guest, 1, 4096, SECOND);
	read_now(&guest, 1, 0.001);
	for (int i = 2; i < 4; i++) {
		take(&guest, i, 4096, SECOND);
		read_now(&guest, i, 0.001);
		ck_assert(!guest_is_idle(&guest));
	}
	take(&guest, 4, 4096, SECOND);
	ck_assert(guest_is_idle(&guest));
	take(&guest, 5, 8192, SECOND);
	ck_assert(!guest_is_idle(&guest));
	/* The changed rows are still due. */
	for (int i = 6; i < 12; i++)
		take(&guest, i, 8192, SECOND);
	ck_assert(!guest_is_idle(&guest));
	read_now(&guest, 12, 0.001);
	ck_assert(guest_is_idle(&guest));
}
END_TEST

/* Each form. The text is never wrong by more than a hundredth. */
START_TEST(rates_as_text)
{
	static const struct {
		double rate;
		const char *text;
	} forms[] = {
		{ 0, "0B/s" },
		{ 0.4, "0B/s" },
		{ -0.4, "0B/s" },
		{ 1, "+1B/s" },
		{ -999, "-999B/s" },
		{ 1023, "+1.00K/s" },
		{ 1536, "+1.50K/s" },
		{ -12.34 * 1024, "-12.3K/s" },
		{ 123.4 * 1048576, "+123M/s" },
		{ 999.6 * 1024, "+0.98M/s" },
		{ 1.25 * 1073741824, "+1.25G/s" },
	};
	char buffer[RATE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		ck_assert_str_eq(rate_format(forms[i].rate, buffer), forms[i].text);
	for (double rate = 100; rate < 1e19; rate *= 1.0173) {
		double unit = 1, read;
		char *end;

		read = strtod(rate_format(rate, buffer), &end);
		for (const char *at = "BKMGTPE"; *at != *end; at++)
			unit *= 1024;
		ck_assert_double_eq_tol(read * unit / rate, 1, 0.01);
	}
}
END_TEST

/*
 * Random parts, compared with the rules: all cells are used, each part is
 * visible, shares are right.
 */
START_TEST(random_bars)
{
	for (int round = 0; round < 20000; round++) {
		size_t n = BAR_PARTS + (size_t)rand() % 60, cells[BAR_PARTS], used = 0;
		uint64_t parts[BAR_PARTS], total = 0;

		for (int i = 0; i < BAR_PARTS; i++) {
			parts[i] = rand() % 3 ? (uint64_t)rand() << (rand() % 30) : 0;
			total += parts[i];
		}
		bar_fill(parts, n, cells);
		for (int i = 0; i < BAR_PARTS; i++) {
			double share = total ? (double)parts[i] / (double)total * (double)n : 0;

			used += cells[i];
			ck_assert_int_eq(cells[i] > 0, total ? parts[i] > 0 : i == BAR_ABSENT);
			if (total)
				ck_assert_double_lt(fabs((double)cells[i] - share), BAR_PARTS);
		}
		ck_assert_uint_eq(used, n);
	}
}
END_TEST

/* One page in a terabyte that is not in the direct map is visible. */
START_TEST(a_hole_is_never_lost)
{
	const uint64_t parts[BAR_PARTS] = {
		[BAR_MAPPED] = (1ull << 40) - 4096, [BAR_UNMAPPED] = 4096
	};
	size_t cells[BAR_PARTS];

	bar_fill(parts, 10, cells);
	ck_assert_uint_eq(cells[BAR_MAPPED], 9);
	ck_assert_uint_eq(cells[BAR_UNMAPPED], 1);
}
END_TEST

static void make_guest(size_t i, uint64_t size, uint64_t resident, const char *command)
{
	struct guest *guest = &made[i];
	struct cell *cells = guest->row.cells;

	*guest = (struct guest){ .device = 1, .inode = i + 1, .has_row = true };
	take(guest, 1, 0, SECOND);
	take(guest, 2, resident, 2 * SECOND);
	cells[LIST_PID] = cell_number(1000 + i);
	cells[LIST_COMMAND] = cell_text(command);
	cells[LIST_SIZE] = cell_number(size);
	cells[LIST_RESIDENT] = cell_number(resident);
	cells[LIST_PRIVATE] = cell_number(size);
	cells[LIST_SHARED] = cell_number(4096 * i);
	cells[LIST_DIRECT_MAP] = cell_text("mixed");
	cells[LIST_IN_DIRECT_MAP] = cell_number(resident / 2);
	cells[LIST_NOT_IN_DIRECT_MAP] = cell_number(resident - resident / 2);
	cells[LIST_DIRECT_MAP_UNKNOWN] = cell_number(0);
	cells[LIST_NODES] = cell_text("0:1M,1:1M");
	guests[i] = guest;
}

/* Returns the order of inodes as text. */
static const char *order_by(enum guest_sort sort, size_t n, bool reversed)
{
	static char text[64];

	*text = '\0';
	guests_sort(guests, n, sort, reversed);
	for (size_t i = 0; i < n; i++)
		sprintf(text + strlen(text), "%s%d", i ? " " : "", (int)guests[i]->inode);
	return text;
}

START_TEST(order_of_rows)
{
	make_guest(0, 1 << 20, 4096, "b");
	make_guest(1, 8 << 20, 1 << 20, "c");
	make_guest(2, 4 << 20, 1 << 20, "a");
	make_guest(3, 2 << 20, 0, NULL);
	made[3].count.known = false;
	made[3].has_rate = false;
	made[0].rate = -1e9; /* a fast decrease counts like a fast increase */
	ck_assert_str_eq(order_by(SORT_RESIDENT, 4, false), "2 3 1 4");
	ck_assert_str_eq(order_by(SORT_RESIDENT, 4, true), "1 2 3 4");
	ck_assert_str_eq(order_by(SORT_RATE, 4, false), "1 2 3 4");
	ck_assert_str_eq(order_by(SORT_SIZE, 4, false), "2 3 4 1");
	ck_assert_str_eq(order_by(SORT_SIZE, 4, true), "1 4 3 2");
	ck_assert_str_eq(order_by(SORT_PRIVATE, 4, false), "2 3 4 1");
	ck_assert_str_eq(order_by(SORT_SHARED, 4, false), "4 3 2 1");
	ck_assert_str_eq(order_by(SORT_PID, 4, false), "1 2 3 4");
	ck_assert_str_eq(order_by(SORT_PID, 4, true), "4 3 2 1");
	ck_assert_str_eq(order_by(SORT_COMMAND, 4, false), "3 1 2 4");
	ck_assert_str_eq(order_by(SORT_COMMAND, 4, true), "2 1 3 4");
	for (int i = 0; i < SORTS; i++)
		ck_assert(strstr(GUEST_SORTS, guest_sort_name((enum guest_sort)i)));
	ck_assert_ptr_null(guest_sort_name(SORTS));
}
END_TEST

START_TEST(sums_of_all)
{
	struct guest_sums sums;

	make_guest(0, 1 << 20, 4096, "a");
	make_guest(1, 8 << 20, 1 << 20, "b");
	guests_sum(guests, 2, &sums);
	ck_assert(sums.resident.known && sums.has_rate);
	ck_assert_uint_eq(sums.resident.number, 4096 + (1 << 20));
	ck_assert_uint_eq(sums.size.number, 9 << 20);
	ck_assert_double_eq_tol(sums.rate, 4096 + (1 << 20), 1e-6);
	made[1].count.known = false;
	made[1].has_rate = false;
	guests_sum(guests, 2, &sums);
	ck_assert(!sums.resident.known && !sums.has_rate && sums.size.known);
	guests_sum(guests, 0, &sums);
	ck_assert(sums.resident.known && !sums.has_rate && !sums.resident.number);
}
END_TEST

/*
 * Returns how many columns a line takes on a terminal, without its colours; more if it has
 * characters that are not printed.
 */
static unsigned int width_of(const char *line, size_t length)
{
	unsigned int width = 0;

	for (size_t i = 0; i < length;) {
		wchar_t wide;
		size_t bytes;

		if (line[i] == '\033') {
			while (line[i++] != 'm')
				ck_assert_uint_lt(i, length);
			continue;
		}
		bytes = mbrtowc(&wide, line + i, length - i, &(mbstate_t){ 0 });
		ck_assert_uint_ge(bytes, 1);
		ck_assert_uint_le(bytes, length - i);
		ck_assert_int_ge(wcwidth(wide), 1);
		width += (unsigned int)wcwidth(wide);
		i += bytes;
	}
	return width;
}

/* Draws, and compares each line with the width. The caller frees the text. */
static char *drawn(struct view *view, size_t n)
{
	char *text = NULL;
	size_t size, lines = 0;
	FILE *stream = open_memstream(&text, &size);

	view_draw(stream, view, guests, n);
	fclose(stream);
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		ck_assert_uint_le(width_of(at, strcspn(at, "\n")), view->width);
		lines++;
	}
	ck_assert_uint_eq(lines, VIEW_LINES + view_rows(view));
	return text;
}

static struct view view_of(unsigned int width, unsigned int height)
{
	return (struct view){
		.width = width,
		.height = height,
		.utf8 = true,
		.clock = "12:34:56",
		.interval = 1,
		.origin = "",
		.note = "",
		.now = 5,
	};
}

START_TEST(no_line_is_wider_than_the_screen)
{
	in_utf8();
	for (size_t i = 0; i < GUESTS_MAX; i++)
		make_guest(i, i % 2 ? 1ull << 20 : 1ull << 62, (i % 2 ? 1ull : 1000ull) << 20,
			   i % 3 ? "qemu-system-x86_64" : "宽宽宽宽宽宽宽宽宽");
	for (unsigned int width = 1; width < 200; width++) {
		for (size_t passed = 0; passed <= view_passable(); passed++) {
			struct view view = view_of(width, 1 + width % 50);

			view.passed = passed;
			view.colored = width % 2;
			view.utf8 = width % 3;
			view.bytes = width % 5 == 0;
			view.note = "a note that is longer than a narrow screen is wide";
			view.selected = width % GUESTS_MAX;
			free(drawn(&view, width % GUESTS_MAX));
		}
	}
}
END_TEST

/* Whether a drawn line, which is padded with blanks, has that text. */
static bool line_is(const char *line, const char *text)
{
	size_t length = strlen(text);

	return line && !strncmp(line, text, length) &&
	       strspn(line + length, " ") == strcspn(line + length, "\n");
}

START_TEST(long_note_is_cut_at_a_clause)
{
	static const struct {
		const char *note, *line;
		unsigned int width;
	} cases[] = {
#define NOTE "incomplete: 12 of 345 processes may not be looked at, process 1 the first: root"
		{ NOTE, NOTE, 80 },
		{ NOTE, NOTE, 79 },
		{ NOTE, "incomplete: 12 of 345 processes may not be looked at, process 1 the first",
		  78 },
		{ NOTE, "incomplete: 12 of 345 processes may not be looked at", 60 },
		{ NOTE, "incomplete: 12 of 345 processes may not be looked at", 52 },
		{ NOTE, "incomplete: 12 of 345 processes may not be looked a", 51 },
		{ NOTE, "incomplete", 11 },
		{ "äöü äöü, ß", "äöü äöü", 9 },
		{ "äöü äöü, ß", "äöü äöü, ß", 10 },
		{ "at 1:2 there is more", "at 1:2 the", 10 },
	};

	in_utf8();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view view = view_of(cases[i].width, 10);
		char line[256], *text;

		view.note = cases[i].note;
		text = drawn(&view, 0);
		snprintf(line, sizeof(line), "\n%s", cases[i].line);
		ck_assert_msg(strstr(text, line) && line_is(strstr(text, line) + 1, line + 1),
			      "%zu: no line '%s' in\n%s", i, cases[i].line, text);
		free(text);
	}
}
END_TEST

/* Of a narrow screen: what the numbers are of, and the keys that a user needs first. */
START_TEST(first_and_last_line_lose_whole_parts)
{
	static const struct {
		unsigned int width;
		const char *first, *last;
	} cases[] = {
		{ 100,
		  "gmemctl top  12:34:56  PAUSED  simulated: arm64-16k  every 1s  by resident "
		  "reversed",
		  "q quit  h help  p pause  s sort  r reverse  Enter map  u update" },
		{ 60, "gmemctl top  12:34:56  PAUSED  simulated: arm64-16k",
		  "q quit  h help  p pause  s sort  r reverse  Enter map" },
		{ 40, "gmemctl top  12:34:56  PAUSED  simulated",
		  "q quit  h help  p pause  s sort" },
	};

	in_utf8();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view view = view_of(cases[i].width, 10);
		char *text, *last;

		view.paused = true;
		view.reversed = true;
		view.origin = "simulated: arm64-16k";
		text = drawn(&view, 0);
		last = text + strlen(text) - 1;
		while (last > text && last[-1] != '\n')
			last--;
		ck_assert_msg(line_is(text, cases[i].first) && line_is(last, cases[i].last),
			      "%u: '%s' and '%s' are not in\n%s", cases[i].width, cases[i].first,
			      cases[i].last, text);
		free(text);
	}
}
END_TEST

START_TEST(cells_of_a_row)
{
	struct view view = view_of(100, 10);
	char *text;

	in_utf8();
	make_guest(0, 4 << 20, 2 << 20, "qemu");
	view.sort = SORT_SIZE;
	text = drawn(&view, 1);
	ck_assert_ptr_nonnull(strstr(text, "1 guest_memfd  resident 2M of 4M  +2.00M/s"));
	ck_assert_ptr_nonnull(
		strstr(text, COLOR_REVERSE " 1000" COLOR_PLAIN COLOR_REVERSE ">qemu"));
	ck_assert_ptr_nonnull(strstr(text, "█"));
	ck_assert_ptr_nonnull(strstr(text, "0:1M,1:1M"));
	ck_assert_ptr_null(strstr(text, "\033[3")); /* without colours */
	free(text);
	view.utf8 = false;
	view.colored = true;
	text = drawn(&view, 1);
	for (const char *at = text; *at; at++)
		ck_assert((*at >= ' ' && *at <= '~') || *at == '\n' || *at == '\033');
	ck_assert_ptr_nonnull(strstr(text, COLOR_GREEN "######"));
	ck_assert_ptr_nonnull(strstr(text, COLOR_RED "XXXXXX"));
	free(text);
}
END_TEST

/* Without its sequences, the text itself tells which row is chosen, if the terminal has no colours.
 */
START_TEST(chosen_row_without_colours)
{
	struct view view = view_of(100, 10);
	char *text;

	in_utf8();
	for (size_t i = 0; i < 3; i++)
		make_guest(i, 4 << 20, 2 << 20, "qemu");
	view.selected = 1;
	text = drawn(&view, 3);
	ck_assert_ptr_nonnull(strstr(text, "\n 1000 qemu"));
	ck_assert_ptr_nonnull(strstr(text, ">qemu"));
	ck_assert_ptr_null(strstr(strstr(text, ">qemu") + 1, ">qemu"));
	free(text);
	view.colored = true;
	text = drawn(&view, 3);
	ck_assert_ptr_null(strstr(text, ">qemu"));
	ck_assert_ptr_nonnull(strstr(text, COLOR_REVERSE " qemu"));
	free(text);
}
END_TEST

/* 60 columns have everything that changes fast. Other columns are to the right. */
START_TEST(screen_of_60_columns)
{
	struct view view = view_of(60, 10);
	char *text;

	in_utf8();
	make_guest(0, 1000ull << 30, 999ull << 30, "qemu");
	text = drawn(&view, 1);
	/* The sum of private memory has no room: a part of its number would be another number. */
	ck_assert_ptr_nonnull(strstr(text, "1 guest_memfd  resident 999G of 1000G  "));
	ck_assert_ptr_null(strstr(text, "private"));
	free(text);
	make_guest(0, 4 << 20, 2 << 20, "qemu");
	text = drawn(&view, 1);
	ck_assert_ptr_nonnull(strstr(text, "RESIDENT"));
	ck_assert_ptr_nonnull(strstr(text, "RATE"));
	ck_assert_ptr_nonnull(strstr(text, "DIRECT-MAP"));
	ck_assert_ptr_null(strstr(text, "NODES"));
	free(text);
	view.passed = 4;
	text = drawn(&view, 1);
	ck_assert_ptr_nonnull(strstr(text, "NODES"));
	ck_assert_ptr_nonnull(strstr(text, "COMMAND"));
	free(text);
}
END_TEST

/*
 * No byte of a name reaches the terminal if the terminal would obey it, or if it would
 * move the text beside it.
 */
START_TEST(hostile_names)
{
	static const char *const names[] = {
		"\033[2J\033[H",
		"a\nb",
		"\xc2\x9b"
		"31m",
		"\xff\xfe",
		"e\xcc\x81\xcc\x81",
		"\t",
		"\xe2\x80\xae"
		"abc",
		"\x7f",
	};
	struct view view = view_of(100, 10);

	in_utf8();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *text;

		make_guest(0, 4096, 4096, names[i]);
		for (int utf8 = 0; utf8 < 2; utf8++) {
			view.utf8 = utf8;
			text = drawn(&view, 1);
			ck_assert_ptr_null(strstr(text, "\033[2J"));
			ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
			ck_assert_ptr_null(strstr(text, "\xcc\x81"));
			ck_assert_ptr_null(strstr(text, "\t"));
			ck_assert_ptr_nonnull(strstr(text, "\\x"));
			free(text);
		}
	}
}
END_TEST

START_TEST(screen_follows_the_chosen_row)
{
	struct view view = view_of(80, VIEW_LINES + 5);
	char *text;

	in_utf8();
	for (size_t i = 0; i < GUESTS_MAX; i++)
		make_guest(i, 4096, 4096, "a");
	view.selected = 20;
	text = drawn(&view, GUESTS_MAX);
	ck_assert_uint_eq(view.first, 16);
	ck_assert_ptr_nonnull(strstr(text, "1020"));
	free(text);
	view.selected = 17;
	free(drawn(&view, GUESTS_MAX));
	ck_assert_uint_eq(view.first, 16);
	view.selected = 3;
	free(drawn(&view, GUESTS_MAX));
	ck_assert_uint_eq(view.first, 3);
	/* There are fewer guests than the selected row. */
	view.selected = 30;
	free(drawn(&view, 7));
	ck_assert_uint_eq(view.selected, 6);
	ck_assert_uint_eq(view.first, 2);
	free(drawn(&view, 0));
	ck_assert_uint_eq(view.first, 0);
}
END_TEST

UNIT_MAIN("top", rate_of_a_guest, when_a_row_is_read_again, idle_row_is_read_seldom, rates_as_text,
	  random_bars, a_hole_is_never_lost, order_of_rows, sums_of_all,
	  no_line_is_wider_than_the_screen, long_note_is_cut_at_a_clause,
	  first_and_last_line_lose_whole_parts, cells_of_a_row, chosen_row_without_colours,
	  screen_of_60_columns, hostile_names, screen_follows_the_chosen_row)
