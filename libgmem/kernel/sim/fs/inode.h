/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inodes with a page cache. */
#ifndef SIM_FS_INODE_H
#define SIM_FS_INODE_H

#include <sys/stat.h>
#include "kernel/sim/internal.h"

/* A NUMA policy of a range of a file. */
struct sim_policy_range {
	uint64_t first; /* page index */
	uint64_t last;
	struct sim_policy policy;
};

struct sim_inode {
	struct sim_inode *next;
	unsigned int refs;
	enum sim_fs fs;
	mode_t mode;
	uint64_t ino;
	uint64_t size;
	uint64_t gmem_flags; /* creation flags, of a guest_memfd */
	bool is_gmem;
	uint64_t allocation; /* object that embeds the inode: the inode itself or gmem_inode */
	uint64_t address;    /* struct inode */
	uint64_t mapping;    /* struct address_space */
	struct sim_policy_range *policies;
	size_t policy_count;
	int host_fd; /* content of mappings; -1 until first mapped */
	struct timespec changed;
};

int sim_inodes_init(struct gmem_sim *sim);
void sim_inodes_exit(struct gmem_sim *sim);
uint64_t sim_fs_magic(const struct gmem_sim *sim, enum sim_fs fs);
int sim_inode_new(struct gmem_sim *sim, enum sim_fs fs, mode_t mode, uint64_t size,
		  struct sim_inode **out);
struct sim_inode *sim_inode_shared(struct gmem_sim *sim, enum sim_fs fs);
/* st_dev of its file system, major number 0. */
static inline unsigned int sim_inode_device(const struct sim_inode *inode)
{
	return 15 + inode->fs;
}
/* Drops a reference; the last one gives the pages back. May oops (-GMEM_KERNEL_OOPS). */
int sim_inode_put(struct gmem_sim *sim, struct sim_inode *inode);
/* Page cache. pfn 0 is no page: the first page frame is never handed out. */
uint64_t sim_inode_pfn(struct gmem_sim *sim, const struct sim_inode *inode, uint64_t index);
int sim_inode_get_page(struct gmem_sim *sim, struct sim_inode *inode, uint64_t index,
		       uint64_t *pfn);
/* The first page at or after *index, up to last; 0 if there is no page. */
uint64_t sim_inode_next(struct gmem_sim *sim, const struct sim_inode *inode, uint64_t *index,
			uint64_t last);
/* Drops the pages [first, last]. May oops while a page is freed. */
int sim_inode_truncate(struct gmem_sim *sim, struct sim_inode *inode, uint64_t first,
		       uint64_t last);
int sim_inode_set_policy(struct sim_inode *inode, uint64_t first, uint64_t last,
			 const struct sim_policy *policy);
/* AS_NO_DIRECT_MAP of the removal series, vma_is_secretmem() before it: GUP refuses such memory. */
bool sim_inode_refuses_gup(const struct sim_inode *inode);
/* Notes a change of the content: mtime. */
void sim_inode_changed(struct gmem_sim *sim, struct sim_inode *inode);
/* A host file for the content of mappings, made at the first call. */
int sim_inode_host_fd(struct sim_inode *inode);

#endif
