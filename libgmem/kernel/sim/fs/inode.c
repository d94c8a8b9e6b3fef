// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inodes with their page caches: folios of order 0 in the i_pages xarray, entries being the
 * addresses of their struct page. Freeing follows filemap and kvm_gmem_free_folio().
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/sim/fs/inode.h"

#define STRUCT_PAGE_SIZE 64u

static const struct {
	const char *name;
	uint64_t magic; /* 0: the model says */
} filesystems[SIM_FS_COUNT] = {
	[SIM_FS_PROC] = { "proc", PROC_SUPER_MAGIC },
	[SIM_FS_SYSFS] = { "sysfs", SYSFS_MAGIC },
	[SIM_FS_DEV] = { "devtmpfs", TMPFS_MAGIC },
	[SIM_FS_ANON] = { "anon_inodefs", ANON_INODE_FS_MAGIC },
	[SIM_FS_TMPFS] = { "tmpfs", TMPFS_MAGIC },
	[SIM_FS_SECRETMEM] = { "secretmem", SECRETMEM_MAGIC },
	[SIM_FS_GMEM] = { "guest_memfd", 0 },
};

uint64_t sim_fs_magic(const struct gmem_sim *sim, enum sim_fs fs)
{
	return filesystems[fs].magic ? filesystems[fs].magic : sim->model->gmem.magic;
}

static uint64_t page_struct(const struct gmem_sim *sim, uint64_t pfn)
{
	return sim->model->vmemmap_base + pfn * STRUCT_PAGE_SIZE;
}

static uint64_t struct_pfn(const struct gmem_sim *sim, uint64_t address)
{
	return (address - sim->model->vmemmap_base) / STRUCT_PAGE_SIZE;
}

static uint64_t pages_of(const struct gmem_sim *sim, const struct sim_inode *inode)
{
	return sim_member(sim, inode->mapping, SIM_MAPPING_PAGES);
}

int sim_inodes_init(struct gmem_sim *sim)
{
	for (unsigned int fs = 0; fs < SIM_FS_COUNT; fs++) {
		sim->superblocks[fs] = sim_object(sim, SIM_SUPER_BLOCK);
		if (!sim->superblocks[fs])
			return -ENOMEM;
		sim_set(sim, sim->superblocks[fs], SIM_SB_MAGIC,
			sim_fs_magic(sim, (enum sim_fs)fs));
	}
	return 0;
}

static void inode_free_host(struct sim_inode *inode)
{
	if (inode->host_fd >= 0)
		close(inode->host_fd);
	free(inode->policies);
	free(inode);
}

void sim_inodes_exit(struct gmem_sim *sim)
{
	while (sim->inodes) {
		struct sim_inode *inode = sim->inodes;

		sim->inodes = inode->next;
		inode_free_host(inode);
	}
}

/* A guest_memfd's inode is embedded in gmem_inode where the kernel has that struct. */
static enum sim_type container_of_fs(const struct gmem_sim *sim, enum sim_fs fs)
{
	if (fs == SIM_FS_GMEM && sim_layout_bytes(sim->model->layout, SIM_GMEM_INODE))
		return SIM_GMEM_INODE;
	return SIM_INODE;
}

static int inode_layout(struct gmem_sim *sim, struct sim_inode *inode)
{
	enum sim_type container = container_of_fs(sim, inode->fs);

	inode->allocation = sim_object(sim, container);
	if (!inode->allocation)
		return -ENOMEM;
	inode->address = inode->allocation;
	if (container == SIM_GMEM_INODE) {
		inode->address = sim_member(sim, inode->allocation, SIM_GMEM_INODE_VFS);
		sim_list_init(sim, sim_member(sim, inode->allocation, SIM_GMEM_INODE_FILES));
	}
	inode->mapping = sim_member(sim, inode->address, SIM_INODE_DATA);
	sim_set(sim, inode->address, SIM_INODE_MODE, inode->mode);
	sim_set(sim, inode->address, SIM_INODE_SB, sim->superblocks[inode->fs]);
	sim_set(sim, inode->address, SIM_INODE_MAPPING, inode->mapping);
	sim_set(sim, inode->address, SIM_INODE_INO, inode->ino);
	sim_set(sim, inode->address, SIM_INODE_SIZE, inode->size);
	sim_set(sim, inode->mapping, SIM_MAPPING_HOST, inode->address);
	sim_list_init(sim, sim_member(sim, inode->mapping, SIM_MAPPING_PRIVATE_LIST));
	return 0;
}

void sim_inode_changed(struct gmem_sim *sim, struct sim_inode *inode)
{
	sim->clock += 1000000;
	inode->changed.tv_sec = (time_t)(sim->clock / 1000000000);
	inode->changed.tv_nsec = (long)(sim->clock % 1000000000);
}

int sim_inode_new(struct gmem_sim *sim, enum sim_fs fs, mode_t mode, uint64_t size,
		  struct sim_inode **out)
{
	struct sim_inode *inode = calloc(1, sizeof(*inode));
	int err;

	if (!inode)
		return -ENOMEM;
	inode->refs = 1;
	inode->fs = fs;
	inode->mode = mode;
	inode->size = size;
	inode->ino = ++sim->next_ino;
	inode->host_fd = -1;
	err = inode_layout(sim, inode);
	if (err) {
		free(inode);
		return err;
	}
	sim_inode_changed(sim, inode);
	inode->next = sim->inodes;
	sim->inodes = inode;
	*out = inode;
	return 0;
}

