// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/top/screen.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "core/interrupt.h"

/* A terminal is one thing of the process, as ncurses has it too. */
static SCREEN *screen;

static const struct {
	int curses;
	enum screen_key key;
} keys[] = {
	{ KEY_RESIZE, SCREEN_RESIZED },	 { KEY_UP, SCREEN_UP },	      { KEY_DOWN, SCREEN_DOWN },
	{ KEY_LEFT, SCREEN_LEFT },	 { KEY_RIGHT, SCREEN_RIGHT }, { KEY_PPAGE, SCREEN_PAGE_UP },
	{ KEY_NPAGE, SCREEN_PAGE_DOWN }, { KEY_HOME, SCREEN_HOME },   { KEY_END, SCREEN_END },
};

/* newterm() takes a terminal that cannot place its cursor too, and the screen would be one long
 * scroll. */
static int check_terminal(int fd, const char **why)
{
	int found = 0;
	const char *cup;
	bool has_cup;

	*why = "the terminal cannot place its cursor ($TERM)";
	if (setupterm(NULL, fd, &found)) {
		*why = "the kind of terminal is not known ($TERM, terminfo)";
		return -ENOTTY;
	}
	cup = tigetstr("cup");
	has_cup = cup && cup != (const char *)-1;
	del_curterm(cur_term); /* newterm() has one of its own */
	return has_cup ? 0 : -ENOTTY;
}

/* The eight colours of color.h, on the background that the terminal has. False: it has none. */
static bool begin_colors(void)
{
	if (!has_colors() || start_color())
		return false;
	use_default_colors();
	for (short i = 1; i < 8; i++)
		init_pair(i, i, -1);
	return true;
}

/* A resize waits until interrupt_key() lets it in: none is slept over. */
static void block_resize(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(how, &set, NULL);
}

int screen_open(FILE *out, bool *colored, const char **why)
{
	int ret = check_terminal(fileno(out), why);

	if (ret)
		return ret;
	fflush(out);
	screen = newterm(NULL, out, stdin);
	if (!screen) {
		*why = "out of memory";
		return -ENOMEM;
	}
	block_resize(SIG_BLOCK);
	*colored = *colored && begin_colors();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	return 0;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
	block_resize(SIG_UNBLOCK);
}

void screen_size(unsigned int *width, unsigned int *height)
{
	*width = (unsigned int)COLS;
	*height = (unsigned int)LINES;
}

/* "\033[31m" and its like: what color.h has. Returns what is behind it. */
static const char *take_sequence(const char *text)
{
	char *end;
	long number = strtol(text + 2, &end, 10);

	if (number == 0)
		attrset(A_NORMAL);
	else if (number == 2)
		attron(A_DIM);
	else if (number == 7)
		attron(A_REVERSE);
	else if (number > 30 && number < 38)
		attron(COLOR_PAIR(number - 30));
	return *end ? end + 1 : end;
}

/* Columns of a character; what is no character is one, and a question mark. */
static int character(const char *text, size_t *length)
{
	wchar_t wide;
	size_t bytes = mbrtowc(&wide, text, MB_CUR_MAX, &(mbstate_t){ 0 });
	int width = bytes && bytes <= MB_CUR_MAX ? wcwidth(wide) : -1;

	*length = width < 0 ? 1 : bytes;
	return width;
}

/* The part of a line that there is room for. */
static const char *show_line(const char *text, int y)
{
	size_t length;
	int x = 0;

	move(y, 0);
	while (*text && *text != '\n') {
		int width;

		if (!strncmp(text, "\033[", 2)) {
			text = take_sequence(text);
			continue;
		}
		width = character(text, &length);
		if (x + (width < 0 ? 1 : width) <= COLS)
			addnstr(width < 0 ? "?" : text, (int)length);
		x += width < 0 ? 1 : width;
		text += length;
	}
	attrset(A_NORMAL);
	return *text ? text + 1 : text;
}

void screen_show(const char *text)
{
	erase();
	for (int y = 0; y < LINES && *text; y++)
		text = show_line(text, y);
	refresh();
}

static int translate(int key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return key == ERR || key > 0x7f ? (key == KEY_ENTER ? '\r' : SCREEN_NONE) : key;
}

int screen_key(double seconds)
{
	int key = translate(getch()), ret;

	if (key != SCREEN_NONE)
		return key;
	ret = interrupt_key(STDIN_FILENO, seconds);
	if (ret < 0 && ret != -EINTR)
		return SCREEN_GONE;
	return translate(getch());
}
