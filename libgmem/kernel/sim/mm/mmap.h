/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings of the calling process. */
#ifndef SIM_MM_MMAP_H
#define SIM_MM_MMAP_H

#include "kernel/sim/fs/file.h"

struct sim_vma {
	struct sim_vma *next;
	uintptr_t start;
	size_t length;
	struct sim_file *file; /* NULL: anonymous */
	uint64_t offset;
	int prot;
};

/* A page table entry that remembers a poisoned page (make_hwpoison_entry()). */
struct sim_poison_mark {
	struct sim_poison_mark *next;
	uint64_t address;
};

int sim_mmap(struct gmem_sim *sim, size_t length, int prot, int flags, int fd, uint64_t offset,
	     void **out);
int sim_munmap(struct gmem_sim *sim, void *address, size_t length);
int sim_madvise(struct gmem_sim *sim, void *address, size_t length, int advice);
int sim_mbind(struct gmem_sim *sim, void *address, size_t length, int mode,
	      const unsigned long *nodemask, unsigned long maxnode, unsigned int flags);
/* The mapping that holds an address, or NULL; which page of the file that is; its page fault. */
struct sim_vma *sim_vma_at(const struct gmem_sim *sim, uint64_t address);
uint64_t sim_vma_index(const struct gmem_sim *sim, const struct sim_vma *vma, uint64_t address);
int sim_vma_fault(struct gmem_sim *sim, const struct sim_vma *vma, uint64_t address);
/*
 * A page of a file is bad: each mapping of it keeps a mark, so that every access is a SIGBUS until
 * it is unmapped, whatever happens to the file.
 */
int sim_vmas_poison(struct gmem_sim *sim, const struct sim_inode *inode, uint64_t index);
void sim_vmas_exit(struct gmem_sim *sim);

#endif
