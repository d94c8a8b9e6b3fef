// SPDX-License-Identifier: LGPL-2.1-or-later
/* madvise(2) and mbind(2) on the mappings of the calling process. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>

#include "kernel/sim/mm/mmap.h"
#include "kernel/uapi.h"

/* Newer than some headers. */
#define SIM_MADV_POPULATE_READ 22
#define SIM_MADV_POPULATE_WRITE 23
#define SIM_MADV_COLLAPSE 25
#define SIM_MADV_SOFT_OFFLINE 101

/* Part of a mapping. */
struct piece {
	struct sim_vma *vma;
	uint64_t start;
	uint64_t end;
};

typedef int (*piece_fn)(struct gmem_sim *sim, const struct piece *piece);

/* Calls fn for each mapping in the range; -ENOMEM at the end where some of it is not mapped. */
static int each_piece(struct gmem_sim *sim, uint64_t start, uint64_t end, piece_fn fn)
{
	while (start < end) {
		struct piece piece = { .vma = sim_vma_at(sim, start), .start = start };
		int err;

		if (!piece.vma)
			return -ENOMEM;
		piece.end = piece.vma->start + piece.vma->length;
		if (piece.end > end)
			piece.end = end;
		err = fn(sim, &piece);
		if (err)
			return err;
		start = piece.end;
	}
	return 0;
}

static int populate(struct gmem_sim *sim, const struct piece *piece, int prot)
{
	/* faultin_page_range(): what GUP refuses of a mapping is EINVAL, not EFAULT. */
	if (!(piece->vma->prot & prot) ||
	    (piece->vma->file && sim_inode_refuses_gup(piece->vma->file->inode)))
		return -EINVAL;
	for (uint64_t at = piece->start; at < piece->end; at += sim->page_size) {
		int err = sim->signal_pending ? -EINTR : sim_vma_fault(sim, piece->vma, at);

		if (err)
			return err;
	}
	return 0;
}

static int populate_read(struct gmem_sim *sim, const struct piece *piece)
{
	return populate(sim, piece, PROT_READ);
}

static int populate_write(struct gmem_sim *sim, const struct piece *piece)
{
	return populate(sim, piece, PROT_WRITE);
}

static int remove_pages(struct gmem_sim *sim, const struct piece *piece)
{
	struct sim_file *file = piece->vma->file;

	/* madvise_remove(): secretmem is VM_LOCKED. */
	if (!file || !file->type->fallocate || file->inode->fs == SIM_FS_SECRETMEM)
		return -EINVAL;
	return file->type->fallocate(sim, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     sim_vma_index(sim, piece->vma, piece->start)
					     << sim->page_shift,
				     piece->end - piece->start);
}

/* Page table entries are removed. A file keeps its content, anonymous memory loses it. */
static int dont_need(struct gmem_sim *sim, const struct piece *piece)
{
	(void)sim;
	if (!piece->vma->file)
		madvise((void *)(uintptr_t)piece->start, piece->end - piece->start, MADV_DONTNEED);
	return 0;
}

static int no_effect(struct gmem_sim *sim, const struct piece *piece)
{
	(void)sim;
	(void)piece;
	return 0;
}

/* madvise_free_single_vma(): anonymous memory only. */
static int free_lazily(struct gmem_sim *sim, const struct piece *piece)
{
	(void)sim;
	return piece->vma->file ? -EINVAL : 0;
}

static int refuse(struct gmem_sim *sim, const struct piece *piece)
{
	(void)sim;
	(void)piece;
	return -EINVAL;
}

/* kvm_gmem_error_folio() gives MF_DELAYED, which memory_failure() takes for a failure. */
static int poison(struct gmem_sim *sim, const struct piece *piece)
{
	struct sim_file *file = piece->vma->file;
	int err = sim_vma_fault(sim, piece->vma, piece->start);
	uint64_t index;

	if (err)
		return err;
	if (!file)
		return 0;
	index = sim_vma_index(sim, piece->vma, piece->start);
	err = sim_poison(sim, sim_inode_pfn(sim, file->inode, index));
	if (!err)
		err = sim_vmas_poison(sim, file->inode, index);
	return err ? err : -EBUSY;
}

static int soft_offline(struct gmem_sim *sim, const struct piece *piece)
{
	int err = sim_vma_fault(sim, piece->vma, piece->start);

	return err ? err : -EBUSY;
}

static const struct {
	int advice;
	piece_fn fn;
} advices[] = {
	{ MADV_NORMAL, no_effect },
	{ MADV_RANDOM, no_effect },
	{ MADV_SEQUENTIAL, no_effect },
	{ MADV_WILLNEED, no_effect },
	{ MADV_DONTNEED, dont_need },
	{ MADV_FREE, free_lazily },
	{ MADV_REMOVE, remove_pages },
	{ MADV_HUGEPAGE, no_effect },
	{ MADV_NOHUGEPAGE, no_effect },
	{ MADV_DONTDUMP, no_effect },
	{ MADV_DODUMP, no_effect },
	{ MADV_COLD, no_effect },
	{ MADV_PAGEOUT, no_effect },
	{ SIM_MADV_POPULATE_READ, populate_read },
	{ SIM_MADV_POPULATE_WRITE, populate_write },
	{ SIM_MADV_COLLAPSE, refuse },
	{ MADV_HWPOISON, poison },
	{ SIM_MADV_SOFT_OFFLINE, soft_offline },
};

