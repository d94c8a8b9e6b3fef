// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the TDX commands share: is it a TD, which vCPU, and the command itself. */
#include "kvm/tdx/td.h"

#include <errno.h>

#include "base/advice.h"
#include "base/error.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/kvm.h"

int gmem_td_check(const struct gmem_vm *vm, const char *call)
{
	const char *name = gmem_vm_type_name(vm->type);

	if (vm->type == GMEM_VM_TDX)
		return 0;
	return gmem_fail(vm->ctx, -EINVAL,
			 "%s: Invalid argument: a %s VM is no TD; create one of type tdx", call,
			 name ? name : "VM of unknown type");
}

int gmem_td_vcpu(struct gmem_vm *vm, unsigned int index, const char *call, struct gmem_vcpu **out)
{
	int ret = gmem_td_check(vm, call);

	if (ret)
		return ret;
	if (index >= vm->vcpu_count)
		return gmem_fail(vm->ctx, -ENOENT,
				 "%s: No such file or directory: it is a call on a vCPU, and there "
				 "is no vCPU with index %u, only %zu; add it with %s",
				 call, index, vm->vcpu_count, gmem_advice(vm->ctx, "add-vcpu"));
	*out = &vm->vcpus[index];
	return 0;
}

static const char *const commands[] = {
	[GMEM_KVM_TDX_CAPABILITIES] = "KVM_TDX_CAPABILITIES",
	[GMEM_KVM_TDX_INIT_VM] = "KVM_TDX_INIT_VM",
	[GMEM_KVM_TDX_INIT_VCPU] = "KVM_TDX_INIT_VCPU",
	[GMEM_KVM_TDX_INIT_MEM_REGION] = "KVM_TDX_INIT_MEM_REGION",
	[GMEM_KVM_TDX_FINALIZE_VM] = "KVM_TDX_FINALIZE_VM",
	[GMEM_KVM_TDX_GET_CPUID] = "KVM_TDX_GET_CPUID",
};

int gmem_td_try(struct gmem_vm *vm, int fd, struct gmem_kvm_tdx_cmd *cmd)
{
	int ret;

	cmd->hw_error = 0;
	ret = gmem_kvm_ioctl(vm->ctx, fd, commands[cmd->id], GMEM_KVM_MEMORY_ENCRYPT_OP,
			     (uintptr_t)cmd);
	return ret < 0 ? ret : 0;
}

int gmem_td_command(struct gmem_vm *vm, int fd, struct gmem_kvm_tdx_cmd *cmd, int busy)
{
	unsigned int retries = 0;
	int ret;

	do {
		ret = gmem_td_try(vm, fd, cmd);
	} while ((ret == -EINTR || ret == -EAGAIN || (busy && ret == -busy)) &&
		 retries++ < GMEM_TD_RETRIES);
	return ret;
}
