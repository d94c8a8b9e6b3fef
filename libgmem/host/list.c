// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/list.h"

#include <stdarg.h>
#include <stdio.h>

void gmem_host_list(struct gmem_host_list *list, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(list->text + list->used, sizeof(list->text) - list->used, format, args);
	va_end(args);
	if (length > 0)
		list->used += (size_t)length;
	if (list->used >= sizeof(list->text))
		list->used = sizeof(list->text) - 1;
}
