/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of processes and files may hold any byte; most readers take UTF-8 only. */
#ifndef CLI_OUTPUT_UTF8_H
#define CLI_OUTPUT_UTF8_H

#include <stddef.h>

/* What is written in the place of a byte that belongs to no character: U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * Length of the UTF-8 character at text, 0 where there is none: a stray or missing continuation
 * byte, an overlong form, a surrogate, or a value above U+10FFFF.
 */
size_t utf8_length(const unsigned char *text);

#endif
