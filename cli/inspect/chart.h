/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --map: the picture of memory on a terminal, from the sums of its cells. */
#ifndef CLI_INSPECT_CHART_H
#define CLI_INSPECT_CHART_H

#include "core/command.h"
#include "inspect/cells.h"

/* What the shade of a cell tells. */
enum chart_of { CHART_DIRECT_MAP, CHART_RESIDENT, CHART_NODE };

struct chart {
	bool wanted; /* --map */
	bool has_of; /* --shade */
	enum chart_of of;
	unsigned int width; /* of --width; 0: as wide as the terminal */
};

/* --map, --shade and --width. The field is a chart. */
enum status set_chart(struct cli *cli, const struct cli_option *option, const char *arg,
		      void *field);
#define CHART_FORM "direct-map|resident|node"
enum status set_chart_of(struct cli *cli, const struct cli_option *option, const char *arg,
			 void *field);
enum status set_chart_width(struct cli *cli, const struct cli_option *option, const char *arg,
			    void *field);
#define CHART_WIDTH_HELP "With --map: columns that the picture may take, 40 to 1000"

/* Whether the options go together: a picture is no output for programs, and has no columns. */
enum status chart_check(struct cli *cli, const struct chart *chart);

/* Cells for a picture of [start, start + length). Returns 0 or -ENOMEM. */
int chart_begin(struct cli *cli, const struct chart *chart, uint64_t start, uint64_t length,
		struct cells *cells);

/* Draws them. what: what the picture is of; absent: what a cell without a page is called. */
enum status chart_draw(struct cli *cli, const struct chart *chart, const struct cells *cells,
		       const char *what, const char *absent);

#endif
