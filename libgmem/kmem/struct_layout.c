// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kmem/struct_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"

struct field {
	const char *type;
	const char *member;
	bool required; /* in every kernel that has guest_memfd, KVM built or not */
};

static const struct field fields[GMEM_FIELDS] = {
	[GMEM_TASK_FILES] = { "task_struct", "files", true },
	[GMEM_FILES_FDT] = { "files_struct", "fdt", true },
	[GMEM_FDT_MAX_FDS] = { "fdtable", "max_fds", true },
	[GMEM_FDT_FD] = { "fdtable", "fd", true },
	[GMEM_FILE_INODE] = { "file", "f_inode", true },
	[GMEM_FILE_MAPPING] = { "file", "f_mapping", true },
	[GMEM_FILE_PRIVATE] = { "file", "private_data", false },
	[GMEM_INODE_INO] = { "inode", "i_ino", true },
	[GMEM_INODE_PRIVATE] = { "inode", "i_private", false },
	[GMEM_INODE_SB] = { "inode", "i_sb", false },
	[GMEM_INODE_MODE] = { "inode", "i_mode", false },
	[GMEM_INODE_SIZE] = { "inode", "i_size", false },
	[GMEM_SB_MAGIC] = { "super_block", "s_magic", false },
	[GMEM_SB_DEV] = { "super_block", "s_dev", false },
	[GMEM_MAPPING_HOST] = { "address_space", "host", true },
	[GMEM_MAPPING_PAGES] = { "address_space", "i_pages", true },
	[GMEM_MAPPING_NRPAGES] = { "address_space", "nrpages", true },
	[GMEM_MAPPING_PRIVATE_LIST] = { "address_space", "i_private_list", false },
	[GMEM_XARRAY_HEAD] = { "xarray", "xa_head", true },
	[GMEM_NODE_SHIFT] = { "xa_node", "shift", true },
	[GMEM_NODE_OFFSET] = { "xa_node", "offset", true },
	[GMEM_NODE_PARENT] = { "xa_node", "parent", true },
	[GMEM_NODE_ARRAY] = { "xa_node", "array", true },
	[GMEM_NODE_SLOTS] = { "xa_node", "slots", true },
	[GMEM_NODE_MARKS] = { "xa_node", "marks", false },
	[GMEM_FOLIO_MAPPING] = { "folio", "mapping", true },
	[GMEM_FOLIO_INDEX] = { "folio", "index", true },
	/* virt/kvm/guest_memfd.c since it has a file system of its own */
	[GMEM_GMEM_INODE_VFS] = { "gmem_inode", "vfs_inode", false },
	[GMEM_GMEM_INODE_FILES] = { "gmem_inode", "gmem_file_list", false },
	[GMEM_GMEM_INODE_FLAGS] = { "gmem_inode", "flags", false },
	[GMEM_GMEM_FILE_KVM] = { "gmem_file", "kvm", false },
	[GMEM_GMEM_FILE_BINDINGS] = { "gmem_file", "bindings", false },
	[GMEM_GMEM_FILE_ENTRY] = { "gmem_file", "entry", false },
	/* and before: Linux 6.8 to 6.18 */
	[GMEM_OLD_GMEM_KVM] = { "kvm_gmem", "kvm", false },
	[GMEM_OLD_GMEM_BINDINGS] = { "kvm_gmem", "bindings", false },
	[GMEM_OLD_GMEM_ENTRY] = { "kvm_gmem", "entry", false },
	[GMEM_SLOT_BASE_GFN] = { "kvm_memory_slot", "base_gfn", false },
	[GMEM_SLOT_NPAGES] = { "kvm_memory_slot", "npages", false },
	[GMEM_SLOT_USERSPACE_ADDR] = { "kvm_memory_slot", "userspace_addr", false },
	[GMEM_SLOT_FLAGS] = { "kvm_memory_slot", "flags", false },
	[GMEM_SLOT_ID] = { "kvm_memory_slot", "id", false },
	[GMEM_SLOT_AS_ID] = { "kvm_memory_slot", "as_id", false },
	[GMEM_SLOT_PGOFF] = { "kvm_memory_slot", "gmem.pgoff", false },
	[GMEM_KVM_USERSPACE_PID] = { "kvm", "userspace_pid", false },
	[GMEM_KVM_VM_TYPE] = { "kvm", "arch.vm_type", false },
	[GMEM_KVM_PROTECTED] = { "kvm", "arch.pkvm.is_protected", false }, /* arm64 */
	/* with CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES */
	[GMEM_KVM_ATTRIBUTES] = { "kvm", "mem_attr_array", false },
};

