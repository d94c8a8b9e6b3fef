// SPDX-License-Identifier: LGPL-2.1-or-later
/* memfd_create(2) and memfd_secret(2), as far as a control page needs them. */
#include <fcntl.h>
#include <sys/mman.h>

#include "kernel/sim/fs/file.h"

static int file_mmap(struct gmem_sim *sim, struct sim_file *file, uint64_t offset, size_t length,
		     int prot, int flags)
{
	(void)sim;
	(void)offset;
	(void)length;
	(void)prot;
	/* secretmem_mmap(): shared mappings only. */
	if (file->inode->fs == SIM_FS_SECRETMEM && (flags & MAP_TYPE) == MAP_PRIVATE)
		return -EINVAL;
	return 0;
}

static int fault(struct gmem_sim *sim, struct sim_file *file, uint64_t index)
{
	struct sim_inode *inode = file->inode;
	struct sim_page *page;
	uint64_t pfn;
	int err;

	if (index >= (inode->size + sim->page_mask) >> sim->page_shift)
		return -EFAULT;
	err = sim_inode_get_page(sim, inode, index, &pfn);
	if (err)
		return err;
	page = sim_page_get(sim, pfn);
	page->flags |= SIM_PAGE_UPTODATE | SIM_PAGE_DIRTY | SIM_PAGE_USER_MAPPED;
	if (inode->fs != SIM_FS_SECRETMEM || page->flags & SIM_PAGE_NO_DIRECT_MAP)
		return 0;
	/* secretmem_fault(): set_direct_map_invalid_noflush(). */
	err = sim_direct_map_remove(sim, pfn);
	if (!err)
		page->flags |= SIM_PAGE_NO_DIRECT_MAP;
	return err;
}

static int allocate(struct gmem_sim *sim, struct sim_file *file, int mode, uint64_t offset,
		    uint64_t length)
{
	uint64_t first = offset >> sim->page_shift;
	uint64_t last = (offset + length - 1) >> sim->page_shift;
	int err = 0;

	if (file->inode->fs == SIM_FS_SECRETMEM ||
	    mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return sim_inode_truncate(sim, file->inode, first, last);
	for (uint64_t index = first; !err && index <= last; index++) {
		uint64_t pfn;

		err = sim_inode_get_page(sim, file->inode, index, &pfn);
	}
	return err;
}

static const struct sim_file_type file_type = {
	.mmap = file_mmap,
	.fault = fault,
	.fallocate = allocate,
};

int sim_create_file(struct gmem_sim *sim, enum gmem_file_kind kind, uint64_t size)
{
	bool secret = kind == GMEM_FILE_SECRET;
	struct sim_inode *inode;
	struct sim_file *file;
	int err;

	err = sim_inode_new(sim, secret ? SIM_FS_SECRETMEM : SIM_FS_TMPFS, 0100600, size, &inode);
	if (err)
		return err;
	err = sim_file_new(sim, &file_type, inode,
			   secret ? "/secretmem (deleted)" : "/memfd:gmem (deleted)", &file);
	if (err) {
		sim_inode_put(sim, inode);
		return err;
	}
	return sim_fd_install(sim, file, true);
}
