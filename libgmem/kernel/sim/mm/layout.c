// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Offsets of struct members. Those of 7.3 come from a real build, as far as it was looked at. The
 * generations differ on purpose: a walker must take offsets from here (on a real kernel: from BTF).
 */
#include <errno.h>
#include <string.h>

#include "kernel/sim/mm/layout.h"

struct field_row {
	const char *type;
	const char *member;
	uint8_t width;		     /* bytes */
	int16_t offset[SIM_LAYOUTS]; /* 7.3, 6.12, 7.3 of arm64; -1: none */
};

static const struct field_row fields[SIM_FIELDS] = {
	[SIM_TASK_MM] = { "task_struct", "mm", 8, { 1320, 1256, 1320 } },
	[SIM_TASK_FILES] = { "task_struct", "files", 8, { 1688, 1608, 1688 } },
	[SIM_TASK_PID] = { "task_struct", "pid", 4, { 1432, 1352, 1432 } },
	[SIM_TASK_TGID] = { "task_struct", "tgid", 4, { 1436, 1356, 1436 } },
	[SIM_TASK_COMM] = { "task_struct", "comm", 16, { 1656, 1576, 1656 } },
	[SIM_MM_PGD] = { "mm_struct", "pgd", 8, { 72, 80, 72 } },
	[SIM_FILES_FDT] = { "files_struct", "fdt", 8, { 32, 32, 32 } },
	[SIM_FDTABLE_MAX_FDS] = { "fdtable", "max_fds", 4, { 0, 0, 0 } },
	[SIM_FDTABLE_FD] = { "fdtable", "fd", 8, { 8, 8, 8 } },
	[SIM_FILE_OP] = { "file", "f_op", 8, { 8, 176, 8 } },
	[SIM_FILE_MAPPING] = { "file", "f_mapping", 8, { 16, 24, 16 } },
	[SIM_FILE_PRIVATE] = { "file", "private_data", 8, { 24, 32, 24 } },
	[SIM_FILE_INODE] = { "file", "f_inode", 8, { 32, 40, 32 } },
	[SIM_INODE_MODE] = { "inode", "i_mode", 2, { 0, 0, 0 } },
	[SIM_INODE_SB] = { "inode", "i_sb", 8, { 40, 40, 40 } },
	[SIM_INODE_MAPPING] = { "inode", "i_mapping", 8, { 48, 48, 48 } },
	[SIM_INODE_INO] = { "inode", "i_ino", 8, { 64, 64, 64 } },
	[SIM_INODE_SIZE] = { "inode", "i_size", 8, { 80, 80, 80 } },
	[SIM_INODE_DATA] = { "inode", "i_data", 0, { 344, 360, 344 } },
	[SIM_INODE_PRIVATE] = { "inode", "i_private", 8, { 496, 616, 496 } },
	[SIM_SB_MAGIC] = { "super_block", "s_magic", 8, { 96, 96, 96 } },
	[SIM_MAPPING_HOST] = { "address_space", "host", 8, { 0, 0, 0 } },
	[SIM_MAPPING_PAGES] = { "address_space", "i_pages", 0, { 8, 8, 8 } },
	[SIM_MAPPING_NRPAGES] = { "address_space", "nrpages", 8, { 80, 88, 80 } },
	[SIM_MAPPING_FLAGS] = { "address_space", "flags", 8, { 104, 112, 104 } },
	[SIM_MAPPING_PRIVATE_LIST] = { "address_space", "i_private_list", 0, { 128, 136, 128 } },
	[SIM_XARRAY_HEAD] = { "xarray", "xa_head", 8, { 8, 8, 8 } },
	[SIM_XA_NODE_SHIFT] = { "xa_node", "shift", 1, { 0, 0, 0 } },
	[SIM_XA_NODE_OFFSET] = { "xa_node", "offset", 1, { 1, 1, 1 } },
	[SIM_XA_NODE_COUNT] = { "xa_node", "count", 1, { 2, 2, 2 } },
	[SIM_XA_NODE_VALUES] = { "xa_node", "nr_values", 1, { 3, 3, 3 } },
	[SIM_XA_NODE_PARENT] = { "xa_node", "parent", 8, { 8, 8, 8 } },
	[SIM_XA_NODE_ARRAY] = { "xa_node", "array", 8, { 16, 16, 16 } },
	[SIM_XA_NODE_SLOTS] = { "xa_node", "slots", 8, { 40, 40, 40 } },
	[SIM_XA_NODE_MARKS] = { "xa_node", "marks", 0, { 552, 552, 552 } },
	[SIM_FOLIO_FLAGS] = { "folio", "flags", 8, { 0, 0, 0 } },
	[SIM_FOLIO_MAPPING] = { "folio", "mapping", 8, { 24, 24, 24 } },
	[SIM_FOLIO_INDEX] = { "folio", "index", 8, { 32, 32, 32 } },
	[SIM_PAGE_FLAGS] = { "page", "flags", 8, { 0, 0, 0 } },
	[SIM_PAGE_COMPOUND] = { "page", "compound_info", 8, { 8, -1, 8 } },
	[SIM_PAGE_COMPOUND_OLD] = { "page", "compound_head", 8, { -1, 8, -1 } },
	[SIM_PAGE_MAPPING] = { "page", "mapping", 8, { 24, 24, 24 } },
	[SIM_PAGE_INDEX] = { "page", "index", 8, { 32, 32, 32 } },
	[SIM_PAGE_PRIVATE] = { "page", "private", 8, { 40, 40, 40 } },
	[SIM_PAGE_MAPCOUNT] = { "page", "_mapcount", 4, { 48, 48, 48 } },
	[SIM_PAGE_REFCOUNT] = { "page", "_refcount", 4, { 52, 52, 52 } },
	[SIM_LIST_NEXT] = { "list_head", "next", 8, { 0, 0, 0 } },
	[SIM_LIST_PREV] = { "list_head", "prev", 8, { 8, 8, 8 } },
	[SIM_GMEM_FILE_KVM] = { "gmem_file", "kvm", 8, { 0, -1, 0 } },
	[SIM_GMEM_FILE_BINDINGS] = { "gmem_file", "bindings", 0, { 8, -1, 8 } },
	[SIM_GMEM_FILE_ENTRY] = { "gmem_file", "entry", 0, { 24, -1, 24 } },
	[SIM_KVM_GMEM_KVM] = { "kvm_gmem", "kvm", 8, { -1, 0, -1 } },
	[SIM_KVM_GMEM_BINDINGS] = { "kvm_gmem", "bindings", 0, { -1, 8, -1 } },
	[SIM_KVM_GMEM_ENTRY] = { "kvm_gmem", "entry", 0, { -1, 24, -1 } },
	[SIM_GMEM_INODE_VFS] = { "gmem_inode", "vfs_inode", 0, { 16, -1, 16 } },
	[SIM_GMEM_INODE_FILES] = { "gmem_inode", "gmem_file_list", 0, { 520, -1, 520 } },
	[SIM_GMEM_INODE_FLAGS] = { "gmem_inode", "flags", 8, { 536, -1, 536 } },
	[SIM_SLOT_BASE_GFN] = { "kvm_memory_slot", "base_gfn", 8, { 176, 136, 176 } },
	[SIM_SLOT_NPAGES] = { "kvm_memory_slot", "npages", 8, { 184, 144, 184 } },
	[SIM_SLOT_USERSPACE] = { "kvm_memory_slot", "userspace_addr", 8, { 248, 208, 248 } },
	[SIM_SLOT_FLAGS] = { "kvm_memory_slot", "flags", 4, { 256, 216, 256 } },
	[SIM_SLOT_ID] = { "kvm_memory_slot", "id", 2, { 260, 220, 260 } },
	[SIM_SLOT_AS_ID] = { "kvm_memory_slot", "as_id", 2, { 262, 222, 262 } },
	[SIM_SLOT_GMEM_FILE] = { "kvm_memory_slot", "gmem.file", 8, { 264, 224, 264 } },
	[SIM_SLOT_GMEM_PGOFF] = { "kvm_memory_slot", "gmem.pgoff", 8, { 272, 232, 272 } },
	[SIM_KVM_MM] = { "kvm", "mm", 8, { 56, 48, 56 } },
	[SIM_KVM_PID] = { "kvm", "userspace_pid", 4, { 6168, 5960, 6168 } },
	[SIM_KVM_VM_TYPE] = { "kvm", "arch.vm_type", 1, { 4601, 4385, -1 } },
	[SIM_KVM_PROTECTED] = { "kvm", "arch.pkvm.is_protected", 1, { -1, -1, 4888 } },
	[SIM_KVM_BUGGED] = { "kvm", "vm_bugged", 1, { 6185, 5977, 6185 } },
	[SIM_KVM_DEAD] = { "kvm", "vm_dead", 1, { 6186, 5978, 6186 } },
	[SIM_KVM_ATTRIBUTES] = { "kvm", "mem_attr_array", 0, { 6192, 5984, -1 } },
};

