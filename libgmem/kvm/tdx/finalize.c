// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_TDX_FINALIZE_VM. */
#include <errno.h>
#include <gmem/tdx.h>

#include "base/error.h"
#include "kvm/explain/explain.h"
#include "kvm/tdx/td.h"

int gmem_tdx_finalize(struct gmem_vm *vm)
{
	struct gmem_kvm_tdx_cmd cmd = { .id = GMEM_KVM_TDX_FINALIZE_VM };
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_td_check(vm, gmem_call_tdx_finalize.name);
	if (ret)
		return ret;
	/* TDH.MR.FINALIZE fails as busy while any other SEAMCALL runs on the TD. */
	ret = gmem_td_command(vm, vm->fd, &cmd, EBUSY);
	if (ret) {
		struct gmem_facts facts = {
			.ctx = vm->ctx,
			.vm = vm,
			.hw_error = cmd.hw_error,
		};

		return gmem_explain_call(&gmem_call_tdx_finalize, &facts, ret);
	}
	vm->td.finalized = true;
	return 0;
}
