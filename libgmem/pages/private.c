// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How much of a guest_memfd its VM's memory attributes call private, and how much is resident
 * although they call it shared: kvm->mem_attr_array, an xarray by GFN, beside the page cache.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernel/uapi.h"
#include "kmem/kmem.h"
#include "kmem/struct_layout.h"
#include "kmem/xarray.h"
#include "pages/target.h"
#include "procfs/in_place.h"

/* Number of pages for which attributes are kept at a time: 1 GiB of guest memory. */
#define WINDOW (1ull << 18)

struct window {
	uint64_t gfn;  /* of its first page, and */
	uint64_t page; /* where in the file that is */
	uint64_t pages;
	unsigned char *is_private; /* 1 or 0 for each */
	uint64_t resident_shared;  /* pages */
	const char *reason;	   /* why something is not known, static storage */
};

struct sums {
	uint64_t is_private; /* pages */
	uint64_t stale;
};

/* The part of [first, first + count) that is in the window, as places in it. */
static void cut(uint64_t start, uint64_t pages, uint64_t *first, uint64_t *count)
{
	uint64_t end = *first + *count;

	if (*first < start)
		*first = start;
	if (end > start + pages)
		end = start + pages;
	*count = end > *first ? end - *first : 0;
	*first -= start;
}

static int mark_private(struct window *window, const struct gmem_xarray_run *run)
{
	uint64_t first = run->index, count = run->count;

	if (run->reason) {
		window->reason = run->reason;
		return -ENODATA;
	}
	cut(window->gfn, window->pages, &first, &count);
	if (gmem_xarray_value(run->pointer) & GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE)
		memset(&window->is_private[first], 1, count);
	return 0;
}

static int mark_runs(const struct gmem_xarray_run *runs, size_t n, void *arg)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = mark_private(arg, &runs[i]);
	return ret;
}

static int count_shared(const struct gmem_extent *extent, void *arg)
{
	struct window *window = arg;
	uint64_t first = extent->offset / GMEM_PAGE_SIZE, count = extent->pages;

	if (!extent->has_pfn) {
		window->reason = extent->reason;
		return -ENODATA;
	}
	cut(window->page, window->pages, &first, &count);
	for (uint64_t i = 0; i < count; i++)
		window->resident_shared += !window->is_private[first + i];
	return 0;
}

static int look_at_window(struct gmem_target *target, uint64_t array, bool wants_stale,
			  struct window *window, struct sums *sums)
{
	uint64_t is_private = 0;
	int ret;

	memset(window->is_private, 0, window->pages);
	window->resident_shared = 0;
	ret = gmem_xarray_values(target->ctx, array, window->gfn, window->gfn + window->pages - 1,
				 mark_runs, window);
	for (uint64_t i = 0; !ret && i < window->pages; i++)
		is_private += window->is_private[i];
	if (!ret && wants_stale && is_private < window->pages)
		ret = gmem_target_extents(target, window->page * GMEM_PAGE_SIZE,
					  window->pages * GMEM_PAGE_SIZE, 0, count_shared, window);
	if (window->reason)
		return gmem_fail(target->ctx, -ENODATA, "%s", window->reason);
	sums->is_private += is_private;
	sums->stale += window->resident_shared;
	return ret;
}

static int look_at_bindings(struct gmem_target *target, uint64_t array, bool wants_stale,
			    struct sums *sums)
{
	struct window window = { .is_private = malloc(WINDOW) };
	int ret = window.is_private ? 0 : gmem_no_memory(target->ctx, "memory attributes");

	for (size_t i = 0; !ret && i < target->binding_count; i++) {
		const struct gmem_binding *binding = &target->bindings[i];
		uint64_t pages = binding->memory_size / GMEM_PAGE_SIZE;

		for (uint64_t at = 0; !ret && at < pages; at += window.pages) {
			window.gfn = binding->gpa / GMEM_PAGE_SIZE + at;
			window.page = binding->offset / GMEM_PAGE_SIZE + at;
			window.pages = pages - at < WINDOW ? pages - at : WINDOW;
			ret = look_at_window(target, array, wants_stale, &window, sums);
		}
	}
	free(window.is_private);
	return ret;
}