static const struct {
	const char *type;
	int16_t bytes[SIM_LAYOUTS];
} sizes[SIM_TYPES] = {
	[SIM_TASK] = { "task_struct", { 3328, 3200, 3328 } },
	[SIM_MM] = { "mm_struct", { 1344, 1280, 1344 } },
	[SIM_FILES] = { "files_struct", { 704, 704, 704 } },
	[SIM_FDTABLE] = { "fdtable", { 56, 56, 56 } },
	[SIM_FILE] = { "file", { 184, 232, 184 } },
	[SIM_INODE] = { "inode", { 504, 624, 504 } },
	[SIM_SUPER_BLOCK] = { "super_block", { 1280, 1408, 1280 } },
	[SIM_ADDRESS_SPACE] = { "address_space", { 152, 168, 152 } },
	[SIM_XARRAY] = { "xarray", { 16, 16, 16 } },
	[SIM_XA_NODE] = { "xa_node", { 576, 576, 576 } },
	[SIM_FOLIO] = { "folio", { 256, 192, 256 } },
	[SIM_PAGE_STRUCT] = { "page", { 64, 64, 64 } },
	[SIM_LIST_HEAD] = { "list_head", { 16, 16, 16 } },
	[SIM_GMEM_FILE] = { "gmem_file", { 40, -1, 40 } },
	[SIM_KVM_GMEM] = { "kvm_gmem", { -1, 40, -1 } },
	[SIM_GMEM_INODE] = { "gmem_inode", { 544, -1, 544 } },
	[SIM_KVM_SLOT] = { "kvm_memory_slot", { 280, 240, 280 } },
	[SIM_KVM] = { "kvm", { 6320, 6112, 6320 } },
};

int sim_layout_at(enum sim_generation generation, enum sim_field field)
{
	return fields[field].offset[generation];
}

unsigned int sim_layout_width(enum sim_field field)
{
	return fields[field].width;
}

size_t sim_layout_bytes(enum sim_generation generation, enum sim_type type)
{
	return sizes[type].bytes[generation] < 0 ? 0 : (size_t)sizes[type].bytes[generation];
}

int sim_layout_offset(enum sim_generation generation, const char *type, const char *member,
		      size_t *offset)
{
	for (unsigned int i = 0; i < SIM_FIELDS; i++) {
		const struct field_row *row = &fields[i];

		if (strcmp(row->type, type) || strcmp(row->member, member))
			continue;
		if (row->offset[generation] < 0)
			return -ENOENT;
		*offset = (size_t)row->offset[generation];
		return 0;
	}
	return -ENOENT;
}

int sim_layout_size(enum sim_generation generation, const char *type, size_t *size)
{
	for (unsigned int i = 0; i < SIM_TYPES; i++) {
		if (strcmp(sizes[i].type, type))
			continue;
		if (sizes[i].bytes[generation] < 0)
			return -ENOENT;
		*size = (size_t)sizes[i].bytes[generation];
		return 0;
	}
	return -ENOENT;
}
