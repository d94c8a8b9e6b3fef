/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A log with a JSON object a line: journalctl -o json, and what container engines keep. */
#ifndef GMEM_OOPS_JSON_H
#define GMEM_OOPS_JSON_H

#include <stdbool.h>

/*
 * Puts the message of the object in the place of the line; the end of the line may be missing.
 * Returns whether there is a message; if not, the line stays as it is. *whole tells whether the
 * message has its end.
 */
bool oops_json_message(char *line, bool *whole);

#endif
