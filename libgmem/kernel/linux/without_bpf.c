// SPDX-License-Identifier: LGPL-2.1-or-later
/* What make BPF=0 takes in the place of bpf_reader.c and btf.c: no BPF reader, and no layouts. */
#include <stdio.h>

#include "kernel/linux/linux.h"

int gmem_bpf_reader_new(struct gmem_bpf_reader **out, char *why, size_t size)
{
	*out = NULL;
	snprintf(why, size, "this libgmem was built without libbpf (BPF=0)");
	return -ENOTSUP;
}

void gmem_bpf_reader_free(struct gmem_bpf_reader *reader)
{
	(void)reader;
}

int gmem_bpf_reader_read(struct gmem_bpf_reader *reader, struct gmem_kmem_request *requests,
			 size_t n)
{
	(void)reader;
	(void)requests;
	(void)n;
	return -ENOTSUP;
}

void *gmem_bpf_reader_take_room(struct gmem_bpf_reader *reader, size_t size)
{
	(void)reader;
	(void)size;
	return NULL;
}

void gmem_bpf_reader_give_room(struct gmem_bpf_reader *reader, const void *room)
{
	(void)reader;
	(void)room;
}

int gmem_bpf_reader_current_task(struct gmem_bpf_reader *reader, uint64_t *address)
{
	(void)reader;
	(void)address;
	return -ENOTSUP;
}

int gmem_linux_offset_of(struct gmem_linux *host, const char *type, const char *member,
			 size_t *offset)
{
	(void)host;
	(void)type;
	(void)member;
	(void)offset;
	return -ENOTSUP;
}

int gmem_linux_size_of(struct gmem_linux *host, const char *type, size_t *size)
{
	(void)host;
	(void)type;
	(void)size;
	return -ENOTSUP;
}

void gmem_linux_btf_free(struct gmem_linux *host)
{
	(void)host;
}
