/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open files and descriptors. */
#ifndef SIM_FS_FILE_H
#define SIM_FS_FILE_H

#include "kernel/sim/fs/inode.h"

struct sim_file_type {
	int (*ioctl)(struct gmem_sim *sim, struct sim_file *file, unsigned long request,
		     uint64_t arg);
	ssize_t (*pread)(struct gmem_sim *sim, struct sim_file *file, void *buffer, size_t length,
			 uint64_t offset);
	int (*fallocate)(struct gmem_sim *sim, struct sim_file *file, int mode, uint64_t offset,
			 uint64_t length);
	/* Whether these arguments may be mapped: 0 or a negative errno. */
	int (*mmap)(struct gmem_sim *sim, struct sim_file *file, uint64_t offset, size_t length,
		    int prot, int flags);
	/* A user access of a page of a mapping. */
	int (*fault)(struct gmem_sim *sim, struct sim_file *file, uint64_t index);
	/* The last reference goes; may oops. */
	int (*release)(struct gmem_sim *sim, struct sim_file *file);
	/* The model ends: frees what release() would have. */
	void (*discard)(struct sim_file *file);
};

struct sim_file {
	struct sim_file *next;
	const struct sim_file_type *type;
	unsigned int refs; /* descriptors and mappings */
	uint64_t address;  /* struct file */
	struct sim_inode *inode;
	struct sim_text text; /* content of a file made of text */
	void *owner;	      /* what it stands for: sim_vm, sim_vcpu, sim_gmem */
	bool path_only;	      /* O_PATH */
	char link[64];	      /* /proc/PID/fd text */
};

void sim_files_exit(struct gmem_sim *sim);
/* A file with a reference for the caller; it takes the caller's reference of inode. */
int sim_file_new(struct gmem_sim *sim, const struct sim_file_type *type, struct sim_inode *inode,
		 const char *link, struct sim_file **out);
int sim_file_put(struct gmem_sim *sim, struct sim_file *file);
/* A descriptor for the file; takes the caller's reference, on failure drops it. */
int sim_fd_install(struct gmem_sim *sim, struct sim_file *file, bool cloexec);
/* The open file behind a descriptor, or NULL. */
struct sim_file *sim_fd_file(const struct gmem_sim *sim, int fd);
int sim_fd_set_cloexec(struct gmem_sim *sim, int fd);
int sim_fd_close(struct gmem_sim *sim, int fd);
/* Has a struct fdtable in kernel memory say where its entries are: the count that begin at fds. */
void sim_fdtable_set(struct gmem_sim *sim, uint64_t table, uint64_t fds, unsigned int count);
int sim_create_file(struct gmem_sim *sim, enum gmem_file_kind kind, uint64_t size);

#endif
