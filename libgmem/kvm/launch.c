// SPDX-License-Identifier: LGPL-2.1-or-later
/* The steps that launches of all types have: a row a type. */
#include <errno.h>
#include <gmem/launch.h>
#include <gmem/snp.h>

#include "base/error.h"
#include "base/options.h"
#include "kvm/tdx/td.h"

struct steps {
	struct gmem_launch launch;
	int (*init)(struct gmem_vm *vm);
	int (*init_vcpu)(struct gmem_vm *vm, unsigned int index);
	int (*add)(struct gmem_vm *vm, const struct gmem_launch_content *content, uint64_t *done);
	int (*finalize)(struct gmem_vm *vm);
};

static int tdx_init(struct gmem_vm *vm)
{
	static const struct gmem_tdx_launch_options defaults = { .size = sizeof(defaults) };

	return gmem_td_launch_init(vm, &defaults);
}

static int tdx_init_vcpu(struct gmem_vm *vm, unsigned int index)
{
	return gmem_tdx_init_vcpu(vm, index, NULL);
}

static int tdx_add(struct gmem_vm *vm, const struct gmem_launch_content *content, uint64_t *done)
{
	const struct gmem_tdx_region region = {
		.size = sizeof(region),
		.source = content->source,
		.gpa = content->gpa,
		.pages = content->pages,
		.flags = content->measure ? GMEM_TDX_MEASURE : 0,
	};

	return gmem_tdx_init_mem_region(vm, 0, &region, done);
}

static int snp_init(struct gmem_vm *vm)
{
	int ret = gmem_snp_init_vm(vm, NULL);

	return ret ? ret : gmem_snp_launch_start(vm, NULL);
}

static int snp_init_vcpu(struct gmem_vm *vm, unsigned int index)
{
	(void)vm;
	(void)index;
	return 0;
}

static int snp_add(struct gmem_vm *vm, const struct gmem_launch_content *content, uint64_t *done)
{
	const struct gmem_snp_region region = {
		.size = sizeof(region),
		.source = content->source,
		.gpa = content->gpa,
		.pages = content->pages,
		.type = content->measure ? GMEM_SNP_PAGE_NORMAL : GMEM_SNP_PAGE_UNMEASURED,
	};

	return gmem_snp_launch_update(vm, &region, done);
}

static int snp_finalize(struct gmem_vm *vm)
{
	return gmem_snp_launch_finish(vm, NULL);
}

static const struct steps launches[] = {
	{
		.launch = {
			.size = sizeof(struct gmem_launch),
			.vm_type = GMEM_VM_TDX,
			.init_calls = "KVM_TDX_CAPABILITIES, KVM_CAP_SPLIT_IRQCHIP, "
				      "KVM_TDX_INIT_VM",
			.vcpu_calls = "KVM_CREATE_VCPU, KVM_TDX_GET_CPUID, KVM_SET_CPUID2, "
				      "KVM_TDX_INIT_VCPU",
			.add_call = "KVM_TDX_INIT_MEM_REGION (PAGE.ADD)",
			.measured_call = "KVM_TDX_INIT_MEM_REGION (PAGE.ADD, MR.EXTEND)",
			.finalize_call = "KVM_TDX_FINALIZE_VM",
		},
		.init = tdx_init,
		.init_vcpu = tdx_init_vcpu,
		.add = tdx_add,
		.finalize = gmem_tdx_finalize,
	},
	{
		.launch = {
			.size = sizeof(struct gmem_launch),
			.vm_type = GMEM_VM_SNP,
			.init_calls = "KVM_SEV_INIT2, KVM_SEV_SNP_LAUNCH_START",
			.vcpu_calls = "KVM_CREATE_VCPU",
			.add_call = "KVM_SEV_SNP_LAUNCH_UPDATE (unmeasured)",
			.measured_call = "KVM_SEV_SNP_LAUNCH_UPDATE",
			.finalize_call = "KVM_SEV_SNP_LAUNCH_FINISH",
		},
		.init = snp_init,
		.init_vcpu = snp_init_vcpu,
		.add = snp_add,
		.finalize = snp_finalize,
	},
};

static const struct steps *find(enum gmem_vm_type type)
{
	for (size_t i = 0; i < sizeof(launches) / sizeof(launches[0]); i++)
		if (launches[i].launch.vm_type == type)
			return &launches[i];
	return NULL;
}

const struct gmem_launch *gmem_launch_of(enum gmem_vm_type type)
{
	const struct steps *steps = find(type);

	return steps ? &steps->launch : NULL;
}

/* The steps of a VM that has a launch. Errors, explained: EINVAL. */
static int steps_of(struct gmem_vm *vm, const char *call, const struct steps **steps)
{
	const char *name = gmem_vm_type_name(vm->type);

	*steps = find(vm->type);
	if (*steps)
		return 0;
	return gmem_fail(vm->ctx, -EINVAL,
			 "%s: Invalid argument: a %s VM has no launch; TDX and SEV-SNP guests have",
			 call, name ? name : "VM of unknown type");
}

int gmem_launch_init(struct gmem_vm *vm)
{
	const struct steps *steps;
	int ret;

	gmem_begin(vm->ctx);
	ret = steps_of(vm, "gmem_launch_init", &steps);
	return ret ? ret : steps->init(vm);
}

int gmem_launch_vcpu(struct gmem_vm *vm, unsigned int index)
{
	const struct steps *steps;
	int ret;

	gmem_begin(vm->ctx);
	ret = steps_of(vm, "gmem_launch_vcpu", &steps);
	return ret ? ret : steps->init_vcpu(vm, index);
}

int gmem_launch_add(struct gmem_vm *vm, const struct gmem_launch_content *given, uint64_t *done)
{
	struct gmem_launch_content content;
	const struct steps *steps;
	int ret;

	gmem_begin(vm->ctx);
	ret = steps_of(vm, "gmem_launch_add", &steps);
	if (done)
		*done = 0;
	if (!ret)
		ret = gmem_options_copy(vm->ctx, "gmem_launch_content", &content, sizeof(content),
					given);
	return ret ? ret : steps->add(vm, &content, done);
}

int gmem_launch_finalize(struct gmem_vm *vm)
{
	const struct steps *steps;
	int ret;

	gmem_begin(vm->ctx);
	ret = steps_of(vm, "gmem_launch_finalize", &steps);
	return ret ? ret : steps->finalize(vm);
}
