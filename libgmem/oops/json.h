/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A log with a JSON object a line: journalctl -o json, and what container engines keep. */
#ifndef GMEM_OOPS_JSON_H
#define GMEM_OOPS_JSON_H

#include <stdbool.h>

/*
 * Puts the message of the object in place of the line, whose end may be missing. Returns whether
 * there is one; else the line stays as it is. *whole tells whether the message has its end.
 */
bool oops_json_message(char *line, bool *whole);

#endif
