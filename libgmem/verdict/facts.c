// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verdict/facts.h"

#include "kernel/uapi.h"
#include "kvm/kvm.h"
#include "kvm/vm.h"
#include "procfs/cpuinfo.h"

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

void gmem_flush_ask_kvm(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	int kvm = gmem_kvm_open(ctx);

	facts->vm_types = -1;
	facts->guest_memfd = -1;
	if (kvm < 0)
		return;
	facts->vm_types = gmem_check_extension(ctx, kvm, GMEM_KVM_CAP_VM_TYPES);
	facts->guest_memfd = gmem_check_extension(ctx, kvm, GMEM_KVM_CAP_GUEST_MEMFD);
	if (facts->vm_types == 0) /* a kernel before 6.7: it has the default type only */
		facts->vm_types = 1u << GMEM_VM_DEFAULT;
	ctx->kernel->ops->close(ctx->kernel, kvm);
}
