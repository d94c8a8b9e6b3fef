/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal, as long as top has it. screen.c alone knows ncurses; a gmemctl that was built with
 * TOP=0 has without_screen.c in its place.
 */
#ifndef CLI_COMMANDS_TOP_SCREEN_H
#define CLI_COMMANDS_TOP_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Takes the terminal on out and on standard input. *colored tells whether colours are wanted, and
 * becomes false if the terminal has none. Returns 0, or a negative errno and why: -ENOSYS (built
 * without it), -ENOTTY (one that cannot do it), -ENOMEM.
 */
int screen_open(FILE *out, bool *colored, const char **why);

/* Gives it back as it was. */
void screen_close(void);

void screen_size(unsigned int *width, unsigned int *height);

/* Shows lines of text, with the sequences of color.h in them, from the top on; the rest is blank.
 */
void screen_show(const char *text);

/* Keys that are no characters, and what else ends a wait. */
enum screen_key {
	SCREEN_NONE = 0x1000, /* the time is over, or a signal came */
	SCREEN_RESIZED,
	SCREEN_GONE, /* there is no terminal any more */
	SCREEN_UP,
	SCREEN_DOWN,
	SCREEN_LEFT,
	SCREEN_RIGHT,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
};

/* Waits so many seconds for a key. */
int screen_key(double seconds);

#endif
