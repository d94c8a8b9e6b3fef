// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/origin.h"

#include <stdio.h>

#include "core/utf8.h"

void output_origin(const struct document *document, char text[CELL_TEXT_MAX])
{
	*text = '\0';
	if (document->model)
		snprintf(text, CELL_TEXT_MAX, "simulated: %s", document->model);
	else if (document->sysroot)
		snprintf(text, CELL_TEXT_MAX, "snapshot: %s", document->sysroot);
	else if (document->core)
		snprintf(text, CELL_TEXT_MAX, "dump: %s", document->core);
	utf8_mask(text, "");
}
