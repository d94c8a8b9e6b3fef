// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_SEV_SNP_LAUNCH_FINISH. */
#include <errno.h>
#include <string.h>
#include <gmem/snp.h>

#include "base/error.h"
#include "base/options.h"
#include "kvm/explain/explain.h"
#include "kvm/snp/snp.h"

int gmem_snp_launch_finish(struct gmem_vm *vm, const struct gmem_snp_finish_options *given)
{
	struct gmem_kvm_sev_snp_launch_finish finish = { 0 };
	struct gmem_snp_finish_options options;
	uint32_t error;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_snp_check(vm, gmem_call_snp_finish.name);
	if (!ret)
		ret = gmem_options_copy(vm->ctx, "gmem_snp_finish_options", &options,
					sizeof(options), given);
	if (ret)
		return ret;
	finish.id_block_uaddr = (uintptr_t)options.id_block;
	finish.id_auth_uaddr = (uintptr_t)options.id_auth;
	finish.id_block_en = options.id_block != NULL;
	finish.auth_key_en = options.author_key;
	finish.vcek_disabled = options.vcek_disabled;
	memcpy(finish.host_data, options.host_data, sizeof(finish.host_data));
	ret = gmem_snp_command(vm, GMEM_KVM_SEV_SNP_LAUNCH_FINISH, &finish, &error);
	if (ret) {
		struct gmem_facts facts = {
			.ctx = vm->ctx,
			.vm = vm,
			.firmware_error = error,
			.has_firmware_error = error != 0,
		};

		return gmem_explain_call(&gmem_call_snp_finish, &facts, ret);
	}
	vm->snp.finished = true;
	return 0;
}
