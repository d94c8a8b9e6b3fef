// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mappings of the calling process. Each has real memory of this process behind it, so that its
 * pointers are good: of one host file for all mappings of a file, PROT_NONE where every access
 * would be a SIGBUS. Which page frames it has is the model's business: touch() and madvise().
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/sim/mm/mmap.h"

/* Whether some access can succeed; in-place conversion may make any page shared. */
static bool is_accessible(const struct gmem_sim *sim, const struct sim_inode *inode)
{
	return !inode->is_gmem || inode->gmem_flags & SIM_GMEM_INIT_SHARED ||
	       sim->model->gmem.in_place;
}

/* The file's own conditions, in the order of ksys_mmap_pgoff() and do_mmap(). */
static int check_file(struct gmem_sim *sim, struct sim_file *file, size_t length, int prot,
		      int flags, uint64_t offset)
{
	if (offset > INT64_MAX || length > INT64_MAX - offset)
		return -EOVERFLOW;
	if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE && flags & MAP_SYNC)
		return -EOPNOTSUPP;
	if (prot & PROT_EXEC && file->inode->is_gmem)
		return -EPERM;
	if (!file->type->mmap)
		return -ENODEV;
	return file->type->mmap(sim, file, offset, length, prot, flags);
}

/* At a multiple of the model's page, which the host's may be smaller than. */
static int map_aligned(const struct gmem_sim *sim, size_t length, int prot, int flags, int fd,
		       uint64_t offset, void **out)
{
	size_t before, behind;
	uint8_t *room;

	if (length > SIZE_MAX - sim->page_mask)
		return -ENOMEM;
	room = mmap(NULL, length + sim->page_mask, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return -errno;
	before = -(uintptr_t)room & sim->page_mask;
	behind = sim->page_mask - before;
	*out = mmap(room + before, length, prot, flags | MAP_FIXED, fd, (off_t)offset);
	if (*out == MAP_FAILED) {
		int err = -errno;

		munmap(room, length + sim->page_mask);
		return err;
	}
	if (before)
		munmap(room, before);
	if (behind)
		munmap(room + before + length, behind);
	return 0;
}

static int map_host(const struct gmem_sim *sim, struct sim_file *file, size_t length, int prot,
		    uint64_t offset, void **out)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int fd = -1;

	if (file && !is_accessible(sim, file->inode)) {
		prot = PROT_NONE;
		offset = 0;
	} else if (file) {
		fd = sim_inode_host_fd(file->inode);
		if (fd < 0)
			return fd;
		flags = MAP_SHARED | MAP_NORESERVE;
	}
	return map_aligned(sim, length, prot, flags, fd, offset, out);
}

static int add_vma(struct gmem_sim *sim, uintptr_t start, size_t length, int prot,
		   struct sim_file *file, uint64_t offset)
{
	struct sim_vma *vma = malloc(sizeof(*vma));

	if (!vma)
		return -ENOMEM;
	*vma = (struct sim_vma){ .next = sim->vmas,
				 .start = start,
				 .length = length,
				 .file = file,
				 .offset = offset,
				 .prot = prot };
	sim->vmas = vma;
	if (file)
		file->refs++;
	return 0;
}

int sim_mmap(struct gmem_sim *sim, size_t length, int prot, int flags, int fd, uint64_t offset,
	     void **out)
{
	struct sim_file *file = NULL;
	int err;

	if (offset & sim->page_mask)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = sim_fd_file(sim, fd);
		if (!file || file->path_only)
			return -EBADF;
	}
	if (!length)
		return -EINVAL;
	length = (length + sim->page_mask) & ~sim->page_mask;
	if (file) {
		err = check_file(sim, file, length, prot, flags, offset);
		if (err)
			return err;
	}
	err = map_host(sim, file, length, prot, offset, out);
	if (err)
		return err;
	err = add_vma(sim, (uintptr_t)*out, length, prot, file, offset);
	if (err)
		munmap(*out, length);
	return err;
}

struct sim_vma *sim_vma_at(const struct gmem_sim *sim, uint64_t address)
{
	for (struct sim_vma *vma = sim->vmas; vma; vma = vma->next)
		if (address - vma->start < vma->length)
			return vma;
	return NULL;
}

uint64_t sim_vma_index(const struct gmem_sim *sim, const struct sim_vma *vma, uint64_t address)
{
	return (address - vma->start + vma->offset) >> sim->page_shift;
}

