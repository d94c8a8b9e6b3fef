// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which memslots a guest_memfd is bound to, and which VM it belongs to: from the inode's list of
 * open files (struct gmem_file, before Linux 6.19 struct kvm_gmem) and each one's xarray of
 * bindings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmem/kmem.h"
#include "kmem/struct_layout.h"
#include "kmem/xarray.h"
#include "pages/target.h"
#include "procfs/vm_types.h"

#define FILES_MAX 64	 /* open files of one inode: one today */
#define SLOTS_MAX 32764u /* KVM_USER_MEM_SLOTS */
#define ATTEMPTS 4	 /* memslots come and go while they are read */

/* The struct of an open guest_memfd, as this kernel has it. */
struct generation {
	enum gmem_field kvm;
	enum gmem_field bindings;
	enum gmem_field entry;
	uint64_t head; /* of the list that entry hangs on */
};

struct collect {
	struct gmem_ctx *ctx;
	const struct gmem_layout *layout;
	uint64_t *slots; /* addresses of struct kvm_memory_slot, each once */
	size_t count;
};

static int find_generation(const struct gmem_layout *layout, const struct gmem_pagecache *cache,
			   struct generation *out)
{
	if (layout->has[GMEM_GMEM_FILE_ENTRY] && layout->has[GMEM_GMEM_FILE_KVM] &&
	    layout->has[GMEM_GMEM_FILE_BINDINGS] && layout->has[GMEM_GMEM_INODE_FILES] &&
	    layout->has[GMEM_GMEM_INODE_VFS]) {
		*out = (struct generation){
			.kvm = GMEM_GMEM_FILE_KVM,
			.bindings = GMEM_GMEM_FILE_BINDINGS,
			.entry = GMEM_GMEM_FILE_ENTRY,
			.head = cache->inode - layout->offset[GMEM_GMEM_INODE_VFS] +
				layout->offset[GMEM_GMEM_INODE_FILES],
		};
		return 0;
	}
	if (layout->has[GMEM_OLD_GMEM_ENTRY] && layout->has[GMEM_OLD_GMEM_KVM] &&
	    layout->has[GMEM_OLD_GMEM_BINDINGS] && layout->has[GMEM_MAPPING_PRIVATE_LIST]) {
		*out = (struct generation){
			.kvm = GMEM_OLD_GMEM_KVM,
			.bindings = GMEM_OLD_GMEM_BINDINGS,
			.entry = GMEM_OLD_GMEM_ENTRY,
			.head = cache->mapping + layout->offset[GMEM_MAPPING_PRIVATE_LIST],
		};
		return 0;
	}
	return -ENODATA;
}

int gmem_target_cache(struct gmem_target *target)
{
	int ret = 0;

	if (!target->has_cache)
		ret = gmem_pagecache_find(target->ctx, target->fd, &target->cache);
	target->has_cache = !ret;
	return ret;
}

int gmem_target_flags(struct gmem_target *target, uint64_t *flags)
{
	const struct gmem_layout *layout;
	uint64_t address;
	int ret = gmem_target_cache(target);

	if (!ret)
		ret = gmem_layout_get(target->ctx, &layout);
	if (ret)
		return ret;
	if (layout->has[GMEM_GMEM_INODE_FLAGS] && layout->has[GMEM_GMEM_INODE_VFS])
		address = target->cache.inode - layout->offset[GMEM_GMEM_INODE_VFS] +
			  layout->offset[GMEM_GMEM_INODE_FLAGS];
	else if (layout->has[GMEM_INODE_PRIVATE] && layout->has[GMEM_OLD_GMEM_KVM])
		/* inode->i_private = (void *)flags in __kvm_gmem_create() before that */
		address = target->cache.inode + layout->offset[GMEM_INODE_PRIVATE];
	else
		return -ENODATA;
	return gmem_kmem_read_pointer(target->ctx, address, flags);
}

