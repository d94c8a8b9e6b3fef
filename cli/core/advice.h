/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libgmem advises its callers, for people who have commands. */
#ifndef CLI_CORE_ADVICE_H
#define CLI_CORE_ADVICE_H

#include <stddef.h>

/* Puts commands and options in the place of the functions that a text of libgmem names. */
void advice_translate(char *text, size_t size);

#endif
