// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_SEV_INIT2 for an SNP guest, and KVM_SEV_SNP_LAUNCH_START. */
#include <errno.h>
#include <string.h>
#include <gmem/snp.h>

#include "base/error.h"
#include "base/options.h"
#include "kvm/explain/explain.h"
#include "kvm/snp/snp.h"

int gmem_snp_init_vm(struct gmem_vm *vm, const struct gmem_snp_init_options *given)
{
	struct gmem_kvm_sev_init init = { 0 };
	struct gmem_snp_init_options options;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_snp_check(vm, gmem_call_sev_init.name);
	if (!ret)
		ret = gmem_options_copy(vm->ctx, "gmem_snp_init_options", &options, sizeof(options),
					given);
	if (ret)
		return ret;
	init.vmsa_features = options.vmsa_features;
	init.ghcb_version = options.ghcb_version;
	ret = gmem_snp_command(vm, GMEM_KVM_SEV_INIT2, &init, NULL);
	if (ret) {
		struct gmem_facts facts = {
			.ctx = vm->ctx,
			.vm = vm,
			.vmsa_features = options.vmsa_features,
			.ghcb_version = options.ghcb_version,
		};

		return gmem_explain_call(&gmem_call_sev_init, &facts, ret);
	}
	vm->snp.initialized = true;
	return 0;
}

int gmem_snp_launch_start(struct gmem_vm *vm, const struct gmem_snp_start_options *given)
{
	struct gmem_kvm_sev_snp_launch_start start = { 0 };
	struct gmem_snp_start_options options;
	uint32_t error;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_snp_check(vm, gmem_call_snp_start.name);
	if (!ret)
		ret = gmem_options_copy(vm->ctx, "gmem_snp_start_options", &options,
					sizeof(options), given);
	if (ret)
		return ret;
	start.policy = options.policy ? options.policy : GMEM_SNP_POLICY_ALLOW_SMT;
	start.policy |= GMEM_SNP_POLICY_ALWAYS;
	memcpy(start.gosvw, options.gosvw, sizeof(start.gosvw));
	ret = gmem_snp_command(vm, GMEM_KVM_SEV_SNP_LAUNCH_START, &start, &error);
	if (ret) {
		struct gmem_facts facts = {
			.ctx = vm->ctx,
			.vm = vm,
			.policy = start.policy,
			.firmware_error = error,
			.has_firmware_error = error != 0,
		};

		return gmem_explain_call(&gmem_call_snp_start, &facts, ret);
	}
	vm->snp.started = true;
	return 0;
}
