// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM_SET_MEMORY_ATTRIBUTES2 on a guest_memfd, after posting v8 of the in-place conversion series.
 * Its order of checks is taken from the description of the ABI, not from merged code.
 */
#include "kernel/sim/kvm/in_place.h"
#include "kernel/uapi_in_place.h"

/* References of a page that nobody but the page cache holds. */
#define CACHE_REFS 2u

int sim_in_place_init(const struct gmem_sim *sim, struct sim_gmem *gmem)
{
	uint64_t last = (gmem->inode->size >> sim->page_shift) - 1;

	if (gmem->inode->gmem_flags & SIM_GMEM_INIT_SHARED)
		return 0;
	return sim_attributes_assign(&gmem->private_pages, 0, last, true);
}

bool sim_in_place_is_private(const struct sim_gmem *gmem, uint64_t index)
{
	return sim_attributes_has(&gmem->private_pages, index);
}

static bool is_zero(const __u64 *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i])
			return false;
	return true;
}

static int check(const struct gmem_sim *sim, const struct sim_gmem *gmem,
		 const struct gmem_kvm_memory_attributes2 *request)
{
	uint64_t supported = gmem->vm->has_private ? GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;

	if (request->flags || !is_zero(request->reserved, 11) || request->attributes & ~supported)
		return -EINVAL;
	if (!request->size || (request->offset | request->size) & sim->page_mask)
		return -EINVAL;
	if (request->offset + request->size < request->offset ||
	    request->offset + request->size > gmem->inode->size)
		return -EINVAL;
	return 0;
}

/* User mappings go; a page that something else still holds cannot become private. */
static int release_shared(struct gmem_sim *sim, struct sim_gmem *gmem, uint64_t first,
			  uint64_t last, __u64 *error_offset)
{
	uint64_t index = first;
	uint64_t pfn;

	for (; (pfn = sim_inode_next(sim, gmem->inode, &index, last)); index++) {
		struct sim_page *page = sim_page_get(sim, pfn);

		page->flags &= ~(uint32_t)SIM_PAGE_USER_MAPPED;
		if (page->refs > CACHE_REFS) {
			*error_offset = index << sim->page_shift;
			return -EAGAIN;
		}
	}
	return 0;
}

static int convert(struct gmem_sim *sim, struct sim_gmem *gmem,
		   struct gmem_kvm_memory_attributes2 *request)
{
	bool to_private = request->attributes & GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE;
	uint64_t first = request->offset >> sim->page_shift;
	uint64_t last = first + (request->size >> sim->page_shift) - 1;
	int err = 0;

	if (to_private)
		err = release_shared(sim, gmem, first, last, &request->error_offset);
	if (!err)
		err = sim_zap_pages(sim, gmem->vm, gmem->inode, first, last,
				    to_private ? SIM_ZAP_SHARED : SIM_ZAP_PRIVATE);
	return err ? err : sim_attributes_assign(&gmem->private_pages, first, last, to_private);
}

int sim_in_place_ioctl(struct gmem_sim *sim, struct sim_gmem *gmem, unsigned long request,
		       uint64_t arg)
{
	struct gmem_kvm_memory_attributes2 attributes;
	int err;

	if (!sim->model->gmem.in_place || request != GMEM_KVM_SET_MEMORY_ATTRIBUTES2)
		return -ENOTTY;
	if (sim_copy_from_user(&attributes, arg, sizeof(attributes)))
		return -EFAULT;
	err = check(sim, gmem, &attributes);
	if (err)
		return err;
	if (gmem->stuck || gmem->vm->stuck)
		return -GMEM_KERNEL_OOPS;
	err = convert(sim, gmem, &attributes);
	if (err == -EAGAIN && sim_copy_to_user(arg, &attributes, sizeof(attributes)))
		return -EFAULT;
	return sim_vm_result(gmem->vm, err);
}
