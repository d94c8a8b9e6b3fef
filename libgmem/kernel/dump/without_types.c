// SPDX-License-Identifier: LGPL-2.1-or-later
/* What make BPF=0 takes in the place of types.c: BTF is read through libbpf. */
#include <errno.h>

#include "kernel/dump/dump.h"

int gmem_dump_offset_of(struct gmem_dump *dump, const char *type, const char *member,
			size_t *offset)
{
	(void)dump;
	(void)type;
	(void)member;
	(void)offset;
	return -ENOTSUP;
}

int gmem_dump_size_of(struct gmem_dump *dump, const char *type, size_t *size)
{
	(void)dump;
	(void)type;
	(void)size;
	return -ENOTSUP;
}

void gmem_dump_types_free(struct gmem_dump *dump)
{
	(void)dump;
}
