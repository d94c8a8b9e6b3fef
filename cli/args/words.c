// SPDX-License-Identifier: GPL-2.0-or-later
#include "args/words.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies one word from *from to *to, both in the same line, and ends it with NUL. */
static bool take_word(char **from, char **to, const char **why)
{
	char *at = *from, *out = *to, quote = '\0';

	for (; *at && (quote || !is_blank(*at)); at++) {
		if (quote == '\'' ? *at == '\'' : quote && *at == '"') {
			quote = '\0';
		} else if (!quote && (*at == '\'' || *at == '"')) {
			quote = *at;
		} else if (*at == '\\' &&
			   (!quote || (quote == '"' && (at[1] == '"' || at[1] == '\\')))) {
			if (!*++at || *at == '\n') {
				*why = "a backslash ends the line";
				return false;
			}
			*out++ = *at;
		} else {
			*out++ = *at;
		}
	}
	if (quote) {
		*why = quote == '"' ? "a \" is not closed" : "a ' is not closed";
		return false;
	}
	*from = *at ? at + 1 : at;
	*out = '\0';
	*to = out + 1;
	return true;
}

bool words_split(char *line, char **words, int max, int *n, const char **why)
{
	char *from = line, *to = line;

	*n = 0;
	for (;;) {
		while (is_blank(*from))
			from++;
		if (!*from || *from == '#')
			break;
		if (*n == max - 1) {
			*why = "it has too many words";
			return false;
		}
		words[(*n)++] = to;
		if (!take_word(&from, &to, why))
			return false;
	}
	words[*n] = NULL;
	return true;
}
