// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "commands/top/screen.h"

int screen_open(FILE *out, bool *colored, const char **why)
{
	(void)out;
	(void)colored;
	*why = "this gmemctl was built without ncurses (TOP=0)";
	return -ENOSYS;
}

void screen_close(void)
{
}

void screen_size(unsigned int *width, unsigned int *height)
{
	*width = *height = 0;
}

void screen_show(const char *text)
{
	(void)text;
}

int screen_key(double seconds)
{
	(void)seconds;
	return SCREEN_GONE;
}