static void forget_mapped(struct gmem_sim *sim, const struct sim_vma *vma, uint64_t start,
			  uint64_t end)
{
	uint64_t index = sim_vma_index(sim, vma, start);
	uint64_t last = sim_vma_index(sim, vma, end - 1);
	uint64_t pfn;

	if (!vma->file)
		return;
	while ((pfn = sim_inode_next(sim, vma->file->inode, &index, last))) {
		sim_page_get(sim, pfn)->flags &= ~(uint32_t)SIM_PAGE_USER_MAPPED;
		index++;
	}
}

static void forget_marks(struct gmem_sim *sim, uint64_t start, uint64_t end)
{
	struct sim_poison_mark **at = &sim->poison_marks;

	while (*at) {
		struct sim_poison_mark *mark = *at;

		if (mark->address < start || mark->address >= end) {
			at = &mark->next;
			continue;
		}
		*at = mark->next;
		free(mark);
	}
}

static bool is_marked(const struct gmem_sim *sim, uint64_t address)
{
	const struct sim_poison_mark *mark = sim->poison_marks;

	while (mark && mark->address != (address & ~sim->page_mask))
		mark = mark->next;
	return mark != NULL;
}

int sim_vmas_poison(struct gmem_sim *sim, const struct sim_inode *inode, uint64_t index)
{
	for (const struct sim_vma *vma = sim->vmas; vma; vma = vma->next) {
		uint64_t first = vma->offset >> sim->page_shift;
		struct sim_poison_mark *mark;

		if (!vma->file || vma->file->inode != inode || index < first ||
		    index - first >= vma->length >> sim->page_shift)
			continue;
		mark = malloc(sizeof(*mark));
		if (!mark)
			return -ENOMEM;
		mark->address = vma->start + ((index - first) << sim->page_shift);
		mark->next = sim->poison_marks;
		sim->poison_marks = mark;
	}
	return 0;
}

/* Takes [start, end) out of a mapping; what is behind becomes a mapping of its own. */
static int cut(struct gmem_sim *sim, struct sim_vma *vma, uint64_t start, uint64_t end)
{
	uint64_t vma_end = vma->start + vma->length;
	int err = 0;

	forget_mapped(sim, vma, start, end);
	forget_marks(sim, start, end);
	if (end < vma_end)
		err = add_vma(sim, end, vma_end - end, vma->prot, vma->file,
			      vma->offset + (end - vma->start));
	if (!err)
		vma->length = start - vma->start;
	return err;
}

/* Drops the mappings that became empty. */
static int reap(struct gmem_sim *sim)
{
	struct sim_vma **link = &sim->vmas;
	int err = 0;

	while (*link) {
		struct sim_vma *vma = *link;
		int put = 0;

		if (vma->length) {
			link = &vma->next;
			continue;
		}
		*link = vma->next;
		if (vma->file)
			put = sim_file_put(sim, vma->file);
		free(vma);
		if (put)
			err = put;
	}
	return err;
}

int sim_munmap(struct gmem_sim *sim, void *address, size_t length)
{
	uint64_t start = (uintptr_t)address;
	uint64_t end = start + ((length + sim->page_mask) & ~sim->page_mask);

	if (start & sim->page_mask || end <= start)
		return -EINVAL;
	for (struct sim_vma *vma = sim->vmas; vma; vma = vma->next) {
		uint64_t from = start > vma->start ? start : vma->start;
		uint64_t to = end < vma->start + vma->length ? end : vma->start + vma->length;
		int err;

		if (from >= to)
			continue;
		munmap((void *)(uintptr_t)from, to - from);
		err = cut(sim, vma, from, to);
		if (err)
			return err;
	}
	return reap(sim);
}

void sim_vmas_exit(struct gmem_sim *sim)
{
	forget_marks(sim, 0, UINT64_MAX);
	while (sim->vmas) {
		struct sim_vma *vma = sim->vmas;

		sim->vmas = vma->next;
		munmap((void *)vma->start, vma->length);
		free(vma);
	}
}

int sim_vma_fault(struct gmem_sim *sim, const struct sim_vma *vma, uint64_t address)
{
	if (is_marked(sim, address))
		return -EFAULT;
	if (!vma->file || !vma->file->type->fault)
		return 0;
	return vma->file->type->fault(sim, vma->file, sim_vma_index(sim, vma, address));
}

int sim_user_access(struct gmem_sim *sim, uint64_t address)
{
	const struct sim_vma *vma = sim_vma_at(sim, address);
	char byte;

	/* Memory that the caller got from elsewhere. */
	if (!vma)
		return sim_copy_from_user(&byte, address, 1);
	if (!(vma->prot & PROT_READ) || (vma->file && sim_inode_refuses_gup(vma->file->inode)))
		return -EFAULT;
	return sim_vma_fault(sim, vma, address);
}
