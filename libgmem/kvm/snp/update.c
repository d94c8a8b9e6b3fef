// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_SEV_SNP_LAUNCH_UPDATE. */
#include <errno.h>
#include <gmem/snp.h>

#include "base/error.h"
#include "base/options.h"
#include "kvm/explain/explain.h"
#include "kvm/guard.h"
#include "kvm/snp/snp.h"

/* KVM holds the locks of the VM for the whole of a call, so a large region goes in steps. */
#define STEP_PAGES 1024u

/* What is left of a region. */
struct update {
	struct gmem_vm *vm;
	uint64_t source;
	uint64_t gpa;
	uint64_t pages;
	enum gmem_snp_page_type type;
	uint32_t error; /* of the firmware */
};

static int explain(const struct update *update, int ret)
{
	const uint64_t most = UINT64_MAX / GMEM_PAGE_SIZE, pages = update->pages;
	struct gmem_facts facts = {
		.ctx = update->vm->ctx,
		.vm = update->vm,
		.gpa = update->gpa,
		.size = (pages < most ? pages : most) * GMEM_PAGE_SIZE,
		.userspace_addr = update->source,
		.page_type = (unsigned int)update->type,
		.firmware_error = update->error,
		.has_firmware_error = update->error != 0,
	};

	return gmem_explain_call(&gmem_call_snp_update, &facts, ret);
}

/*
 * KVM stops at the end of a memslot, and at an error if a page was done before. It then returns 0,
 * and the struct says what is left. The next call returns the error.
 */
static uint64_t update_some(struct update *update, uint64_t pages, int *ret)
{
	struct gmem_kvm_sev_snp_launch_update command = {
		.gfn_start = update->gpa / GMEM_PAGE_SIZE,
		.uaddr = update->source,
		.len = pages * GMEM_PAGE_SIZE,
		.type = (uint8_t)update->type,
	};
	uint64_t done;

	*ret = gmem_snp_command(update->vm, GMEM_KVM_SEV_SNP_LAUNCH_UPDATE, &command,
				&update->error);
	done = pages - command.len / GMEM_PAGE_SIZE;
	if (update->source)
		update->source += done * GMEM_PAGE_SIZE;
	update->gpa += done * GMEM_PAGE_SIZE;
	update->pages -= done;
	return done;
}

static int update_all(struct update *update)
{
	while (update->pages) {
		uint64_t pages = update->pages, done;
		int ret;

		if (pages > STEP_PAGES)
			pages = STEP_PAGES;
		done = update_some(update, pages, &ret);
		if (!ret && !done)
			ret = -EIO;
		if (ret)
			return explain(update, ret);
	}
	return 0;
}

/* The command counts in pages, so KVM would round an unaligned address instead of refusing it. */
static int check(const struct update *update)
{
	if (update->gpa % GMEM_PAGE_SIZE || !update->pages ||
	    update->pages > UINT64_MAX / GMEM_PAGE_SIZE || (unsigned int)update->type > UINT8_MAX)
		return explain(update, -EINVAL);
	return 0;
}

/* The firmware zeroes pages of type ZERO; into all others KVM copies content. */
static int guard(const struct update *update)
{
	unsigned int touch = update->type == GMEM_SNP_PAGE_ZERO ? 0
			     : update->type == GMEM_SNP_PAGE_CPUID
				     ? GMEM_TOUCH_SNP_UPDATE | GMEM_TOUCH_SNP_CPUID
				     : GMEM_TOUCH_SNP_UPDATE;

	return gmem_guard_gpas(update->vm, update->gpa, update->pages * GMEM_PAGE_SIZE, touch,
			       gmem_call_snp_update.name);
}

int gmem_snp_launch_update(struct gmem_vm *vm, const struct gmem_snp_region *given, uint64_t *done)
{
	struct gmem_snp_region region;
	struct update update;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_snp_check(vm, gmem_call_snp_update.name);
	if (done)
		*done = 0;
	if (!ret)
		ret = gmem_options_copy(vm->ctx, "gmem_snp_region", &region, sizeof(region), given);
	if (ret)
		return ret;
	update = (struct update){
		.vm = vm,
		.source = (uintptr_t)region.source,
		.gpa = region.gpa,
		.pages = region.pages,
		.type = region.type,
	};
	ret = check(&update);
	if (!ret)
		ret = guard(&update);
	if (ret)
		return ret;
	if (gmem_ranges_reserve(&vm->snp.added))
		return gmem_no_memory(vm->ctx, "a region of an SNP guest");
	ret = update_all(&update);
	if (update.pages < region.pages)
		gmem_ranges_add(&vm->snp.added, region.gpa, update.gpa);
	if (done)
		*done = region.pages - update.pages;
	return ret;
}
