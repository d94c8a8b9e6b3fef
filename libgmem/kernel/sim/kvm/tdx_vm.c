// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_MEMORY_ENCRYPT_OP on the VM of a TD, and the life of the TD. */
#include <stdlib.h>
#include <string.h>

#include "kernel/sim/kvm/tdx.h"

#define CPUID_MAX_ENTRIES 256u
#define SUPPORTED_XFAM 0x00000000000602e7ull
#define SETUP_EVENT_NOTIFY (1ull << 1)
#define ADDRESS_WIDTH_LEAF_EAX 0x00ff0000u

uint64_t sim_td_shared_gfn(const struct sim_vm *vm)
{
	return vm->td ? vm->td->shared_gfn : 0;
}

int sim_td_new(struct sim_vm *vm)
{
	vm->td = calloc(1, sizeof(*vm->td));
	return vm->td ? 0 : -ENOMEM;
}

void sim_td_free(struct sim_vm *vm)
{
	if (!vm->td)
		return;
	sim_keys_free(&vm->td->control);
	sim_keys_free(&vm->td->module.sept);
	free(vm->td);
	vm->td = NULL;
}

/* tdx_get_capabilities() */
static int capabilities(const struct gmem_kvm_tdx_cmd *cmd)
{
	struct gmem_kvm_tdx_capabilities caps = {
		.supported_attrs = GMEM_TDX_ATTR_SEPT_VE_DISABLE,
		.supported_xfam = SUPPORTED_XFAM,
		.user_tdvmcallinfo_1_r11 = SETUP_EVENT_NOTIFY,
		.cpuid = { .nent = SIM_TDX_CONFIGURABLE },
	};
	uint32_t room;

	if (cmd->flags)
		return -EINVAL;
	if (sim_copy_from_user(&room, cmd->data + offsetof(struct gmem_kvm_tdx_capabilities, cpuid),
			       sizeof(room)))
		return -EFAULT;
	/* The caller does not learn how many there are. */
	if (room < SIM_TDX_CONFIGURABLE)
		return -E2BIG;
	if (sim_copy_to_user(cmd->data, &caps, sizeof(caps)))
		return -EFAULT;
	return sim_copy_to_user(cmd->data + sizeof(caps), sim_tdx_configurable,
				sizeof(sim_tdx_configurable));
}

static bool is_zero(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i])
			return false;
	return true;
}

