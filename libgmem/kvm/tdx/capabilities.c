// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_TDX_CAPABILITIES. */
#include <errno.h>
#include <stdlib.h>
#include <gmem/tdx.h>

#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi_x86.h"
#include "kvm/explain/explain.h"
#include "kvm/tdx/td.h"

/* The module reports at most 128 today; KVM does not tell how many a list was too short by. */
#define FIRST_ENTRIES 128u
#define MAX_ENTRIES 4096u

struct gmem_tdx_capabilities {
	struct gmem_ctx *ctx;
	struct gmem_kvm_tdx_capabilities *kvm;
};

/* One attempt with room for that many CPUID entries. */
static int ask(struct gmem_vm *vm, uint32_t entries, struct gmem_kvm_tdx_capabilities **out)
{
	struct gmem_kvm_tdx_capabilities *kvm;
	struct gmem_kvm_tdx_cmd cmd = { .id = GMEM_KVM_TDX_CAPABILITIES };
	int ret;

	kvm = calloc(1, sizeof(*kvm) + entries * sizeof(struct gmem_kvm_cpuid_entry2));
	if (!kvm)
		return gmem_no_memory(vm->ctx, "the TDX capabilities");
	kvm->cpuid.nent = entries;
	cmd.data = (uintptr_t)kvm;
	ret = gmem_td_command(vm, vm->fd, &cmd, 0);
	if (ret) {
		struct gmem_facts facts = { .ctx = vm->ctx, .vm = vm, .count = entries };

		free(kvm);
		return gmem_explain_call(&gmem_call_tdx_capabilities, &facts, ret);
	}
	*out = kvm;
	return 0;
}

int gmem_tdx_capabilities_new(struct gmem_vm *vm, struct gmem_tdx_capabilities **out)
{
	struct gmem_tdx_capabilities *capabilities;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_td_check(vm, gmem_call_tdx_capabilities.name);
	if (ret)
		return ret;
	capabilities = calloc(1, sizeof(*capabilities));
	if (!capabilities)
		return gmem_no_memory(vm->ctx, "the TDX capabilities");
	capabilities->ctx = vm->ctx;
	ret = -E2BIG;
	for (uint32_t n = FIRST_ENTRIES; ret == -E2BIG && n <= MAX_ENTRIES; n *= 2)
		ret = ask(vm, n, &capabilities->kvm);
	if (ret) {
		free(capabilities);
		return ret;
	}
	*out = capabilities;
	return 0;
}

void gmem_tdx_capabilities_free(struct gmem_tdx_capabilities *capabilities)
{
	if (!capabilities)
		return;
	free(capabilities->kvm);
	free(capabilities);
}

uint64_t gmem_tdx_attributes(const struct gmem_tdx_capabilities *capabilities)
{
	return capabilities->kvm->supported_attrs;
}

uint64_t gmem_tdx_xfam(const struct gmem_tdx_capabilities *capabilities)
{
	return capabilities->kvm->supported_xfam;
}

int gmem_tdx_get_vmcalls(const struct gmem_tdx_capabilities *capabilities,
			 struct gmem_tdx_vmcalls *out)
{
	const struct gmem_kvm_tdx_capabilities *kvm = capabilities->kvm;
	const struct gmem_tdx_vmcalls vmcalls = {
		.kernel_r11 = kvm->kernel_tdvmcallinfo_1_r11,
		.kernel_r12 = kvm->kernel_tdvmcallinfo_1_r12,
		.user_r11 = kvm->user_tdvmcallinfo_1_r11,
		.user_r12 = kvm->user_tdvmcallinfo_1_r12,
	};

	gmem_begin(capabilities->ctx);
	return GMEM_FILL_OUT(capabilities->ctx, gmem_tdx_vmcalls, user_r12, out, &vmcalls);
}

const struct kvm_cpuid2 *
gmem_tdx_configurable_cpuid(const struct gmem_tdx_capabilities *capabilities)
{
	/* The same layout: tests/unit/uapi.c holds the one against the other. */
	return (const struct kvm_cpuid2 *)&capabilities->kvm->cpuid;
}
