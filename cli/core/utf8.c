// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/utf8.h"

#include <langinfo.h>
#include <string.h>

size_t utf8_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80	 ? 1
			: text[0] < 0xc2 ? 0
			: text[0] < 0xe0 ? 2
			: text[0] < 0xf0 ? 3
			: text[0] < 0xf5 ? 4
					 : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static bool is_control(const unsigned char *text)
{
	return *text < 0x20 || *text == 0x7f || (*text == 0xc2 && text[1] < 0xa0);
}

size_t utf8_shown(const unsigned char *text)
{
	return is_control(text) ? 0 : utf8_length(text);
}

bool utf8_is_locale(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

void utf8_write(FILE *stream, const char *text, const char *unsafe)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		size_t length = strchr(unsafe, *at) ? 0 : utf8_shown(at);

		if (length)
			fwrite(at, 1, length, stream);
		else
			fprintf(stream, "\\x%02x", *at);
		at += length ? length : 1;
	}
}

void utf8_mask(char *text, const char *kept)
{
	while (*text) {
		size_t length = strchr(kept, *text) ? 1 : utf8_shown((unsigned char *)text);

		if (!length)
			*text = '?';
		text += length ? length : 1;
	}
}