struct sim_inode *sim_inode_shared(struct gmem_sim *sim, enum sim_fs fs)
{
	mode_t mode = fs == SIM_FS_DEV ? 0020660 : fs == SIM_FS_ANON ? 0600 : 0100444;

	if (!sim->shared[fs] && sim_inode_new(sim, fs, mode, 0, &sim->shared[fs]))
		return NULL;
	sim->shared[fs]->refs++;
	return sim->shared[fs];
}

uint64_t sim_inode_pfn(struct gmem_sim *sim, const struct sim_inode *inode, uint64_t index)
{
	uint64_t entry = sim_xa_load(sim, pages_of(sim, inode), index);

	return entry ? struct_pfn(sim, entry) : 0;
}

uint64_t sim_inode_next(struct gmem_sim *sim, const struct sim_inode *inode, uint64_t *index,
			uint64_t last)
{
	uint64_t entry = sim_xa_find(sim, pages_of(sim, inode), index, last);

	return entry ? struct_pfn(sim, entry) : 0;
}

static const struct sim_policy *policy_at(const struct sim_inode *inode, uint64_t index)
{
	for (size_t i = 0; i < inode->policy_count; i++) {
		const struct sim_policy_range *range = &inode->policies[i];

		if (index >= range->first && index <= range->last)
			return &range->policy;
	}
	return NULL;
}

static void count_pages(struct gmem_sim *sim, const struct sim_inode *inode, int64_t change)
{
	uint64_t pages = sim_get(sim, inode->mapping, SIM_MAPPING_NRPAGES);

	sim_set(sim, inode->mapping, SIM_MAPPING_NRPAGES, pages + (uint64_t)change);
}

int sim_inode_get_page(struct gmem_sim *sim, struct sim_inode *inode, uint64_t index, uint64_t *pfn)
{
	struct sim_page *page;
	int err;

	*pfn = sim_inode_pfn(sim, inode, index);
	if (*pfn)
		return 0;
	err = sim_page_alloc(sim, policy_at(inode, index), pfn);
	if (err)
		return err;
	err = sim_xa_store_range(sim, pages_of(sim, inode), index, index, page_struct(sim, *pfn));
	if (err) {
		sim_page_free(sim, *pfn);
		return err;
	}
	page = sim_page_get(sim, *pfn);
	page->mapping = inode->mapping;
	page->index = index;
	page->flags = SIM_PAGE_LRU | SIM_PAGE_UNEVICTABLE;
	page->refs = 2;
	count_pages(sim, inode, 1);
	return 0;
}

/* SNP: the page goes back to the host and is flushed: sev_gmem_make_shared(). */
static int arch_invalidate(struct gmem_sim *sim, uint64_t pfn, struct sim_page *page)
{
	static const char *const chain[] = { "clflush_cache_range",	   "sev_gmem_make_shared",
					     "kvm_gmem_free_folio",	   "filemap_free_folio",
					     "truncate_inode_pages_range", NULL };

	if (!(page->flags & SIM_PAGE_RMP))
		return 0;
	page->flags &= ~(uint32_t)SIM_PAGE_RMP;
	return sim_touch_direct_map(sim, pfn, SIM_ACCESS_READ, chain);
}

/* The order of the removal series: arch invalidate, restore, then the allocator. */
static int free_page(struct gmem_sim *sim, uint64_t pfn)
{
	struct sim_page *page = sim_page_get(sim, pfn);
	bool poisoned = page->flags & SIM_PAGE_HWPOISON;
	int err = arch_invalidate(sim, pfn, page);

	if (err)
		return err;
	if (page->flags & SIM_PAGE_NO_DIRECT_MAP)
		sim_direct_map_restore(sim, pfn);
	/* A poisoned page never reaches the allocator again. */
	if (poisoned)
		*page = (struct sim_page){ .flags = SIM_PAGE_HWPOISON };
	else
		sim_page_free(sim, pfn);
	return 0;
}

int sim_inode_truncate(struct gmem_sim *sim, struct sim_inode *inode, uint64_t first, uint64_t last)
{
	uint64_t index = first;
	uint64_t pfn;
	int err = 0;

	while (!err && (pfn = sim_inode_next(sim, inode, &index, last))) {
		sim_xa_erase_range(sim, pages_of(sim, inode), index, index);
		count_pages(sim, inode, -1);
		err = free_page(sim, pfn);
		index++;
	}
	return err;
}

int sim_inode_put(struct gmem_sim *sim, struct sim_inode *inode)
{
	struct sim_inode **link = &sim->inodes;
	int err;

	if (--inode->refs)
		return 0;
	err = sim_inode_truncate(sim, inode, 0, UINT64_MAX >> sim->page_shift);
	if (err)
		return err;
	while (*link != inode)
		link = &(*link)->next;
	*link = inode->next;
	sim_object_free(sim, container_of_fs(sim, inode->fs), inode->allocation);
	inode_free_host(inode);
	return 0;
}

bool sim_inode_refuses_gup(const struct sim_inode *inode)
{
	return inode->fs == SIM_FS_SECRETMEM || inode->gmem_flags & SIM_GMEM_NO_DIRECT_MAP;
}

int sim_inode_host_fd(struct sim_inode *inode)
{
	if (inode->host_fd >= 0)
		return inode->host_fd;
	inode->host_fd = memfd_create("gmem-sim", MFD_CLOEXEC);
	if (inode->host_fd >= 0 && ftruncate(inode->host_fd, (off_t)inode->size)) {
		close(inode->host_fd);
		inode->host_fd = -1;
	}
	return inode->host_fd < 0 ? -ENOMEM : inode->host_fd;
}
