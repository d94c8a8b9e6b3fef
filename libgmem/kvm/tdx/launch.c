// SPDX-License-Identifier: LGPL-2.1-or-later
/* The launch of a TD as one call. */
#include <errno.h>
#include <string.h>
#include <gmem/tdx.h>

#include "base/context.h"
#include "base/error.h"
#include "base/options.h"
#include "kvm/tdx/td.h"

/* Pages between two calls of progress. */
#define PROGRESS_PAGES 1024u

static const char *const stage_names[] = {
	[GMEM_TDX_STAGE_IRQCHIP] = "irqchip",
	[GMEM_TDX_STAGE_INIT_VM] = "init-vm",
	[GMEM_TDX_STAGE_INIT_VCPU] = "init-vcpu",
	[GMEM_TDX_STAGE_INIT_MEM_REGION] = "init-mem-region",
	[GMEM_TDX_STAGE_FINALIZE] = "finalize",
};

const char *gmem_tdx_stage_name(enum gmem_tdx_stage stage)
{
	unsigned int number = (unsigned int)stage;

	return number < sizeof(stage_names) / sizeof(stage_names[0]) ? stage_names[number] : NULL;
}

static int report(const struct gmem_vm *vm, const struct gmem_tdx_launch_options *options,
		  enum gmem_tdx_stage stage, uint64_t done, uint64_t total)
{
	int ret;

	if (!options->progress)
		return 0;
	ret = options->progress(stage, done, total, options->progress_arg);
	if (ret)
		gmem_fail(vm->ctx, ret,
			  "gmem_tdx_launch: ended by its progress function at %s, %llu of %llu",
			  gmem_tdx_stage_name(stage), (unsigned long long)done,
			  (unsigned long long)total);
	return ret;
}

static int launch_irqchip(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	int ret = gmem_tdx_split_irqchip(vm, 0);

	/*
	 * There is an irqchip already, or there are vCPUs. An irqchip of the wrong kind makes the
	 * first vCPU fail.
	 */
	if (ret && ret != -EEXIST)
		return ret;
	return report(vm, options, GMEM_TDX_STAGE_IRQCHIP, 1, 1);
}

static int launch_init_vm(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	int ret = gmem_tdx_init_vm(vm, options->init);

	return ret ? ret : report(vm, options, GMEM_TDX_STAGE_INIT_VM, 1, 1);
}

int gmem_td_launch_init(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	int ret = launch_irqchip(vm, options);

	return ret ? ret : launch_init_vm(vm, options);
}

static int launch_vcpus(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	unsigned int create = options->vcpus ? options->vcpus : 1;
	int ret = 0;

	if (vm->vcpu_count)
		create = 0;
	for (unsigned int id = 0; !ret && id < create; id++)
		ret = gmem_vm_add_vcpu(vm, id);
	for (unsigned int i = 0; !ret && i < vm->vcpu_count; i++) {
		ret = gmem_tdx_init_vcpu(vm, i, options->vcpu);
		if (!ret)
			ret = report(vm, options, GMEM_TDX_STAGE_INIT_VCPU, i + 1, vm->vcpu_count);
	}
	return ret;
}

/* A region has the size that the caller knows, and the next region follows directly behind it. */
static int region_at(const struct gmem_vm *vm, const struct gmem_tdx_launch_options *options,
		     size_t index, struct gmem_tdx_region *out)
{
	size_t step = options->regions->size, size;
	const char *given = (const char *)options->regions + index * step;
	int ret = gmem_options_copy(vm->ctx, "gmem_tdx_region", out, sizeof(*out), given);

	memcpy(&size, given, sizeof(size));
	if (!ret && size != step)
		return gmem_fail(
			vm->ctx, -EINVAL,
			"gmem_tdx_launch: Invalid argument: the size of region %zu is %zu, "
			"and that of the first %zu; set size of each to "
			"sizeof(struct gmem_tdx_region)",
			index, size, step);
	return ret;
}

/*
 * Asked once for each region, however many pieces it is added in, and before the TD takes a KeyID.
 */
static int guard_memory(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	struct gmem_tdx_region region;
	int ret = 0;

	for (size_t i = 0; !ret && i < options->region_count; i++) {
		ret = region_at(vm, options, i, &region);
		if (!ret)
			ret = gmem_td_guard(vm, &region);
	}
	return ret;
}

/* *added of total pages are in the TD already. */
static int launch_region(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options,
			 const struct gmem_tdx_region *region, uint64_t *added, uint64_t total)
{
	struct gmem_tdx_region part = *region;
	uint64_t left = region->pages;
	int ret;

	do {
		uint64_t done;

		part.pages = left < PROGRESS_PAGES ? left : PROGRESS_PAGES;
		ret = gmem_td_add(vm, 0, &part, true, &done);
		left -= done;
		*added += done;
		if (part.source)
			part.source = (const char *)part.source + done * GMEM_PAGE_SIZE;
		part.gpa += done * GMEM_PAGE_SIZE;
		if (!ret)
			ret = report(vm, options, GMEM_TDX_STAGE_INIT_MEM_REGION, *added, total);
	} while (!ret && left);
	return ret;
}

static int launch_memory(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	struct gmem_tdx_region region;
	uint64_t total = 0, added = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < options->region_count; i++) {
		ret = region_at(vm, options, i, &region);
		total += region.pages;
	}
	for (size_t i = 0; !ret && i < options->region_count; i++) {
		ret = region_at(vm, options, i, &region);
		if (!ret)
			ret = launch_region(vm, options, &region, &added, total);
	}
	return ret;
}

static int launch_finalize(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options)
{
	int ret = gmem_tdx_finalize(vm);

	return ret ? ret : report(vm, options, GMEM_TDX_STAGE_FINALIZE, 1, 1);
}

int gmem_tdx_launch(struct gmem_vm *vm, const struct gmem_tdx_launch_options *given)
{
	static int (*const stages[])(struct gmem_vm * vm,
				     const struct gmem_tdx_launch_options *options) = {
		guard_memory, gmem_td_launch_init, launch_vcpus, launch_memory, launch_finalize,
	};
	struct gmem_tdx_launch_options options;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_options_copy(vm->ctx, "gmem_tdx_launch_options", &options, sizeof(options),
				given);
	for (size_t i = 0; !ret && i < sizeof(stages) / sizeof(stages[0]); i++)
		ret = stages[i](vm, &options);
	return ret;
}
