/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from others: names of processes and files may hold any byte. Most readers take UTF-8 only,
 * and a terminal interprets some characters. All code that writes such text uses these functions.
 */
#ifndef CLI_CORE_UTF8_H
#define CLI_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What is written in the place of a byte that belongs to no character: U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * Length of the UTF-8 character at text, 0 if there is no character: a stray or missing
 * continuation byte, an overlong form, a surrogate, or a value above U+10FFFF.
 */
size_t utf8_length(const unsigned char *text);

/*
 * The same, if a terminal only shows the character. 0 for a control character too: those below the
 * blank, DEL, and U+0080 to U+009F, of which U+009B begins a sequence as ESC [ does.
 */
size_t utf8_shown(const unsigned char *text);

/* Whether a terminal is written to in UTF-8, by the locale. */
bool utf8_is_locale(void);

/* Writes text. What is not shown, and characters of unsafe (ASCII), become \xNN, a byte each. */
void utf8_write(FILE *stream, const char *text, const char *unsafe);

/* Puts '?' for each byte that is not shown, except for the characters of kept. */
void utf8_mask(char *text, const char *kept);

#endif
