/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --map: the picture of memory on a terminal, from the sums of its cells. */
#ifndef CLI_INSPECT_CHART_H
#define CLI_INSPECT_CHART_H

#include "core/command.h"
#include "inspect/cells.h"
#include "output/picture.h"

/* What the shade of a cell shows. */
enum chart_of { CHART_DIRECT_MAP, CHART_RESIDENT, CHART_NODE };

struct chart {
	bool wanted; /* --map */
	bool has_of; /* --shade */
	enum chart_of of;
	unsigned int width; /* of --width; 0: as wide as the terminal */
};

/* What a picture of a guest_memfd shows: "its pages in the direct map". */
const char *chart_subject(enum chart_of of);

/* --map, --shade and --width. The field is a chart. */
enum status set_chart(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field);
#define CHART_FORM "direct-map|resident|node"
enum status set_chart_of(struct cli *cli, const struct cli_option *option, const char *arg,
			 void *field);
enum status set_chart_width(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field);
#define CHART_WIDTH_HELP "With --map: columns that the picture may take, 40 to 1000"

/* Checks that the options go together: a picture is not for programs, and has no columns. */
enum status chart_check(struct cli *cli, const struct chart *chart);

/* Cells for a picture of [start, start + length). Returns 0 or -ENOMEM. */
int chart_begin(struct cli *cli, const struct chart *chart, uint64_t start, uint64_t length,
		struct cells *cells);

/*
 * Fills in the picture of the cells, which must live as long. Free it afterwards. Returns 0 or
 * -ENOMEM. what names the subject of the picture, absent a cell without a page.
 */
int chart_picture(struct cli *cli, const struct chart *chart, const struct cells *cells,
		  const char *what, const char *absent, struct picture *picture);
void chart_free_picture(struct picture *picture);

/* Draws that picture to the output of the command. */
enum status chart_draw(struct cli *cli, const struct chart *chart, const struct cells *cells,
		       const char *what, const char *absent);

#endif
