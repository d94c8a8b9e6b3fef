// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kmem/objects.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "kmem/kmem.h"
#include "kmem/reader.h"
#include "kmem/struct_layout.h"

#define TASKS_MAX (1u << 22) /* PID_MAX_LIMIT */
#define NODES_MAX 65536u     /* of a tree */
#define RB_NODE_BYTES 24u    /* struct rb_node: three words */
#define TREE_DEPTH 64	     /* a red-black tree of 2^32 nodes is not deeper */

static const struct {
	const char *type;
	const char *member;
} fields[GMEM_OBJECT_FIELDS] = {
	[GMEM_OF_TASK_TASKS] = { "task_struct", "tasks" },
	[GMEM_OF_TASK_THREAD_NODE] = { "task_struct", "thread_node" },
	[GMEM_OF_TASK_SIGNAL] = { "task_struct", "signal" },
	[GMEM_OF_TASK_PID] = { "task_struct", "pid" },
	[GMEM_OF_TASK_COMM] = { "task_struct", "comm" },
	[GMEM_OF_TASK_FILES] = { "task_struct", "files" },
	[GMEM_OF_TASK_MM] = { "task_struct", "mm" },
	[GMEM_OF_TASK_CRED] = { "task_struct", "cred" },
	[GMEM_OF_SIGNAL_THREADS] = { "signal_struct", "thread_head" },
	[GMEM_OF_CRED_EUID] = { "cred", "euid" },
	[GMEM_OF_SB_MAGIC] = { "super_block", "s_magic" },
	[GMEM_OF_SB_DEV] = { "super_block", "s_dev" },
	[GMEM_OF_INODE_INO] = { "inode", "i_ino" },
	[GMEM_OF_INODE_SIZE] = { "inode", "i_size" },
	[GMEM_OF_INODE_SB] = { "inode", "i_sb" },
	[GMEM_OF_INODE_MAPPING] = { "inode", "i_mapping" },
	[GMEM_OF_MAPPING_MMAP] = { "address_space", "i_mmap.rb_root.rb_node" },
	[GMEM_OF_VMA_RB] = { "vm_area_struct", "shared.rb" },
	[GMEM_OF_VMA_START] = { "vm_area_struct", "vm_start" },
	[GMEM_OF_VMA_END] = { "vm_area_struct", "vm_end" },
	[GMEM_OF_VMA_MM] = { "vm_area_struct", "vm_mm" },
	[GMEM_OF_RB_RIGHT] = { "rb_node", "rb_right" },
	[GMEM_OF_RB_LEFT] = { "rb_node", "rb_left" },
	[GMEM_OF_FILES_FDT] = { "files_struct", "fdt" },
	[GMEM_OF_FDT_MAX_FDS] = { "fdtable", "max_fds" },
	[GMEM_OF_FDT_FD] = { "fdtable", "fd" },
	[GMEM_OF_FILE_INODE] = { "file", "f_inode" },
	[GMEM_OF_FILE_MODE] = { "file", "f_mode" },
	[GMEM_OF_FILE_DENTRY] = { "file", "f_path.dentry" },
	[GMEM_OF_FILE_PRIVATE] = { "file", "private_data" },
	[GMEM_OF_DENTRY_NAME] = { "dentry", "d_name.name" },
	[GMEM_OF_KVM_MEMSLOTS] = { "kvm", "memslots" },
	[GMEM_OF_MEMSLOTS_TREE] = { "kvm_memslots", "gfn_tree.rb_node" },
	[GMEM_OF_MEMSLOTS_WHICH] = { "kvm_memslots", "node_idx" },
	[GMEM_OF_SLOT_NODE] = { "kvm_memory_slot", "gfn_node" },
	[GMEM_OF_SLOT_FILE] = { "kvm_memory_slot", "gmem.file" },
};

static int objects_new(struct gmem_ctx *ctx, struct gmem_objects **out)
{
	struct gmem_kernel *kernel = ctx->kernel;
	struct gmem_objects *objects = calloc(1, sizeof(*objects));

	if (!objects)
		return gmem_no_memory(ctx, "the layouts of kernel structs");
	objects->has_kvm = true;
	for (size_t i = 0; i < GMEM_OBJECT_FIELDS; i++) {
		int ret = kernel->ops->offset_of(kernel, fields[i].type, fields[i].member,
						 &objects->offset[i]);

		if (ret == -ENOENT && i >= GMEM_OF_KVM_MEMSLOTS) {
			objects->has_kvm = false;
			continue;
		}
		if (!ret)
			continue;
		free(objects);
		return gmem_layout_fail(ctx, ret, fields[i].type, fields[i].member);
	}
	*out = objects;
	return 0;
}

int gmem_objects_get(struct gmem_ctx *ctx, const struct gmem_objects **out)
{
	const struct gmem_image *image;
	int ret = gmem_reader_image(ctx, &image);

	if (ret)
		return ret;
	pthread_mutex_lock(&ctx->learning);
	if (!ctx->objects)
		ret = objects_new(ctx, &ctx->objects);
	*out = ctx->objects;
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}

void gmem_objects_free(struct gmem_objects *objects)
{
	free(objects);
}

int gmem_object_read(struct gmem_ctx *ctx, const struct gmem_objects *objects, uint64_t object,
		     enum gmem_object_field field, size_t bytes, uint64_t *value)
{
	*value = 0;
	return gmem_kmem_read(ctx, object + objects->offset[field], value, bytes);
}

/*
 * A list of struct list_head: fn gets the objects that are linked by that member. The walk ends
 * when it comes back to head, which is not an object.
 */
