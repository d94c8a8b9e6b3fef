/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the members of kernel structs lie, for each generation of kernels. */
#ifndef SIM_MM_LAYOUT_H
#define SIM_MM_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include "kernel/sim/model.h"

enum sim_type {
	SIM_TASK,
	SIM_MM,
	SIM_FILES,
	SIM_FDTABLE,
	SIM_FILE,
	SIM_INODE,
	SIM_SUPER_BLOCK,
	SIM_ADDRESS_SPACE,
	SIM_XARRAY,
	SIM_XA_NODE,
	SIM_FOLIO,
	SIM_PAGE_STRUCT,
	SIM_LIST_HEAD,
	SIM_GMEM_FILE,
	SIM_KVM_GMEM,
	SIM_GMEM_INODE,
	SIM_KVM_SLOT,
	SIM_KVM,
	SIM_TYPES,
};

enum sim_field {
	SIM_TASK_MM,
	SIM_TASK_FILES,
	SIM_TASK_PID,
	SIM_TASK_TGID,
	SIM_TASK_COMM,
	SIM_MM_PGD,
	SIM_FILES_FDT,
	SIM_FDTABLE_MAX_FDS,
	SIM_FDTABLE_FD,
	SIM_FILE_OP,
	SIM_FILE_MAPPING,
	SIM_FILE_PRIVATE,
	SIM_FILE_INODE,
	SIM_INODE_MODE,
	SIM_INODE_SB,
	SIM_INODE_MAPPING,
	SIM_INODE_INO,
	SIM_INODE_SIZE,
	SIM_INODE_DATA,
	SIM_INODE_PRIVATE,
	SIM_SB_MAGIC,
	SIM_MAPPING_HOST,
	SIM_MAPPING_PAGES,
	SIM_MAPPING_NRPAGES,
	SIM_MAPPING_FLAGS,
	SIM_MAPPING_PRIVATE_LIST,
	SIM_XARRAY_HEAD,
	SIM_XA_NODE_SHIFT,
	SIM_XA_NODE_OFFSET,
	SIM_XA_NODE_COUNT,
	SIM_XA_NODE_VALUES,
	SIM_XA_NODE_PARENT,
	SIM_XA_NODE_ARRAY,
	SIM_XA_NODE_SLOTS,
	SIM_XA_NODE_MARKS,
	SIM_FOLIO_FLAGS,
	SIM_FOLIO_MAPPING,
	SIM_FOLIO_INDEX,
	SIM_PAGE_FLAGS,
	SIM_PAGE_COMPOUND,
	SIM_PAGE_COMPOUND_OLD,
	SIM_PAGE_MAPPING,
	SIM_PAGE_INDEX,
	SIM_PAGE_PRIVATE,
	SIM_PAGE_MAPCOUNT,
	SIM_PAGE_REFCOUNT,
	SIM_LIST_NEXT,
	SIM_LIST_PREV,
	SIM_GMEM_FILE_KVM,
	SIM_GMEM_FILE_BINDINGS,
	SIM_GMEM_FILE_ENTRY,
	SIM_KVM_GMEM_KVM,
	SIM_KVM_GMEM_BINDINGS,
	SIM_KVM_GMEM_ENTRY,
	SIM_GMEM_INODE_VFS,
	SIM_GMEM_INODE_FILES,
	SIM_GMEM_INODE_FLAGS,
	SIM_SLOT_BASE_GFN,
	SIM_SLOT_NPAGES,
	SIM_SLOT_USERSPACE,
	SIM_SLOT_FLAGS,
	SIM_SLOT_ID,
	SIM_SLOT_AS_ID,
	SIM_SLOT_GMEM_FILE,
	SIM_SLOT_GMEM_PGOFF,
	SIM_KVM_MM,
	SIM_KVM_PID,
	SIM_KVM_VM_TYPE,
	SIM_KVM_PROTECTED, /* arm64: by protected KVM */
	SIM_KVM_BUGGED,
	SIM_KVM_DEAD,
	SIM_KVM_ATTRIBUTES, /* with CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES */
	SIM_FIELDS,
};

/* Offset in bytes, or -1 where this kernel has no such member. */
int sim_layout_at(enum sim_generation generation, enum sim_field field);
/* Bytes of the member. */
unsigned int sim_layout_width(enum sim_field field);
size_t sim_layout_bytes(enum sim_generation generation, enum sim_type type);
/* By name; -ENOENT where this kernel has no such struct or member. */
int sim_layout_offset(enum sim_generation generation, const char *type, const char *member,
		      size_t *offset);
int sim_layout_size(enum sim_generation generation, const char *type, size_t *size);

#endif
