// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_TDX_INIT_VM, and the irqchip that a TD needs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <gmem/tdx.h>

#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/kvm.h"
#include "kvm/tdx/td.h"

#define DEFAULT_ADDRESS_WIDTH 48
#define DEFAULT_ROUTES 24 /* pins of one IOAPIC */

int gmem_tdx_split_irqchip(struct gmem_vm *vm, unsigned int routes)
{
	struct kvm_enable_cap cap = {
		.cap = GMEM_KVM_CAP_SPLIT_IRQCHIP,
		.args = { routes ? routes : DEFAULT_ROUTES },
	};
	struct gmem_facts facts = { .ctx = vm->ctx, .vm = vm, .count = cap.args[0] };
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_td_check(vm, gmem_call_split_irqchip.name);
	if (ret)
		return ret;
	ret = gmem_kvm_ioctl(vm->ctx, vm->fd, gmem_call_split_irqchip.name, KVM_ENABLE_CAP,
			     (uintptr_t)&cap);
	return ret < 0 ? gmem_explain_call(&gmem_call_split_irqchip, &facts, ret) : 0;
}

/* The kernel's struct with its CPUID list at the end; NULL without memory. */
static struct gmem_kvm_tdx_init_vm *make_params(const struct gmem_tdx_init_options *options,
						const struct gmem_tdx_capabilities *capabilities)
{
	const struct kvm_cpuid2 *configurable = gmem_tdx_configurable_cpuid(capabilities);
	struct gmem_kvm_tdx_init_vm *params = NULL;
	struct kvm_cpuid2 *cpuid;
	size_t entries;

	cpuid = gmem_td_init_cpuid(configurable, options->cpuid, options->address_width);
	if (!cpuid)
		return NULL;
	entries = cpuid->nent * sizeof(cpuid->entries[0]);
	params = calloc(1, sizeof(*params) + entries);
	if (!params)
		goto out;
	params->attributes = options->attributes;
	params->xfam = options->xfam;
	memcpy(params->mrconfigid, options->mrconfigid, sizeof(params->mrconfigid));
	memcpy(params->mrowner, options->mrowner, sizeof(params->mrowner));
	memcpy(params->mrownerconfig, options->mrownerconfig, sizeof(params->mrownerconfig));
	params->cpuid.nent = cpuid->nent;
	memcpy(params + 1, cpuid->entries, entries);
out:
	free(cpuid);
	return params;
}

static int init_vm(struct gmem_vm *vm, const struct gmem_tdx_init_options *options,
		   const struct gmem_tdx_capabilities *capabilities)
{
	struct gmem_kvm_tdx_init_vm *params = make_params(options, capabilities);
	struct gmem_kvm_tdx_cmd cmd = { .id = GMEM_KVM_TDX_INIT_VM };
	int ret;

	if (!params)
		return gmem_no_memory(vm->ctx, "the parameters of a TD");
	cmd.data = (uintptr_t)params;
	ret = gmem_td_command(vm, vm->fd, &cmd, 0);
	if (ret) {
		struct gmem_facts facts = {
			.ctx = vm->ctx,
			.vm = vm,
			.td_attributes = options->attributes,
			.offered_td_attributes = gmem_tdx_attributes(capabilities),
			.xfam = options->xfam,
			.offered_xfam = gmem_tdx_xfam(capabilities),
			.address_width = options->address_width,
			.cpuid_entries = params->cpuid.nent,
			.hw_error = cmd.hw_error,
		};

		gmem_explain_call(&gmem_call_tdx_init_vm, &facts, ret);
	}
	free(params);
	return ret;
}

int gmem_tdx_init_vm(struct gmem_vm *vm, const struct gmem_tdx_init_options *given)
{
	struct gmem_tdx_capabilities *capabilities;
	struct gmem_tdx_init_options options;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_td_check(vm, gmem_call_tdx_init_vm.name);
	if (ret)
		return ret;
	ret = gmem_options_copy(vm->ctx, "gmem_tdx_init_options", &options, sizeof(options), given);
	if (ret)
		return ret;
	ret = gmem_tdx_capabilities_new(vm, &capabilities);
	if (ret)
		return ret;
	if (!options.xfam)
		options.xfam = gmem_tdx_xfam(capabilities);
	if (!options.address_width)
		options.address_width = DEFAULT_ADDRESS_WIDTH;
	ret = init_vm(vm, &options, capabilities);
	if (!ret) {
		vm->td.initialized = true;
		vm->td.address_width = options.address_width;
	}
	gmem_tdx_capabilities_free(capabilities);
	return ret;
}