/* The parameters as the user has them: tdx_td_init() up to setup_tdparams(). */
static int read_params(const struct gmem_sim *sim, const struct gmem_kvm_tdx_cmd *cmd,
		       unsigned int *width)
{
	struct gmem_kvm_cpuid_entry2 *entries;
	struct gmem_kvm_tdx_init_vm params;
	uint32_t count;
	int err;

	if (sim_copy_from_user(&count, cmd->data + offsetof(struct gmem_kvm_tdx_init_vm, cpuid),
			       sizeof(count)))
		return -EFAULT;
	if (count > CPUID_MAX_ENTRIES)
		return -E2BIG;
	entries = calloc(count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	err = -EFAULT;
	if (sim_copy_from_user(&params, cmd->data, sizeof(params)))
		goto out;
	if (count &&
	    sim_copy_from_user(entries, cmd->data + sizeof(params), count * sizeof(*entries)))
		goto out;
	err = -EINVAL;
	if (!is_zero((const uint64_t *)params.reserved, 12) || params.cpuid.padding ||
	    params.cpuid.nent != count)
		goto out;
	if (params.attributes & ~GMEM_TDX_ATTR_SEPT_VE_DISABLE || params.xfam & ~SUPPORTED_XFAM)
		goto out;
	err = sim_tdx_check_cpuid(sim, entries, count, width);
out:
	free(entries);
	return err;
}

/* KeyIDs are few, and a TD keeps its own until its last reference is gone. */
static int take_keyid(struct gmem_sim *sim, struct sim_td *td)
{
	for (unsigned int id = 1; id <= sim->model->keyids; id++) {
		if (sim->keyids_used >> id & 1)
			continue;
		sim->keyids_used |= 1ull << id;
		td->hkid = id;
		return 0;
	}
	return -ENOSPC;
}

/* A SEAMCALL of INIT_VM: only a want of entropy may be tried again. */
static int init_call(struct gmem_sim *sim, struct sim_vm *vm, enum sim_seamcall leaf)
{
	uint64_t status =
		sim_seamcall(sim, &vm->td->module, leaf, &(struct sim_seamcall_args){ 0 });

	if (!status)
		return 0;
	if ((status & SIM_TDX_CLASS) == SIM_TDX_RND_NO_ENTROPY)
		return -EAGAIN;
	sim_log(sim, "kvm_intel: SEAMCALL leaf %d failed: 0x%llx", (int)leaf,
		(unsigned long long)status);
	sim_vm_bug(sim, vm);
	return -EIO;
}

/* __tdx_td_init(): TDR, keys, TDCS, then the parameters. */
static int create_td(struct gmem_sim *sim, struct sim_vm *vm, uint64_t *hw_error)
{
	uint64_t pfn, status;
	int err = sim_td_control_page(sim, vm->td, &pfn);

	if (!err)
		err = init_call(sim, vm, TDH_MNG_CREATE);
	for (unsigned int package = 0; !err && package < sim->ram.nodes; package++)
		err = init_call(sim, vm, TDH_MNG_KEY_CONFIG);
	for (unsigned int i = 0; !err && i < SIM_TDCS_PAGES; i++) {
		err = sim_td_control_page(sim, vm->td, &pfn);
		if (!err)
			err = init_call(sim, vm, TDH_MNG_ADDCX);
	}
	if (err)
		return err;
	status = sim_seamcall(sim, &vm->td->module, TDH_MNG_INIT, &(struct sim_seamcall_args){ 0 });
	if ((status & SIM_TDX_CLASS) == SIM_TDX_OPERAND_INVALID) {
		*hw_error = status;
		return -EINVAL;
	}
	if (!status)
		return 0;
	sim_vm_bug(sim, vm);
	return -EIO;
}

/* tdx_mmu_release_hkid() and tdx_vm_destroy(). A key that cannot be freed is lost. */
static void teardown(struct gmem_sim *sim, struct sim_vm *vm)
{
	struct sim_seamcall_args none = { 0 };
	struct sim_td *td = vm->td;

	if (!td->hkid)
		return;
	for (unsigned int i = td->module.vcpus_flushed; i < td->module.vcpus; i++)
		sim_seamcall(sim, &td->module, TDH_VP_FLUSH, &none);
	if (td->module.lifecycle == SIM_TD_NONE) {
		sim->keyids_used &= ~(1ull << td->hkid);
	} else if (sim_seamcall(sim, &td->module, TDH_MNG_VPFLUSHDONE, &none) ||
		   sim_seamcall(sim, &td->module, TDH_PHYMEM_CACHE_WB, &none) ||
		   sim_seamcall(sim, &td->module, TDH_MNG_KEY_FREEID, &none)) {
		sim_log(sim, "kvm_intel: HKID %u is leaked.", td->hkid);
	} else {
		sim->keyids_used &= ~(1ull << td->hkid);
	}
	td->hkid = 0;
	sim_td_reclaim_pages(sim, td);
	sim_keys_free(&td->module.sept);
	td->module = (struct sim_module_td){ 0 };
}

void sim_td_release(struct gmem_sim *sim, struct sim_vm *vm)
{
	if (vm->td)
		teardown(sim, vm);
}

/* tdx_td_init() */
static int init_vm(struct gmem_sim *sim, struct sim_vm *vm, struct gmem_kvm_tdx_cmd *cmd)
{
	struct sim_td *td = vm->td;
	unsigned int width = 0;
	int err;

	if (td->state != SIM_TD_STATE_UNINITIALIZED || cmd->flags)
		return -EINVAL;
	err = read_params(sim, cmd, &width);
	if (err)
		return err;
	err = take_keyid(sim, td);
	if (err)
		return err;
	err = create_td(sim, vm, (uint64_t *)&cmd->hw_error);
	if (err) {
		teardown(sim, vm);
		return err;
	}
	td->sept_top = width == 52 ? 4 : 3;
	td->shared_gfn = 1ull << (width - 1 - sim->page_shift);
	td->state = SIM_TD_STATE_INITIALIZED;
	return 0;
}

/* tdx_td_finalize(): flags and data are not looked at. */
static int finalize(struct gmem_sim *sim, struct sim_vm *vm, struct gmem_kvm_tdx_cmd *cmd)
{
	struct sim_td *td = vm->td;
	uint64_t status;

	if (!td->hkid || td->state == SIM_TD_STATE_RUNNABLE)
		return -EINVAL;
	status = sim_seamcall(sim, &td->module, TDH_MR_FINALIZE, &(struct sim_seamcall_args){ 0 });
	if (status) {
		cmd->hw_error = status;
		if ((status & SIM_TDX_CLASS) == SIM_TDX_OPERAND_BUSY)
			return -EBUSY;
		sim_vm_bug(sim, vm);
		return -EIO;
	}
	td->state = SIM_TD_STATE_RUNNABLE;
	vm->pre_fault_allowed = true;
	return 0;
}

/* tdx_vm_ioctl() */
int sim_td_vm_command(struct gmem_sim *sim, struct sim_vm *vm, uint64_t arg)
{
	struct gmem_kvm_tdx_cmd cmd;
	int err;

	if (sim_copy_from_user(&cmd, arg, sizeof(cmd)))
		return -EFAULT;
	if (cmd.hw_error)
		return -EINVAL;
	if (cmd.id == GMEM_KVM_TDX_CAPABILITIES)
		return capabilities(&cmd);
	if (cmd.id == GMEM_KVM_TDX_INIT_VM)
		err = init_vm(sim, vm, &cmd);
	else if (cmd.id == GMEM_KVM_TDX_FINALIZE_VM)
		err = finalize(sim, vm, &cmd);
	else
		return -EINVAL;
	if (err == -GMEM_KERNEL_OOPS)
		return err;
	/* Copied back on failure too: this is how hw_error arrives. */
	return sim_copy_to_user(arg, &cmd, sizeof(cmd)) ? -EFAULT : err;
}

unsigned int sim_keyids_in_use(const struct gmem_sim *sim)
{
	return (unsigned int)__builtin_popcountll(sim->keyids_used);
}
