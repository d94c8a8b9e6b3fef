// SPDX-License-Identifier: LGPL-2.1-or-later
/* A string that grows. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/sim/internal.h"

static bool reserve(struct sim_text *text, size_t more)
{
	size_t size = text->size ? text->size : 256;
	char *bytes;

	while (size < text->length + more)
		size *= 2;
	if (size == text->size)
		return true;
	bytes = realloc(text->bytes, size);
	if (!bytes)
		return false;
	text->bytes = bytes;
	text->size = size;
	return true;
}

void sim_text_printf(struct sim_text *text, const char *format, ...)
{
	va_list args;
	int length;

	if (text->failed)
		return;
	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !reserve(text, (size_t)length + 1)) {
		text->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(text->bytes + text->length, (size_t)length + 1, format, args);
	va_end(args);
	text->length += (size_t)length;
}

void sim_text_free(struct sim_text *text)
{
	free(text->bytes);
	*text = (struct sim_text){ 0 };
}