int sim_madvise(struct gmem_sim *sim, void *address, size_t length, int advice)
{
	uint64_t start = (uintptr_t)address;
	uint64_t end = start + ((length + sim->page_mask) & ~sim->page_mask);

	for (unsigned int i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
		if (advices[i].advice != advice)
			continue;
		if (start & sim->page_mask || end < start)
			return -EINVAL;
		return each_piece(sim, start, end, advices[i].fn);
	}
	return -EINVAL;
}

#define MAX_NUMNODES 1024ul /* CONFIG_NODES_SHIFT=10 */
#define WORD_BITS (8 * sizeof(unsigned long))

/*
 * The nodes of a mask that this machine has; bit maxnode - 1 and up do not count. get_nodes() in
 * mm/mempolicy.c: what lies above MAX_NUMNODES must be 0. mpol_set_nodemask() drops what is not
 * there.
 */
static int read_nodes(const struct gmem_sim *sim, const unsigned long *nodemask,
		      unsigned long maxnode, unsigned long *nodes)
{
	unsigned long bits = maxnode ? maxnode - 1 : 0;
	unsigned long online = (1ul << sim->ram.nodes) - 1;
	bool any = false;

	*nodes = 0;
	if (!nodemask || !bits)
		return 0;
	if (bits > sim->page_size * 8)
		return -EINVAL;
	for (unsigned long first = 0; first < bits; first += WORD_BITS) {
		unsigned long word;

		if (sim_copy_from_user(&word, (uintptr_t)(nodemask + first / WORD_BITS),
				       sizeof(word)))
			return -EFAULT;
		if (bits - first < WORD_BITS)
			word &= (1ul << (bits - first)) - 1;
		if (word && first >= MAX_NUMNODES)
			return -EINVAL;
		any = any || word;
		if (!first)
			*nodes = word & online;
	}
	return any && !*nodes ? -EINVAL : 0;
}

/* mpol_new() and mpol_ops[]: which modes take which masks. */
static int check_policy(const struct sim_policy *policy)
{
	switch (policy->mode) {
	case MPOL_DEFAULT:
	case MPOL_LOCAL:
		return policy->nodes ? -EINVAL : 0;
	case MPOL_PREFERRED:
		return 0;
	case MPOL_BIND:
	case MPOL_INTERLEAVE:
	case MPOL_PREFERRED_MANY:
	case GMEM_MPOL_WEIGHTED_INTERLEAVE:
		return policy->nodes ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* MPOL_MF_STRICT looks at pages that are mapped; a private file has none. */
static bool is_misplaced(struct gmem_sim *sim, const struct piece *piece,
			 const struct sim_policy *policy)
{
	uint64_t index = sim_vma_index(sim, piece->vma, piece->start);
	uint64_t last = sim_vma_index(sim, piece->vma, piece->end - 1);
	uint64_t pfn;

	if (policy->mode == MPOL_DEFAULT)
		return false;
	while ((pfn = sim_inode_next(sim, piece->vma->file->inode, &index, last))) {
		if (sim_page_get(sim, pfn)->flags & SIM_PAGE_USER_MAPPED &&
		    !(policy->nodes >> sim_pfn_node(sim, pfn) & 1))
			return true;
		index++;
	}
	return false;
}

static int bind_piece(struct gmem_sim *sim, const struct piece *piece,
		      const struct sim_policy *policy, unsigned int flags)
{
	if (!piece->vma->file)
		return 0;
	if (flags & MPOL_MF_STRICT && is_misplaced(sim, piece, policy))
		return -EIO;
	return sim_inode_set_policy(piece->vma->file->inode,
				    sim_vma_index(sim, piece->vma, piece->start),
				    sim_vma_index(sim, piece->vma, piece->end - 1), policy);
}

int sim_mbind(struct gmem_sim *sim, void *address, size_t length, int mode,
	      const unsigned long *nodemask, unsigned long maxnode, unsigned int flags)
{
	struct sim_policy policy = { .mode = mode & ~MPOL_MODE_FLAGS };
	uint64_t start = (uintptr_t)address;
	uint64_t end = start + ((length + sim->page_mask) & ~sim->page_mask);
	int err;

	err = read_nodes(sim, nodemask, maxnode, &policy.nodes);
	if (!err && flags & ~(unsigned int)(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		err = -EINVAL;
	if (!err && (start & sim->page_mask || end < start))
		err = -EINVAL;
	if (!err)
		err = check_policy(&policy);
	while (!err && start < end) {
		struct piece piece = { .vma = sim_vma_at(sim, start), .start = start };

		if (!piece.vma)
			return -EFAULT;
		piece.end = piece.vma->start + piece.vma->length;
		if (piece.end > end)
			piece.end = end;
		err = bind_piece(sim, &piece, &policy, flags);
		start = piece.end;
	}
	return err;
}
