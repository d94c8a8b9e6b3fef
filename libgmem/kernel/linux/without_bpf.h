/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What make BPF=0 puts in the place of bpf_reader.c and btf.c. Included by linux.h only. */
#ifndef GMEM_WITHOUT_BPF_H
#define GMEM_WITHOUT_BPF_H

#include <stdio.h>

#define gmem_bpf_reader_new(out, why, size)                                                   \
	(*(out) = NULL, snprintf(why, size, "this libgmem was built without libbpf (BPF=0)"), \
	 -ENOTSUP)
#define gmem_bpf_reader_free(reader) ((void)(reader))
#define gmem_bpf_reader_read(reader, requests, n) \
	((void)(reader), (void)(requests), (void)(n), -ENOTSUP)
#define gmem_bpf_reader_take_room(reader, size) ((void)(reader), (void)(size), (void *)NULL)
#define gmem_bpf_reader_give_room(reader, room) ((void)(reader), (void)(room))
#define gmem_bpf_reader_current_task(reader, address) ((void)(reader), (void)(address), -ENOTSUP)
#define gmem_linux_offset_of(host, type, member, offset) \
	((void)(host), (void)(type), (void)(member), (void)(offset), -ENOTSUP)
#define gmem_linux_size_of(host, type, size) ((void)(host), (void)(type), (void)(size), -ENOTSUP)
#define gmem_linux_btf_free(host) ((void)(host))

#endif
