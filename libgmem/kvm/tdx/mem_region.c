// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_TDX_INIT_MEM_REGION. */
#include <errno.h>
#include <gmem/tdx.h>

#include "base/error.h"
#include "base/options.h"
#include "kvm/explain/explain.h"
#include "kvm/guard.h"
#include "kvm/tdx/td.h"

/*
 * KVM holds the locks of the VM and of all its vCPUs for the whole of a call, so a large region
 * goes in steps.
 */
#define STEP_PAGES 1024u

/* What is left of a region. */
struct add {
	struct gmem_vm *vm;
	unsigned int index;
	uint64_t flags;
	struct gmem_kvm_tdx_init_mem_region left;
};

static int explain(const struct add *add, int error)
{
	const uint64_t most = UINT64_MAX / GMEM_PAGE_SIZE, pages = add->left.nr_pages;
	struct gmem_facts facts = {
		.ctx = add->vm->ctx,
		.vm = add->vm,
		.vcpu = add->index,
		.flags = add->flags,
		.userspace_addr = add->left.source_addr,
		.gpa = add->left.gpa,
		.size = (pages < most ? pages : most) * GMEM_PAGE_SIZE,
	};

	return gmem_explain_call(&gmem_call_tdx_init_mem_region, &facts, error);
}

/* KVM tells how far it came on an error too. */
static uint64_t add_some(struct add *add, uint64_t pages, int *ret)
{
	struct gmem_kvm_tdx_init_mem_region region = add->left;
	struct gmem_kvm_tdx_cmd cmd = {
		.id = GMEM_KVM_TDX_INIT_MEM_REGION,
		.flags = add->flags & GMEM_TDX_MEASURE ? GMEM_KVM_TDX_MEASURE_MEMORY_REGION : 0,
		.data = (uintptr_t)&region,
	};
	uint64_t done;

	region.nr_pages = pages;
	*ret = gmem_td_try(add->vm, add->vm->vcpus[add->index].fd, &cmd);
	done = pages - region.nr_pages;
	if (add->left.source_addr)
		add->left.source_addr += done * GMEM_PAGE_SIZE;
	add->left.gpa += done * GMEM_PAGE_SIZE;
	add->left.nr_pages -= done;
	return done;
}

static int add_all(struct add *add)
{
	unsigned int retries = 0;

	while (add->left.nr_pages) {
		uint64_t pages = add->left.nr_pages, done;
		int ret;

		if (pages > STEP_PAGES)
			pages = STEP_PAGES;
		done = add_some(add, pages, &ret);
		if (done)
			retries = 0;
		else if (!ret)
			ret = -EAGAIN;
		if (ret && ((ret != -EINTR && ret != -EAGAIN) || retries++ >= GMEM_TD_RETRIES))
			return explain(add, ret);
	}
	return 0;
}

/*
 * Mistakes for which KVM returns the same EINVAL as for ten others, or which it would count modulo
 * 2^64.
 */
static int check(const struct add *add)
{
	if (add->flags & ~GMEM_TDX_MEASURE || !add->left.nr_pages ||
	    add->left.nr_pages > UINT64_MAX / GMEM_PAGE_SIZE)
		return explain(add, -EINVAL);
	return 0;
}

int gmem_td_guard(const struct gmem_vm *vm, const struct gmem_tdx_region *region)
{
	/* Ranges that would be counted modulo 2^64 are refused later. */
	if (region->pages > UINT64_MAX / GMEM_PAGE_SIZE)
		return 0;
	return gmem_guard_gpas(vm, region->gpa, region->pages * GMEM_PAGE_SIZE, GMEM_TOUCH_TDX_ADD,
			       gmem_call_tdx_init_mem_region.name);
}

int gmem_td_add(struct gmem_vm *vm, unsigned int index, const struct gmem_tdx_region *region,
		bool guarded, uint64_t *done)
{
	struct add add = {
		.vm = vm,
		.index = index,
		.flags = region->flags,
		.left = { (uintptr_t)region->source, region->gpa, region->pages },
	};
	struct gmem_vcpu *vcpu;
	int ret;

	if (done)
		*done = 0;
	ret = gmem_td_vcpu(vm, index, gmem_call_tdx_init_mem_region.name, &vcpu);
	if (ret)
		return ret;
	ret = check(&add);
	if (!ret && !guarded)
		ret = gmem_td_guard(vm, region);
	if (ret)
		return ret;
	if (gmem_ranges_reserve(&vm->td.added))
		return gmem_no_memory(vm->ctx, "a region of a TD");
	ret = add_all(&add);
	if (add.left.nr_pages < region->pages)
		gmem_ranges_add(&vm->td.added, region->gpa, add.left.gpa);
	if (done)
		*done = region->pages - add.left.nr_pages;
	return ret;
}

int gmem_tdx_init_mem_region(struct gmem_vm *vm, unsigned int index,
			     const struct gmem_tdx_region *given, uint64_t *done)
{
	struct gmem_tdx_region region;
	int ret;

	gmem_begin(vm->ctx);
	if (done)
		*done = 0;
	ret = gmem_options_copy(vm->ctx, "gmem_tdx_region", &region, sizeof(region), given);
	return ret ? ret : gmem_td_add(vm, index, &region, false, done);
}
