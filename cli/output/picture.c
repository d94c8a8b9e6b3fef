// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/utf8.h"
#include "output/color.h"

#define WIDTH_DEFAULT 80

unsigned int picture_width(unsigned int wanted)
{
	const char *columns = getenv("COLUMNS");
	int number = columns ? atoi(columns) : 0;
	struct winsize size = { .ws_col = 0 };

	if (wanted)
		return wanted;
	if (number > 0)
		return (unsigned int)number;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

int picture_label_width(uint64_t last)
{
	return snprintf(NULL, 0, "0x%" PRIx64, last);
}

/* What is being written: a colour lasts until the next cell has another one. */
struct brush {
	FILE *stream;
	const struct shade *shades;
	bool utf8;
	bool colored;
	const char *color;
};

static void set_color(struct brush *brush, const char *color)
{
	if (!brush->colored || color == brush->color)
		return;
	if (brush->color)
		fputs(COLOR_PLAIN, brush->stream);
	if (color)
		fputs(color, brush->stream);
	brush->color = color;
}

static void put_cell(struct brush *brush, unsigned int index)
{
	const struct shade *shade = &brush->shades[index];

	set_color(brush, shade->color);
	if (brush->utf8)
		fputs(shade->utf8, brush->stream);
	else
		putc(shade->ascii, brush->stream);
}

static void draw_row(struct brush *brush, const struct picture *picture, size_t first)
{
	size_t end = first + picture->columns;

	fprintf(brush->stream, "%*s0x%" PRIx64 " ",
		picture->label_width - picture_label_width(picture->start + first * picture->step),
		"", picture->start + first * picture->step);
	for (size_t i = first; i < end && i < picture->n; i++)
		put_cell(brush, picture->cells[i]);
	set_color(brush, NULL);
	putc('\n', brush->stream);
}

/* A key is two blanks, its cell, a blank and its text, which is ASCII. */
static void draw_legend(struct brush *brush, const struct picture *picture)
{
	size_t at = 0;

	for (size_t i = 0; i < picture->keys; i++) {
		const struct picture_key *key = &picture->legend[i];
		size_t length = strlen("  # ") + strlen(key->text);

		if (at && at + length > picture->width) {
			putc('\n', brush->stream);
			at = 0;
		}
		at += length;
		fputs("  ", brush->stream);
		put_cell(brush, key->shade);
		set_color(brush, NULL);
		fprintf(brush->stream, " %s", key->text);
	}
	if (at)
		putc('\n', brush->stream);
}

static void draw_title(FILE *stream, const struct picture *picture)
{
	size_t length = strlen(picture->title) + strlen(": ") + strlen(picture->scale);

	fprintf(stream, "%s:%c%s\n", picture->title, length > picture->width ? '\n' : ' ',
		picture->scale);
}

void picture_draw(FILE *stream, const struct picture *picture, bool colored, bool headed)
{
	struct brush brush = {
		.stream = stream,
		.shades = picture->shades,
		.utf8 = utf8_is_locale(),
		.colored = colored,
	};

	if (headed)
		draw_title(stream, picture);
	for (size_t first = 0; first < picture->n; first += picture->columns)
		draw_row(&brush, picture, first);
	if (headed)
		draw_legend(&brush, picture);
}
