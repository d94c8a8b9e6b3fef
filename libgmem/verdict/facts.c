// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verdict/facts.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "kernel/uapi.h"
#include "kmem/id_register.h"
#include "kmem/reader.h"
#include "kvm/kvm.h"
#include "kvm/vm.h"
#include "kvm/vm_type.h"
#include "procfs/cpuinfo.h"
#include "procfs/vm_types.h"

#define CTR_DIC 29   /* bit of CTR_EL0 */
#define MMFR2_FWB 40 /* first of four bits of ID_AA64MMFR2_EL1 */

int gmem_flush_partial_write(struct gmem_ctx *ctx)
{
	struct gmem_cpu cpu;
	int found = -1;

	if (gmem_cpu_read(ctx, &cpu))
		return -1;
	if (cpu.bugs)
		found = gmem_cpu_has_bug(&cpu, "tdx_pw_mce");
	gmem_cpu_free(&cpu);
	return found;
}

/* Capability 243 of a VM that is made for the question, or a negative errno. */
static int cacheable_pfnmap(struct gmem_ctx *ctx)
{
	int kvm = gmem_kvm_open(ctx), vm, answer;
	unsigned long number;

	if (kvm < 0)
		return kvm;
	vm = gmem_vm_type_number(ctx, kvm, GMEM_VM_DEFAULT, &number);
	if (!vm)
		vm = gmem_kvm_ioctl(ctx, kvm, "KVM_CREATE_VM", GMEM_KVM_CREATE_VM, number);
	ctx->kernel->ops->close(ctx->kernel, kvm);
	if (vm < 0)
		return vm;
	answer = gmem_check_extension(ctx, vm, GMEM_KVM_CAP_ARM_CACHEABLE_PFNMAP);
	ctx->kernel->ops->close(ctx->kernel, vm);
	return answer;
}

/*
 * FEAT_S2FWB as the kernel keeps it for all CPUs: the capability by which KVM decides
 * (ARM64_HAS_STAGE2_FWB) is made of it. -1 where kernel memory does not tell. This may fail without
 * a failure of the call that asks.
 */
static int read_fwb(struct gmem_ctx *ctx)
{
	struct gmem_explanation before;
	const struct gmem_image *image;
	uint64_t mmfr2;
	int ret;

	gmem_explanation_keep(ctx, &before);
	ret = gmem_reader_image(ctx, &image);
	if (!ret)
		ret = gmem_id_register(ctx, image, GMEM_ID_AA64MMFR2_EL1, &mmfr2);
	gmem_explanation_restore(ctx, &before);
	return ret ? -1 : (mmfr2 >> MMFR2_FWB & 0xf) != 0;
}

/* Read once, because the table of symbols is long. Without a reader it may be tried again. */
static int fwb_of_kernel(struct gmem_ctx *ctx)
{
	int fwb;

	pthread_mutex_lock(&ctx->learning);
	if (ctx->fwb == -EINPROGRESS) {
		fwb = read_fwb(ctx);
		if (fwb >= 0 || gmem_reader_evidence(ctx) != GMEM_EVIDENCE_NONE)
			ctx->fwb = fwb;
	}
	fwb = ctx->fwb == -EINPROGRESS ? -1 : ctx->fwb;
	pthread_mutex_unlock(&ctx->learning);
	return fwb;
}

void gmem_flush_ask_cpu(struct gmem_ctx *ctx, int *fwb, int *dic)
{
	const struct gmem_kernel_ops *ops = ctx->kernel->ops;
	uint64_t ctr_el0;
	int both;

	*fwb = *dic = -1;
	if (ops->cache_type && !ops->cache_type(ctx->kernel, &ctr_el0))
		*dic = ctr_el0 >> CTR_DIC & 1;
	both = cacheable_pfnmap(ctx);
	if (both > 0)
		*fwb = *dic = 1;
	else if (both == 0 && *dic == 1) /* then the other one is missing */
		*fwb = 0;
	else
		*fwb = fwb_of_kernel(ctx);
}

void gmem_flush_ask_caches(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	facts->arm64 = gmem_machine_is_arm64(ctx);
	facts->fwb = facts->dic = -1;
	if (facts->arm64)
		gmem_flush_ask_cpu(ctx, &facts->fwb, &facts->dic);
}

static const char unrecorded[] =
	"which VM types this kernel has is not in the dump or snapshot of it";

/*
 * A record (a dump, a snapshot) may tell that KVM has guest_memfd, and not which types of VM. Every
 * KVM has the default one.
 */
static void take_default(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	facts->vm_types = 1u << GMEM_VM_DEFAULT;
	facts->behind_types = gmem_vm_types_of_machine(ctx) & ~(1u << GMEM_VM_DEFAULT);
	facts->doubt = unrecorded;
}

static void number_types(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	struct gmem_numbering numbering;

	if (facts->vm_types == 0) /* a kernel before 6.7: it has the default type only */
		facts->vm_types = 1u << GMEM_VM_DEFAULT;
	if (facts->vm_types == -GMEM_ENOTRECORDED)
		facts->doubt = unrecorded;
	if (facts->vm_types < 0)
		return;
	gmem_vm_types_judge(ctx, (unsigned int)facts->vm_types, &numbering);
	facts->vm_types = (int)numbering.believed;
	facts->doubted_types = numbering.doubted;
	facts->behind_types = numbering.behind;
	facts->doubt = numbering.why;
}

void gmem_flush_ask_kvm(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	int kvm = gmem_kvm_open(ctx);

	facts->vm_types = -1;
	facts->doubted_types = facts->behind_types = 0;
	facts->doubt = NULL;
	facts->guest_memfd = -1;
	if (kvm < 0)
		return;
	facts->vm_types = gmem_check_extension(ctx, kvm, GMEM_KVM_CAP_VM_TYPES);
	facts->guest_memfd = gmem_check_extension(ctx, kvm, GMEM_KVM_CAP_GUEST_MEMFD);
	ctx->kernel->ops->close(ctx->kernel, kvm);
	if (facts->vm_types == -GMEM_ENOTRECORDED && facts->guest_memfd > 0)
		take_default(ctx, facts);
	else
		number_types(ctx, facts);
}
