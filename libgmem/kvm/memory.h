/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest_memfd as libgmem knows it. */
#ifndef GMEM_KVM_MEMORY_H
#define GMEM_KVM_MEMORY_H

#include "base/context.h"

struct gmem_memory {
	struct gmem_ctx *ctx;
	int fd;
	bool owned; /* fd is ours to close */
	uint64_t flags;
	uint64_t size;
	uint64_t inode; /* 0: not known */
	void *mapping;	/* of the whole file, or NULL */
	/* The VM it was made on; compared, never followed: it may be gone. NULL: not known. */
	const struct gmem_vm *vm;
	int vm_type; /* enum gmem_vm_type of that VM, or -1 */
};

/* The lowest flag that libgmem does not know, or 0. */
static inline uint64_t gmem_memory_flag_unknown(uint64_t flags)
{
	for (; flags; flags &= flags - 1)
		if (!gmem_memory_flag_name((unsigned int)__builtin_ctzll(flags)))
			return flags & -flags;
	return 0;
}

#endif