int gmem_layout_fail(struct gmem_ctx *ctx, int error, const char *type, const char *member)
{
	if (error == -ENODATA || error == -ENOTSUP)
		return gmem_fail(ctx, -ENODATA,
				 "no layouts of kernel structs: the kernel needs "
				 "CONFIG_DEBUG_INFO_BTF, and libgmem must be built with libbpf");
	if (error == -ENOENT)
		return gmem_fail(ctx, -ENODATA,
				 "this kernel's struct %s has no %s: libgmem does not know it",
				 type, member);
	return gmem_fail(ctx, error, "where struct %s has %s cannot be told: %s", type, member,
			 gmem_kmem_words(ctx, error));
}

static int read_fields(struct gmem_ctx *ctx, struct gmem_layout *layout)
{
	struct gmem_kernel *kernel = ctx->kernel;

	for (size_t i = 0; i < GMEM_FIELDS; i++) {
		const struct field *field = &fields[i];
		int ret = kernel->ops->offset_of(kernel, field->type, field->member,
						 &layout->offset[i]);

		layout->has[i] = !ret;
		/*
		 * If another error were treated as a missing member, the kernel would be taken for
		 * another version.
		 */
		if (ret && (ret != -ENOENT || field->required))
			return gmem_layout_fail(ctx, ret, field->type, field->member);
	}
	return 0;
}

/* Bytes between the beginnings of two members of one struct. */
static size_t apart(const struct gmem_layout *layout, enum gmem_field a, enum gmem_field b)
{
	size_t x = layout->offset[a], y = layout->offset[b];

	return x < y ? y - x : x - y;
}

static int read_sizes(struct gmem_ctx *ctx, struct gmem_layout *layout)
{
	struct gmem_kernel *kernel = ctx->kernel;
	size_t slots = layout->offset[GMEM_NODE_SLOTS], marks = layout->offset[GMEM_NODE_MARKS];
	int ret;

	if (kernel->ops->size_of(kernel, "xa_node", &layout->node_size) ||
	    layout->node_size > GMEM_KMEM_REQUEST_MAX)
		return gmem_fail(ctx, -ENODATA, "this kernel's struct xa_node is not understood");
	layout->node_bits = 6;
	if (layout->has[GMEM_NODE_MARKS] && marks > slots && (marks - slots) / 8 == 16)
		layout->node_bits = 4;
	if (slots % 8 || slots + (8ull << layout->node_bits) > layout->node_size)
		return gmem_fail(ctx, -ENODATA, "this kernel's struct xa_node is not understood");
	if (apart(layout, GMEM_FOLIO_MAPPING, GMEM_FOLIO_INDEX) > GMEM_FOLIO_PART - 8)
		return gmem_fail(ctx, -ENODATA, "this kernel's struct folio is not understood");
	ret = kernel->ops->size_of(kernel, "kvm_memory_slot", &layout->slot_size);
	if (ret && ret != -ENOENT)
		return gmem_fail(ctx, ret, "the size of struct kvm_memory_slot cannot be told: %s",
				 gmem_error_words(ret));
	if (ret || layout->slot_size > GMEM_KMEM_REQUEST_MAX)
		layout->slot_size = 0;
	return 0;
}

int gmem_layout_new(struct gmem_ctx *ctx, struct gmem_layout **out)
{
	struct gmem_layout *layout = calloc(1, sizeof(*layout));
	int ret = layout ? read_fields(ctx, layout)
			 : gmem_no_memory(ctx, "the layouts of kernel structs");

	if (!ret)
		ret = read_sizes(ctx, layout);
	if (ret) {
		free(layout);
		return ret;
	}
	*out = layout;
	return 0;
}

void gmem_layout_free(struct gmem_layout *layout)
{
	free(layout);
}

int gmem_layout_get(struct gmem_ctx *ctx, const struct gmem_layout **out)
{
	int ret = 0;

	pthread_mutex_lock(&ctx->learning);
	if (!ctx->layout)
		ret = gmem_layout_new(ctx, &ctx->layout);
	*out = ctx->layout;
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}
