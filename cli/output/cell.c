// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/cell.h"

#include <inttypes.h>

#include "core/size.h"

const char *cell_format(enum kind kind, const struct cell *cell, bool bytes,
			char buffer[CELL_TEXT_MAX])
{
	switch (kind) {
	case KIND_LIST:
		/* The list is known to be empty. "-" means that a value is unknown. */
		return *cell->text ? cell->text : "none";
	case KIND_TEXT:
	case KIND_STATE:
	case KIND_ROWS:
	case KIND_OBJECT:
		return cell->text;
	case KIND_BOOL:
		return cell->number ? "yes" : "no";
	case KIND_HEX:
	case KIND_ADDRESS:
		snprintf(buffer, CELL_TEXT_MAX, "0x%" PRIx64, cell->number);
		return buffer;
	case KIND_BYTES:
		if (!bytes)
			return size_format(cell->number, buffer, CELL_TEXT_MAX);
		break;
	case KIND_NUMBER:
		break;
	}
	snprintf(buffer, CELL_TEXT_MAX, "%" PRIu64, cell->number);
	return buffer;
}
