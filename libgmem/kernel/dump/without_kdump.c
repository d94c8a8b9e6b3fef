// SPDX-License-Identifier: LGPL-2.1-or-later
/* What make KDUMP=0 takes in the place of file.c. */
#include <errno.h>
#include <stdio.h>

#include "kernel/dump/dump.h"

int gmem_dump_file_open(const char *path, struct gmem_dump_file *out, char *why, size_t size)
{
	(void)path;
	(void)out;
	snprintf(why, size, "this libgmem was built without libkdumpfile (KDUMP=0)");
	return -ENOTSUP;
}
