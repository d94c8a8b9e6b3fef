/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of cells for a terminal, row after row, with a label before each row and a legend
 * below. The caller decides what a cell stands for and what its shade means.
 */
#ifndef CLI_OUTPUT_PICTURE_H
#define CLI_OUTPUT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How a cell looks. Shades differ by their characters alone, for where there are no colours. */
struct shade {
	char ascii;
	const char *utf8;  /* one column wide, for locales with UTF-8 */
	const char *color; /* of color.h, or NULL */
};

struct picture_key {
	unsigned int shade;
	char text[96];
};

#define PICTURE_KEYS_MAX 64

struct picture {
	char title[160]; /* what it is of, and */
	char scale[80];	 /* what a cell is: on one line, or on two of a narrow terminal */
	const struct shade *shades;
	const unsigned char *cells; /* an index into shades each */
	size_t n;
	size_t columns;	 /* cells in a row */
	uint64_t start;	 /* number of the first cell, for labels, and */
	uint64_t step;	 /* from one to the next */
	int label_width; /* of picture_label_width() */
	unsigned int width;
	struct picture_key legend[PICTURE_KEYS_MAX];
	size_t keys;
};

/*
 * The columns that a picture may take: wanted, where that is not 0; COLUMNS of the environment; the
 * terminal on standard output; or 80.
 */
unsigned int picture_width(unsigned int wanted);

/* Room for the label of a row that begins at last or before. */
int picture_label_width(uint64_t last);

/* headed: with its title and its legend. */
void picture_draw(FILE *stream, const struct picture *picture, bool colored, bool headed);

#endif
