/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running kernel: what its parts share. */
#ifndef GMEM_LINUX_H
#define GMEM_LINUX_H

#include <errno.h>
#include <pthread.h>
#include "kernel/kernel.h"
#include "kernel/linux/bounded.h"

struct btf;
struct gmem_bpf_reader;
struct gmem_kcore;

struct gmem_linux {
	struct gmem_kernel kernel;
	/* One batch of reads at a time, and one thread that parses BTF. */
	pthread_mutex_t lock;
	enum gmem_reader reader;
	struct gmem_bpf_reader *bpf;
	struct gmem_kcore *kcore;
	struct btf *btf;	/* of vmlinux; NULL until asked for */
	struct btf *btf_module; /* of kvm.ko where KVM is a module */
	bool btf_failed;
	struct gmem_bounded_all bounded;
};

/* Why reading kernel memory is refused on this kernel whoever asks, or 0: lockdown. */
int gmem_linux_lockdown(char *why, size_t size);

/*
 * bpf_reader.c, or without_bpf.c. Errors: EPERM (capability, lockdown), ENOTSUP (kernel or build
 * without it).
 */
int gmem_bpf_reader_new(struct gmem_bpf_reader **out, char *why, size_t size);
void gmem_bpf_reader_free(struct gmem_bpf_reader *reader);
int gmem_bpf_reader_read(struct gmem_bpf_reader *reader, struct gmem_kmem_request *requests,
			 size_t n);
/* Part of the reader's own memory, for one user at a time; else NULL. */
void *gmem_bpf_reader_take_room(struct gmem_bpf_reader *reader, size_t size);
void gmem_bpf_reader_give_room(struct gmem_bpf_reader *reader, const void *room);
int gmem_bpf_reader_current_task(struct gmem_bpf_reader *reader, uint64_t *address);

/* kcore.c: an ELF core file of the kernel at path. Errors: ENOENT, EPERM, EACCES, EILSEQ. */
int gmem_kcore_new(const char *path, struct gmem_kcore **out, char *why, size_t size);
void gmem_kcore_free(struct gmem_kcore *kcore);
int gmem_kcore_read(struct gmem_kcore *kcore, struct gmem_kmem_request *requests, size_t n);
/* Content of this process's task_struct, now; owned by kcore, until the next call. */
int gmem_kcore_task(struct gmem_kcore *kcore, const void **content, size_t *size);
/* A segment of the direct map. */
int gmem_kcore_direct_map(const struct gmem_kcore *kcore, uint64_t *address, uint64_t *physical);

/* btf.c, or without_bpf.c: layouts of structs. */
int gmem_linux_offset_of(struct gmem_linux *host, const char *type, const char *member,
			 size_t *offset);
int gmem_linux_size_of(struct gmem_linux *host, const char *type, size_t *size);
void gmem_linux_btf_free(struct gmem_linux *host);

#endif