static int add_slot(struct collect *collect, const struct gmem_xarray_run *run)
{
	uint64_t *more;

	if (!run->pointer)
		return -EAGAIN; /* it changed while it was read */
	/* A slot's range is stored as several entries that follow each other. */
	if (collect->count && collect->slots[collect->count - 1] == run->pointer)
		return 0;
	if (collect->count >= SLOTS_MAX)
		return -EILSEQ;
	more = realloc(collect->slots, (collect->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	collect->slots = more;
	more[collect->count++] = run->pointer;
	return 0;
}

static int add_slots(const struct gmem_xarray_run *runs, size_t n, void *arg)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = add_slot(arg, &runs[i]);
	return ret;
}

static int read_slot(struct collect *collect, uint64_t address, struct gmem_binding *out)
{
	const struct gmem_layout *layout = collect->layout;
	const uint64_t page = gmem_page_size(collect->ctx);
	unsigned char slot[GMEM_KMEM_REQUEST_MAX];
	int ret = gmem_kmem_read(collect->ctx, address, slot, layout->slot_size);

	if (ret)
		return ret;
	*out = (struct gmem_binding){
		.offset = gmem_layout_read(layout, slot, GMEM_SLOT_PGOFF, 8) * page,
		.gpa = gmem_layout_read(layout, slot, GMEM_SLOT_BASE_GFN, 8) * page,
		.memory_size = gmem_layout_read(layout, slot, GMEM_SLOT_NPAGES, 8) * page,
		.userspace_addr = gmem_layout_read(layout, slot, GMEM_SLOT_USERSPACE_ADDR, 8),
		.slot = (uint32_t)gmem_layout_read(layout, slot, GMEM_SLOT_ID, 2),
		.address_space = (uint32_t)gmem_layout_read(layout, slot, GMEM_SLOT_AS_ID, 2),
		.flags = (uint32_t)gmem_layout_read(layout, slot, GMEM_SLOT_FLAGS, 4),
	};
	return 0;
}

/*
 * A memslot that was freed meanwhile may have any content. kvm_gmem_bind() takes no slot that is
 * empty or goes beyond the file.
 */
static bool is_possible(const struct gmem_target *target, const struct gmem_binding *binding)
{
	return binding->memory_size && binding->memory_size <= target->size &&
	       binding->offset <= target->size - binding->memory_size;
}

static int by_offset(const void *a, const void *b)
{
	const struct gmem_binding *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int read_slots(struct gmem_target *target, struct collect *collect)
{
	struct gmem_binding *bindings =
		calloc(collect->count ? collect->count : 1, sizeof(*bindings));
	int ret = bindings ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < collect->count; i++) {
		ret = read_slot(collect, collect->slots[i], &bindings[i]);
		if (!ret && !is_possible(target, &bindings[i]))
			ret = -EAGAIN;
	}
	if (ret) {
		free(bindings);
		return ret;
	}
	qsort(bindings, collect->count, sizeof(*bindings), by_offset);
	free(target->bindings);
	target->bindings = bindings;
	target->binding_count = collect->count;
	return 0;
}

/* KVM on arm64 keeps no number of the type. */
static void read_protection(struct gmem_target *target, const struct gmem_layout *layout,
			    uint64_t kvm)
{
	uint8_t is_protected;

	if (!layout->has[GMEM_KVM_PROTECTED] ||
	    gmem_kmem_read(target->ctx, kvm + layout->offset[GMEM_KVM_PROTECTED], &is_protected, 1))
		return;
	target->is_protected = is_protected != 0;
	target->vm_type = is_protected ? GMEM_VM_ARM_PROTECTED : GMEM_VM_DEFAULT;
}

static void read_vm(struct gmem_target *target, const struct gmem_layout *layout, uint64_t kvm)
{
	uint64_t type = 0;
	int32_t pid;

	if (layout->has[GMEM_KVM_USERSPACE_PID] &&
	    !gmem_kmem_read(target->ctx, kvm + layout->offset[GMEM_KVM_USERSPACE_PID], &pid,
			    sizeof(pid)))
		target->vm_pid = pid;
	/* kvm_arch.vm_type is an unsigned long or smaller: its low byte is all there is */
	if (layout->has[GMEM_KVM_VM_TYPE] &&
	    !gmem_kmem_read(target->ctx, kvm + layout->offset[GMEM_KVM_VM_TYPE], &type, 1) &&
	    type < GMEM_VM_TYPES && gmem_vm_types_of_machine(target->ctx) & 1u << type)
		target->vm_type = (int)type;
	read_protection(target, layout, kvm);
}

/* Goes through the list of open files: list_head.next is its first word. */
static int collect_files(struct gmem_target *target, const struct generation *generation,
			 struct collect *collect)
{
	const struct gmem_layout *layout = collect->layout;
	uint64_t entry, kvm;
	int ret = gmem_kmem_read_pointer(target->ctx, generation->head, &entry);

	for (int n = 0; !ret && entry != generation->head; n++) {
		uint64_t file = entry - layout->offset[generation->entry];

		if (n >= FILES_MAX)
			return -EILSEQ;
		ret = gmem_kmem_read_pointer(target->ctx, file + layout->offset[generation->kvm],
					     &kvm);
		if (ret)
			break;
		target->kvm = kvm;
		read_vm(target, layout, kvm);
		if (layout->slot_size && layout->has[GMEM_SLOT_PGOFF])
			ret = gmem_xarray_walk(target->ctx,
					       file + layout->offset[generation->bindings], 0,
					       UINT64_MAX, 0, add_slots, collect);
		if (!ret)
			ret = gmem_kmem_read_pointer(target->ctx, entry, &entry);
	}
	return ret;
}

static bool same_slots(const struct collect *a, const struct collect *b)
{
	return a->count == b->count &&
	       (!a->count || !memcmp(a->slots, b->slots, a->count * sizeof(*a->slots)));
}

/*
 * One try. What was read counts only if the file is afterwards still on the inode's list, with the
 * same memslots: a slot that was deleted meanwhile may by then be memory of something else.
 */
static int try_bindings(struct gmem_target *target, const struct generation *generation,
			const struct gmem_layout *layout)
{
	struct collect collect = { .ctx = target->ctx, .layout = layout };
	struct collect again = { .ctx = target->ctx, .layout = layout };
	uint64_t before, after;
	int ret = gmem_kmem_read_pointer(target->ctx, generation->head, &before);

	target->vm_pid = -1;
	target->vm_type = -1;
	target->is_protected = -1;
	if (!ret)
		ret = collect_files(target, generation, &collect);
	if (!ret)
		ret = read_slots(target, &collect);
	if (!ret)
		ret = collect_files(target, generation, &again);
	if (!ret)
		ret = gmem_kmem_read_pointer(target->ctx, generation->head, &after);
	if (!ret && (before != after || !same_slots(&collect, &again)))
		ret = -EAGAIN;
	free(collect.slots);
	free(again.slots);
	return ret;
}

int gmem_target_read_bindings(struct gmem_target *target)
{
	const struct gmem_layout *layout;
	struct generation generation;
	int ret;

	if (target->has_bindings)
		return 0;
	ret = gmem_target_cache(target);
	if (!ret)
		ret = gmem_layout_get(target->ctx, &layout);
	if (ret)
		return ret;
	ret = find_generation(layout, &target->cache, &generation);
	if (ret)
		return gmem_fail(target->ctx, ret,
				 "this kernel's structs of a guest_memfd are not known to libgmem "
				 "(neither gmem_file nor kvm_gmem in its BTF)");
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		ret = try_bindings(target, &generation, layout);
		if (!ret || ret == -ENOMEM)
			break;
		gmem_log(target->ctx, GMEM_LOG_DEBUG,
			 "memslots changed while they were read, attempt %d of %d", attempt + 1,
			 ATTEMPTS);
	}
	target->has_bindings = !ret;
	if (!ret)
		return 0;
	free(target->bindings);
	target->bindings = NULL;
	target->binding_count = 0;
	target->vm_pid = -1;
	target->vm_type = -1;
	target->is_protected = -1;
	return gmem_fail(target->ctx, -ENODATA,
			 "the memslots of this guest_memfd could not be read: %s",
			 gmem_error_words(ret));
}

uint64_t gmem_target_gpa(const struct gmem_target *target, uint64_t offset, uint64_t *length)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < target->binding_count; i++) {
		const struct gmem_binding *binding = &target->bindings[i];

		if (binding->offset > offset) {
			next = binding->offset;
			break;
		}
		if (offset - binding->offset < binding->memory_size) {
			*length = binding->memory_size - (offset - binding->offset);
			return binding->gpa + (offset - binding->offset);
		}
	}
	*length = next - offset;
	return GMEM_GPA_NONE;
}
