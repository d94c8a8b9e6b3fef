// SPDX-License-Identifier: GPL-2.0-or-later
#include "held/launch.h"

static int tdx_init(struct gmem_vm *vm)
{
	int ret = gmem_tdx_split_irqchip(vm, 0);

	return ret ? ret : gmem_tdx_init_vm(vm, NULL);
}

static int tdx_init_vcpu(struct gmem_vm *vm)
{
	return gmem_tdx_init_vcpu(vm, 0, NULL);
}

static int tdx_add(struct gmem_vm *vm, const struct launch_content *content, uint64_t *done)
{
	const struct gmem_tdx_region region = {
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

static int snp_init_vcpu(struct gmem_vm *vm)
{
	(void)vm;
	return 0;
}

static int snp_add(struct gmem_vm *vm, const struct launch_content *content, uint64_t *done)
{
	const struct gmem_snp_region region = {
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

static const struct launch launches[] = {
	{
		.type = GMEM_VM_TDX,
		.init_calls = "KVM_TDX_CAPABILITIES, KVM_CAP_SPLIT_IRQCHIP, KVM_TDX_INIT_VM",
		.vcpu_calls = "KVM_CREATE_VCPU, KVM_TDX_GET_CPUID, KVM_SET_CPUID2, "
			      "KVM_TDX_INIT_VCPU",
		.add_call = "KVM_TDX_INIT_MEM_REGION (PAGE.ADD)",
		.measured_call = "KVM_TDX_INIT_MEM_REGION (PAGE.ADD, MR.EXTEND)",
		.finalize_call = "KVM_TDX_FINALIZE_VM",
		.init = tdx_init,
		.init_vcpu = tdx_init_vcpu,
		.add = tdx_add,
		.finalize = gmem_tdx_finalize,
	},
	{
		.type = GMEM_VM_SNP,
		.init_calls = "KVM_SEV_INIT2, KVM_SEV_SNP_LAUNCH_START",
		.vcpu_calls = "KVM_CREATE_VCPU",
		.add_call = "KVM_SEV_SNP_LAUNCH_UPDATE (unmeasured)",
		.measured_call = "KVM_SEV_SNP_LAUNCH_UPDATE",
		.finalize_call = "KVM_SEV_SNP_LAUNCH_FINISH",
		.init = snp_init,
		.init_vcpu = snp_init_vcpu,
		.add = snp_add,
		.finalize = snp_finalize,
	},
};

const struct launch *launch_of(enum gmem_vm_type type)
{
	for (size_t i = 0; i < sizeof(launches) / sizeof(launches[0]); i++)
		if (launches[i].type == type)
			return &launches[i];
	return NULL;
}