/* kvm_arch_has_private_mem() in arch/x86: no other type of VM can have the attribute. */
static bool has_no_private(int vm_type)
{
	return vm_type == GMEM_VM_DEFAULT || vm_type == GMEM_VM_SEV || vm_type == GMEM_VM_SEV_ES;
}

/* The VM's xarray of attributes; *array is 0 where certainly none of its memory is private. */
static int find_array(struct gmem_target *target, uint64_t *array)
{
	const struct gmem_layout *layout;
	int ret = gmem_layout_get(target->ctx, &layout), in_place;

	if (ret)
		return ret;
	in_place = gmem_in_place_certain(target->ctx);
	if (in_place < 0)
		return gmem_fail(target->ctx, -ENODATA,
				 "it cannot be told whether KVM converts guest_memfd in place: %s",
				 gmem_error_words(in_place));
	if (in_place)
		return gmem_fail(target->ctx, -ENODATA,
				 "KVM converts guest_memfd in place here and notes what is private "
				 "in the guest_memfd itself, which libgmem does not read");
	*array = 0;
	if (layout->has[GMEM_KVM_ATTRIBUTES]) {
		if (!has_no_private(gmem_target_vm_type(target)))
			*array = target->kvm + layout->offset[GMEM_KVM_ATTRIBUTES];
		return 0;
	}
	/* Without the attributes, no type of VM that has private memory is built either. */
	if (has_no_private(gmem_target_vm_type(target)) ||
	    (layout->has[GMEM_KVM_USERSPACE_PID] && !layout->has[GMEM_KVM_VM_TYPE]))
		return 0;
	return gmem_fail(target->ctx, -ENODATA,
			 "this kernel's struct kvm has no memory attributes that libgmem knows");
}

/*
 * If the VM ended meanwhile, its memory may hold something else by now; then nothing that was read
 * counts.
 */
static int still_bound(struct gmem_target *target, uint64_t kvm, const struct gmem_binding *before,
		       size_t count)
{
	int ret;

	target->has_bindings = false;
	ret = gmem_target_read_bindings(target);
	if (ret)
		return ret;
	if (target->kvm == kvm && target->binding_count == count &&
	    !memcmp(target->bindings, before, count * sizeof(*before)))
		return 0;
	return gmem_fail(target->ctx, -ENODATA,
			 "its memslots changed while the memory attributes were read");
}

static int add_up(struct gmem_target *target, uint64_t array, struct sums *sums)
{
	size_t count = target->binding_count;
	struct gmem_binding *before = malloc(count * sizeof(*before));
	uint64_t kvm = target->kvm, flags;
	int ret;

	if (!before)
		return gmem_no_memory(target->ctx, "the memslots");
	memcpy(before, target->bindings, count * sizeof(*before));
	ret = gmem_target_flags(target, &flags);
	if (ret)
		gmem_fail(target->ctx, ret, "its creation flags are not known");
	/* KVM_MEMSLOT_GMEM_ONLY: the guest's shared memory is in such a file, too, and in use. */
	if (!ret)
		ret = look_at_bindings(target, array, !(flags & GMEM_MEMORY_MMAP), sums);
	if (!ret)
		ret = still_bound(target, kvm, before, count);
	free(before);
	return ret;
}

int gmem_target_private(struct gmem_target *target, uint64_t *bytes, uint64_t *stale)
{
	struct sums sums = { 0 };
	uint64_t array = 0;
	int ret;

	gmem_begin(target->ctx);
	ret = gmem_target_read_bindings(target);
	if (!ret && target->binding_count)
		ret = find_array(target, &array);
	if (!ret && array)
		ret = add_up(target, array, &sums);
	if (ret)
		return ret;
	*bytes = sums.is_private * GMEM_PAGE_SIZE;
	*stale = sums.stale * GMEM_PAGE_SIZE;
	return 0;
}
