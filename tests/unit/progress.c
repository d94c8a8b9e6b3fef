// SPDX-License-Identifier: GPL-2.0-or-later
/* When progress is drawn, its content and width, and that it is erased at the end. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A clock and a terminal that the tests control. */
static int64_t clock_ms;
static int terminal;
static unsigned short columns;

static int64_t fake_now(void)
{
	return clock_ms;
}

static int fake_isatty(int fd)
{
	return fd == STDERR_FILENO && terminal;
}

static int fake_ioctl(int fd, unsigned long request, struct winsize *size)
{
	(void)fd;
	(void)request;
	size->ws_col = columns;
	return columns ? 0 : -1;
}

#define now_ms fake_now
#define isatty fake_isatty
#define ioctl fake_ioctl
#include "core/progress.c"
#undef ioctl
#undef isatty
#undef now_ms
#include "core/size.c"

static struct cli cli;
static char *text;
static size_t size;

static struct progress begin(uint64_t length, int64_t delay)
{
	struct progress progress;

	cli.streams.err = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(cli.streams.err);
	progress_begin(&progress, &cli, length, delay);
	return progress;
}

static const char *written(void)
{
	fflush(cli.streams.err);
	return text;
}

static void end(void)
{
	fclose(cli.streams.err);
	free(text);
}

START_TEST(drawn_late_and_wiped)
{
	struct progress progress;
	size_t length;

	terminal = 1;
	columns = 80;
	clock_ms = 5000;
	progress = begin(4ull << 30, PROGRESS_DELAY);
	clock_ms += 999;
	progress_at(&progress, 1ull << 30, NULL);
	ck_assert_str_eq(written(), "");
	clock_ms += 1001;
	progress_at(&progress, 1ull << 30, NULL);
	ck_assert_str_eq(written(),
			 "\r[======                  ]  25%  1G of 4G  512M/s  00:06 left\033[K");
	/* Too soon, and a step back: neither is drawn. */
	clock_ms += PROGRESS_REDRAW - 1;
	progress_at(&progress, 3ull << 30, NULL);
	ck_assert_ptr_null(strstr(written(), "75%"));
	clock_ms += 1;
	progress_at(&progress, 1ull << 30, NULL);
	ck_assert_ptr_nonnull(strstr(written(), "75%"));
	progress_end(&progress);
	ck_assert_str_eq(written() + size - 4, "\r\033[K");
	length = size;
	progress_end(&progress);
	written();
	ck_assert_uint_eq(size, length); /* once */
	end();
}
END_TEST

/*
 * Nothing is drawn if the work is quick, if there is no terminal, and if other lines go to the same
 * terminal.
 */
START_TEST(drawn_on_a_terminal_only)
{
	static const struct {
		int terminal;
		bool quiet;
		unsigned int verbose;
	} cases[] = { { 0, false, 0 }, { 1, true, 0 }, { 1, false, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct progress progress;

		terminal = cases[i].terminal;
		cli.common.quiet = cases[i].quiet;
		cli.common.verbose = cases[i].verbose;
		clock_ms = 0;
		progress = begin(100, 0);
		clock_ms = 100000;
		progress_at(&progress, 50, "x");
		progress_end(&progress);
		ck_assert_str_eq(written(), "");
		end();
	}
	memset(&cli, 0, sizeof(cli));
}
END_TEST

/* The line is narrower than the terminal: a wrapped line could not be erased. */
START_TEST(line_is_narrower_than_the_terminal)
{
	terminal = 1;
	for (columns = 40; columns < 200; columns++) {
		struct progress progress;
		size_t length;

		clock_ms = 0;
		progress = begin(1100ull << 30, 0);
		clock_ms = 61000;
		progress_at(&progress, 1000ull << 30, NULL);
		length = strlen(written()) - strlen("\r\033[K");
		ck_assert_uint_lt(length, columns);
		ck_assert_int_eq(strstr(text, "\r[") != NULL, columns > 44);
		ck_assert_int_eq(length == 67, columns > 67);
		ck_assert_ptr_nonnull(strstr(text, "1000G of 1.1T"));
		end();
	}
}
END_TEST

/* Each step is drawn, with its name. */
START_TEST(names_each_step)
{
	struct progress progress;

	terminal = 1;
	columns = 0;
	clock_ms = 0;
	progress = begin(5, 0);
	progress.steps = true;
	progress_at(&progress, 0, "doctor");
	progress_at(&progress, 1, "caps");
	ck_assert_str_eq(written(), "\r[                        ]   0%  0 of 5  doctor\033[K"
				    "\r[====                    ]  20%  1 of 5  caps\033[K");
	progress_end(&progress);
	end();
}
END_TEST

UNIT_MAIN("progress", drawn_late_and_wiped, drawn_on_a_terminal_only,
	  line_is_narrower_than_the_terminal, names_each_step)