static int walk_list(struct gmem_ctx *ctx, uint64_t head, size_t member, unsigned int max,
		     gmem_object_fn fn, void *arg)
{
	uint64_t at;
	int ret = gmem_kmem_read_pointer(ctx, head, &at);

	for (unsigned int n = 0; !ret && at != head; n++) {
		if (n == max)
			return gmem_fail(ctx, -EILSEQ,
					 "a list of the kernel does not end where it began");
		ret = fn(at - member, arg);
		if (!ret)
			ret = gmem_kmem_read_pointer(ctx, at, &at);
	}
	return ret;
}

static int init_task(struct gmem_ctx *ctx, uint64_t *task)
{
	int ret = ctx->kernel->ops->symbol(ctx->kernel, "init_task", task);

	return ret ? gmem_fail(ctx, -ENODATA, "the list of processes (init_task) was not found: %s",
			       ret == -ENOENT ? "neither a symbol nor a kswapd leads to it"
					      : gmem_kmem_words(ctx, ret))
		   : 0;
}

int gmem_objects_processes(struct gmem_ctx *ctx, gmem_object_fn fn, void *arg)
{
	const struct gmem_objects *objects;
	uint64_t first;
	int ret = gmem_objects_get(ctx, &objects);

	if (!ret)
		ret = init_task(ctx, &first);
	if (ret)
		return ret;
	return walk_list(ctx, first + objects->offset[GMEM_OF_TASK_TASKS],
			 objects->offset[GMEM_OF_TASK_TASKS], TASKS_MAX, fn, arg);
}

int gmem_objects_threads(struct gmem_ctx *ctx, uint64_t process, gmem_object_fn fn, void *arg)
{
	const struct gmem_objects *objects;
	uint64_t threads;
	int ret = gmem_objects_get(ctx, &objects);

	if (!ret)
		ret = gmem_object_read(ctx, objects, process, GMEM_OF_TASK_SIGNAL, 8, &threads);
	if (ret)
		return ret;
	return walk_list(ctx, threads + objects->offset[GMEM_OF_SIGNAL_THREADS],
			 objects->offset[GMEM_OF_TASK_THREAD_NODE], TASKS_MAX, fn, arg);
}

/* A tree of struct rb_node, gone through with the nodes that are left to do. */
static int walk_tree(struct gmem_ctx *ctx, const struct gmem_objects *objects, uint64_t root,
		     uint64_t member, gmem_object_fn fn, void *arg)
{
	uint64_t todo[TREE_DEPTH] = { root }, node;
	unsigned int n = 1, seen = 0;
	int ret = 0;

	while (!ret && n) {
		node = todo[--n];
		if (!node)
			continue;
		if (seen++ == NODES_MAX || n + 2 > TREE_DEPTH)
			return gmem_fail(ctx, -EILSEQ, "a tree of the kernel does not end");
		ret = gmem_object_read(ctx, objects, node, GMEM_OF_RB_RIGHT, 8, &todo[n]);
		if (!ret)
			ret = gmem_object_read(ctx, objects, node, GMEM_OF_RB_LEFT, 8,
					       &todo[n + 1]);
		n += 2;
		if (!ret)
			ret = fn(node - member, arg);
	}
	return ret;
}

/* An interval tree (mm/interval_tree.c). */
int gmem_objects_mappings(struct gmem_ctx *ctx, uint64_t inode, gmem_object_fn fn, void *arg)
{
	const struct gmem_objects *objects;
	uint64_t mapping, root;
	int ret = gmem_objects_get(ctx, &objects);

	if (!ret)
		ret = gmem_object_read(ctx, objects, inode, GMEM_OF_INODE_MAPPING, 8, &mapping);
	if (!ret)
		ret = gmem_object_read(ctx, objects, mapping, GMEM_OF_MAPPING_MMAP, 8, &root);
	return ret ? ret : walk_tree(ctx, objects, root, objects->offset[GMEM_OF_VMA_RB], fn, arg);
}

struct files {
	struct gmem_ctx *ctx;
	const struct gmem_objects *objects;
	gmem_object_fn fn;
	void *arg;
};

static int look_at_slot(uint64_t slot, void *arg)
{
	struct files *files = arg;
	uint64_t file;
	int ret = gmem_object_read(files->ctx, files->objects, slot, GMEM_OF_SLOT_FILE, 8, &file);

	return ret || !file ? ret : files->fn(file, files->arg);
}

/* A set of memslots: each slot is in two trees, and node_idx tells which is this set's. */
static int walk_slots(struct files *files, uint64_t memslots)
{
	const struct gmem_objects *objects = files->objects;
	uint64_t root, which = 0;
	int ret = gmem_object_read(files->ctx, objects, memslots, GMEM_OF_MEMSLOTS_TREE, 8, &root);

	if (!ret)
		ret = gmem_object_read(files->ctx, objects, memslots, GMEM_OF_MEMSLOTS_WHICH, 4,
				       &which);
	if (!ret && which > 1)
		ret = -EILSEQ;
	if (ret)
		return ret;
	return walk_tree(files->ctx, objects, root,
			 objects->offset[GMEM_OF_SLOT_NODE] + which * RB_NODE_BYTES, look_at_slot,
			 files);
}

int gmem_objects_memslot_files(struct gmem_ctx *ctx, uint64_t kvm, gmem_object_fn fn, void *arg)
{
	struct files files = { .ctx = ctx, .fn = fn, .arg = arg };
	uint64_t memslots;
	int ret = gmem_objects_get(ctx, &files.objects);

	if (ret || !files.objects->has_kvm)
		return ret;
	/* The first address space: none of another has a guest_memfd on x86. */
	ret = gmem_object_read(ctx, files.objects, kvm, GMEM_OF_KVM_MEMSLOTS, 8, &memslots);
	return ret || !memslots ? ret : walk_slots(&files, memslots);
}
