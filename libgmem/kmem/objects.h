/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects of the kernel that are found from its own lists, where no descriptor leads to them: those
 * of a kernel that is a dump. Lists have bounds, since they may lead anywhere.
 */
#ifndef GMEM_KMEM_OBJECTS_H
#define GMEM_KMEM_OBJECTS_H

#include "base/context.h"

enum gmem_object_field {
	GMEM_OF_TASK_TASKS,
	GMEM_OF_TASK_THREAD_NODE,
	GMEM_OF_TASK_SIGNAL,
	GMEM_OF_TASK_PID,
	GMEM_OF_TASK_COMM,
	GMEM_OF_TASK_FILES,
	GMEM_OF_TASK_MM,
	GMEM_OF_TASK_CRED,
	GMEM_OF_SIGNAL_THREADS,
	GMEM_OF_CRED_EUID,
	GMEM_OF_SB_MAGIC,
	GMEM_OF_SB_DEV,
	GMEM_OF_INODE_INO,
	GMEM_OF_INODE_SIZE,
	GMEM_OF_INODE_SB,
	GMEM_OF_INODE_MAPPING,
	GMEM_OF_MAPPING_MMAP,
	GMEM_OF_VMA_RB,
	GMEM_OF_VMA_START,
	GMEM_OF_VMA_END,
	GMEM_OF_VMA_MM,
	GMEM_OF_RB_RIGHT,
	GMEM_OF_RB_LEFT,
	GMEM_OF_FILES_FDT,
	GMEM_OF_FDT_MAX_FDS,
	GMEM_OF_FDT_FD,
	GMEM_OF_FILE_INODE,
	GMEM_OF_FILE_MODE,
	GMEM_OF_FILE_DENTRY,
	GMEM_OF_FILE_PRIVATE,
	GMEM_OF_DENTRY_NAME,
	/* of KVM, and not known where its types are not: see has_kvm */
	GMEM_OF_KVM_MEMSLOTS,
	GMEM_OF_MEMSLOTS_TREE,
	GMEM_OF_MEMSLOTS_WHICH,
	GMEM_OF_SLOT_NODE,
	GMEM_OF_SLOT_FILE,
	GMEM_OBJECT_FIELDS,
};

/* Where these members are, asked of the kernel once; owned by ctx. Errors: ENODATA, explained. */
struct gmem_objects {
	size_t offset[GMEM_OBJECT_FIELDS];
	bool has_kvm;
};

int gmem_objects_get(struct gmem_ctx *ctx, const struct gmem_objects **out);
void gmem_objects_free(struct gmem_objects *objects);

/*
 * Reads bytes (at most 8) of a member as a number. Errors: EFAULT, ENOTRECORDED (left out of the
 * dump); of the reader as a whole, explained.
 */
int gmem_object_read(struct gmem_ctx *ctx, const struct gmem_objects *objects, uint64_t object,
		     enum gmem_object_field field, size_t bytes, uint64_t *value);

typedef int (*gmem_object_fn)(uint64_t object, void *arg);

/* Calls fn for each process's first thread, and for each thread of one. As gmem_object_read(). */
int gmem_objects_processes(struct gmem_ctx *ctx, gmem_object_fn fn, void *arg);
int gmem_objects_threads(struct gmem_ctx *ctx, uint64_t process, gmem_object_fn fn, void *arg);

/* Calls fn for each mapping (struct vm_area_struct) of an inode's pages, in no order. */
int gmem_objects_mappings(struct gmem_ctx *ctx, uint64_t inode, gmem_object_fn fn, void *arg);

/* Calls fn for the struct file of each memslot of a struct kvm that has a guest_memfd. */
int gmem_objects_memslot_files(struct gmem_ctx *ctx, uint64_t kvm, gmem_object_fn fn, void *arg);

#endif
