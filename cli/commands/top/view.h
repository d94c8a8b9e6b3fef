/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of top as lines of text, with the sequences of color.h in them: what is on the screen,
 * without the terminal itself. No line is wider than the view.
 */
#ifndef CLI_COMMANDS_TOP_VIEW_H
#define CLI_COMMANDS_TOP_VIEW_H

#include "commands/top/guest.h"

#define VIEW_NOTE_MAX 512 /* bytes of a note, with its end */

struct view {
	unsigned int width, height; /* of the terminal */
	bool utf8;		    /* its characters, by the locale */
	bool colored;		    /* the terminal has colours, and the user wants them */
	bool bytes;		    /* --bytes */
	double now;		    /* of the monotonic clock, for how old a row is */
	char clock[16];		    /* "14:03:22" */
	double interval;	    /* seconds */
	const char *origin;	    /* "simulated: tdx", or "" for the running kernel */
	const char *note;	    /* what cannot be seen, or "" */
	bool paused;
	enum guest_sort sort;
	bool reversed;
	size_t selected; /* which of the guests, from 0 */
	size_t first;  /* the first on the screen; view_draw() moves it to where selected is seen */
	size_t passed; /* columns that are passed over, behind those that always stand there */
};

/* Lines that are no guests: heading, sums, note, columns, keys. */
#define VIEW_LINES 5

/* How many guests are on a screen. */
size_t view_rows(const struct view *view);

/* How many columns may be passed over: one is left. */
size_t view_passable(void);

void view_draw(FILE *stream, struct view *view, const struct guest *const *guests, size_t n);

/* The keys, a line each. */
void view_help(FILE *stream, const struct view *view);

#endif
