/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text that grows, cut where it is full. */
#ifndef GMEM_HOST_LIST_H
#define GMEM_HOST_LIST_H

#include <stddef.h>

struct gmem_host_list {
	char text[512];
	size_t used;
};

void gmem_host_list(struct gmem_host_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
