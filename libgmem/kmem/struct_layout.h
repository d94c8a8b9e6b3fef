/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the members of kernel structs are, asked of the kernel once. */
#ifndef GMEM_KMEM_STRUCT_LAYOUT_H
#define GMEM_KMEM_STRUCT_LAYOUT_H

#include <string.h>
#include "base/context.h"

enum gmem_field {
	GMEM_TASK_FILES,
	GMEM_FILES_FDT,
	GMEM_FDT_MAX_FDS,
	GMEM_FDT_FD,
	GMEM_FILE_INODE,
	GMEM_FILE_MAPPING,
	GMEM_FILE_PRIVATE,
	GMEM_INODE_INO,
	GMEM_INODE_PRIVATE,
	GMEM_INODE_SB,
	GMEM_INODE_MODE,
	GMEM_INODE_SIZE,
	GMEM_SB_MAGIC,
	GMEM_SB_DEV,
	GMEM_MAPPING_HOST,
	GMEM_MAPPING_PAGES,
	GMEM_MAPPING_NRPAGES,
	GMEM_MAPPING_PRIVATE_LIST,
	GMEM_XARRAY_HEAD,
	GMEM_NODE_SHIFT,
	GMEM_NODE_OFFSET,
	GMEM_NODE_PARENT,
	GMEM_NODE_ARRAY,
	GMEM_NODE_SLOTS,
	GMEM_NODE_MARKS,
	GMEM_FOLIO_MAPPING,
	GMEM_FOLIO_INDEX,
	GMEM_GMEM_INODE_VFS,
	GMEM_GMEM_INODE_FILES,
	GMEM_GMEM_INODE_FLAGS,
	GMEM_GMEM_FILE_KVM,
	GMEM_GMEM_FILE_BINDINGS,
	GMEM_GMEM_FILE_ENTRY,
	GMEM_OLD_GMEM_KVM,
	GMEM_OLD_GMEM_BINDINGS,
	GMEM_OLD_GMEM_ENTRY,
	GMEM_SLOT_BASE_GFN,
	GMEM_SLOT_NPAGES,
	GMEM_SLOT_USERSPACE_ADDR,
	GMEM_SLOT_FLAGS,
	GMEM_SLOT_ID,
	GMEM_SLOT_AS_ID,
	GMEM_SLOT_PGOFF,
	GMEM_KVM_USERSPACE_PID,
	GMEM_KVM_VM_TYPE,
	GMEM_KVM_PROTECTED,
	GMEM_KVM_ATTRIBUTES,
	GMEM_FIELDS,
};

/* Bytes that surely hold mapping and index of a struct folio, from the first of them on. */
#define GMEM_FOLIO_PART 64

struct gmem_layout {
	size_t offset[GMEM_FIELDS]; /* bytes; valid only where has[] is set */
	bool has[GMEM_FIELDS];
	size_t node_size;	/* bytes of struct xa_node */
	unsigned int node_bits; /* 6, or 4 with CONFIG_BASE_SMALL: log2 of its slots */
	size_t slot_size;	/* bytes of struct kvm_memory_slot, 0 where unknown */
};

/* Asks for all. Errors: ENODATA (no BTF, or a struct that every kernel has is missing). */
int gmem_layout_new(struct gmem_ctx *ctx, struct gmem_layout **out);
void gmem_layout_free(struct gmem_layout *layout);

/*
 * Explains why the place of a member is not known: error is that of the port's offset_of(). Returns
 * ENODATA (no BTF, or no such member), or that error.
 */
int gmem_layout_fail(struct gmem_ctx *ctx, int error, const char *type, const char *member);

/* The context's own, asked for on the first call; owned by ctx. */
int gmem_layout_get(struct gmem_ctx *ctx, const struct gmem_layout **out);

/*
 * Reads an unsigned member of 1, 2, 4 or 8 bytes out of a copied struct. Here, because it runs
 * several times for each node of a tree, and is one load where the size is known.
 */
static inline uint64_t gmem_layout_read(const struct gmem_layout *layout, const void *copy,
					enum gmem_field field, size_t bytes)
{
	uint64_t value = 0; /* little-endian, as every machine that runs KVM's guest_memfd */

	memcpy(&value, (const char *)copy + layout->offset[field], bytes);
	return value;
}

#endif
