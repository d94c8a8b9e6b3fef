// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verdict/facts.h"

#include "kernel/uapi.h"
#include "kvm/kvm.h"
#include "kvm/vm.h"
#include "procfs/cpuinfo.h"
#include "procfs/vm_types.h"

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

static void number_types(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	struct gmem_numbering numbering;

	if (facts->vm_types == 0) /* a kernel before 6.7: it has the default type only */
		facts->vm_types = 1u << GMEM_VM_DEFAULT;
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
	number_types(ctx, facts);
}
