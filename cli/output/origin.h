/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an output is of, where that is not the running kernel. */
#ifndef CLI_OUTPUT_ORIGIN_H
#define CLI_OUTPUT_ORIGIN_H

#include "output/output.h"

/* "simulated: MODEL", "snapshot: DIR", "dump: FILE", or "": no control characters in it. */
void output_origin(const struct document *document, char text[CELL_TEXT_MAX]);

#endif
