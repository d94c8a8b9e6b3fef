// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stages of a walk that launch a confidential guest: TDX and SEV-SNP guests get their first
 * pages from KVM commands of their own, and can be mapped once their launch is finished.
 */
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

/* What the guest begins with: enough to see that it works. */
#define CONTENT_PAGES 16u
#define CONTENT 0xf4 /* HLT */

/* The same four steps, as each type has them. */
struct walk_launch {
	enum gmem_vm_type type;
	const char *init_calls;
	const char *vcpu_calls;
	const char *add_call;
	const char *finalize_call;
	int (*init)(struct walk *walk);
	int (*init_vcpu)(struct walk *walk);
	int (*add)(struct walk *walk, void *source, uint64_t pages, uint64_t *done);
	int (*finalize)(struct walk *walk);
};

static int tdx_init(struct walk *walk)
{
	int ret = gmem_tdx_split_irqchip(walk->vm, 0);

	return ret ? ret : gmem_tdx_init_vm(walk->vm, NULL);
}

static int tdx_init_vcpu(struct walk *walk)
{
	return gmem_tdx_init_vcpu(walk->vm, 0, NULL);
}

static int tdx_add(struct walk *walk, void *source, uint64_t pages, uint64_t *done)
{
	const struct gmem_tdx_region region = { source, WALK_GPA, pages, GMEM_TDX_MEASURE };

	return gmem_tdx_init_mem_region(walk->vm, 0, &region, done);
}

static int tdx_finalize(struct walk *walk)
{
	return gmem_tdx_finalize(walk->vm);
}

static int snp_init(struct walk *walk)
{
	int ret = gmem_snp_init_vm(walk->vm, NULL);

	return ret ? ret : gmem_snp_launch_start(walk->vm, NULL);
}

static int snp_init_vcpu(struct walk *walk)
{
	(void)walk;
	return 0;
}

static int snp_add(struct walk *walk, void *source, uint64_t pages, uint64_t *done)
{
	const struct gmem_snp_region region = { source, WALK_GPA, pages, GMEM_SNP_PAGE_NORMAL };

	return gmem_snp_launch_update(walk->vm, &region, done);
}

static int snp_finalize(struct walk *walk)
{
	return gmem_snp_launch_finish(walk->vm, NULL);
}

static const struct walk_launch launches[] = {
	{
		.type = GMEM_VM_TDX,
		.init_calls = "KVM_TDX_CAPABILITIES, KVM_CAP_SPLIT_IRQCHIP, KVM_TDX_INIT_VM",
		.vcpu_calls = "KVM_CREATE_VCPU, KVM_TDX_GET_CPUID, KVM_SET_CPUID2, "
			      "KVM_TDX_INIT_VCPU",
		.add_call = "KVM_TDX_INIT_MEM_REGION (PAGE.ADD, MR.EXTEND)",
		.finalize_call = "KVM_TDX_FINALIZE_VM",
		.init = tdx_init,
		.init_vcpu = tdx_init_vcpu,
		.add = tdx_add,
		.finalize = tdx_finalize,
	},
	{
		.type = GMEM_VM_SNP,
		.init_calls = "KVM_SEV_INIT2, KVM_SEV_SNP_LAUNCH_START",
		.vcpu_calls = "KVM_CREATE_VCPU",
		.add_call = "KVM_SEV_SNP_LAUNCH_UPDATE",
		.finalize_call = "KVM_SEV_SNP_LAUNCH_FINISH",
		.init = snp_init,
		.init_vcpu = snp_init_vcpu,
		.add = snp_add,
		.finalize = snp_finalize,
	},
};

const struct walk_launch *walk_launch_of(enum gmem_vm_type type)
{
	for (size_t i = 0; i < sizeof(launches) / sizeof(launches[0]); i++)
		if (launches[i].type == type)
			return &launches[i];
	return NULL;
}

/* Of a walk whose type has a launch: others do not have these stages. */
static const struct walk_launch *launch_of(const struct walk *walk)
{
	return walk_launch_of(walk->type);
}

static enum result say_done(struct walk *walk, int ret, const char *calls)
{
	return ret ? walk_fail(walk, ret) : walk_say(walk, RESULT_OK, "%s", calls);
}

static enum result plan_init(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "%s", launch_of(walk)->init_calls);
}

static enum result run_init(struct walk *walk)
{
	return say_done(walk, launch_of(walk)->init(walk), launch_of(walk)->init_calls);
}

static enum result plan_vcpu(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "%s", launch_of(walk)->vcpu_calls);
}

static enum result run_vcpu(struct walk *walk)
{
	int ret = gmem_vm_add_vcpu(walk->vm, 0);

	if (!ret)
		ret = launch_of(walk)->init_vcpu(walk);
	return say_done(walk, ret, launch_of(walk)->vcpu_calls);
}

static uint64_t content_pages(const struct walk *walk)
{
	uint64_t pages = walk->size / GMEM_PAGE_SIZE;

	return pages < CONTENT_PAGES ? pages : CONTENT_PAGES;
}

static enum result plan_add(struct walk *walk)
{
	char size[CELL_TEXT_MAX];

	return walk_say(walk, RESULT_PLANNED, "%s, %s of measured content",
			launch_of(walk)->add_call,
			size_format(content_pages(walk) * GMEM_PAGE_SIZE, size, sizeof(size)));
}

static enum result run_add(struct walk *walk)
{
	uint64_t pages = content_pages(walk), done = 0;
	void *source = aligned_alloc(GMEM_PAGE_SIZE, pages * GMEM_PAGE_SIZE);
	char size[CELL_TEXT_MAX], why[1024];
	int ret;

	if (!source)
		return walk_fail(walk, -ENOMEM);
	memset(source, CONTENT, pages * GMEM_PAGE_SIZE);
	ret = launch_of(walk)->add(walk, source, pages, &done);
	free(source);
	if (!ret) {
		plan_add(walk);
		return RESULT_OK;
	}
	walk->error = ret;
	cli_explain(walk->cli, ret, why, sizeof(why));
	return walk_say(walk, RESULT_FAILED, "%s (%s was done)", why,
			size_format(done * GMEM_PAGE_SIZE, size, sizeof(size)));
}

static enum result plan_finalize(struct walk *walk)
{
	return walk_say(walk, RESULT_PLANNED, "%s", launch_of(walk)->finalize_call);
}

static enum result run_finalize(struct walk *walk)
{
	return say_done(walk, launch_of(walk)->finalize(walk), launch_of(walk)->finalize_call);
}

const struct walk_stage walk_stage_init = { "init", plan_init, run_init };
const struct walk_stage walk_stage_vcpu = { "vcpu", plan_vcpu, run_vcpu };
const struct walk_stage walk_stage_add = { "add", plan_add, run_add };
const struct walk_stage walk_stage_finalize = { "finalize", plan_finalize, run_finalize };
