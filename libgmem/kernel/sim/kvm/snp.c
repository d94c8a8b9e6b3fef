// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM_MEMORY_ENCRYPT_OP of SEV VMs, as far as guest_memfd goes: KVM_SEV_INIT2, and the launch of
 * SNP guests. The launch commands of SEV and SEV-ES, which have no private memory, are EINVAL.
 */
#include <stdlib.h>

#include "kernel/sim/kvm/snp.h"

#define SEV_TYPE 2u
#define SNP_TYPE 4u
#define FIRST_SNP_COMMAND 100u
#define GHCB_VERSION_MAX 2u
#define VMSA_DEBUG_SWAP (1ull << 5)
#define POLICY_ABI 0xffffull
#define POLICY_KNOWN                                                                               \
	(POLICY_ABI | GMEM_SNP_POLICY_SMT | GMEM_SNP_POLICY_RESERVED_ONE | GMEM_SNP_POLICY_DEBUG | \
	 GMEM_SNP_POLICY_SINGLE_SOCKET)

int sim_snp_new(struct sim_vm *vm)
{
	vm->snp = calloc(1, sizeof(*vm->snp));
	return vm->snp ? 0 : -ENOMEM;
}

void sim_snp_release(struct gmem_sim *sim, struct sim_vm *vm)
{
	if (vm->snp && vm->snp->active)
		sim->asids_used--;
}

int sim_snp_make_private(struct gmem_sim *sim, const struct sim_vm *vm, uint64_t pfn)
{
	struct sim_page *page = sim_page_get(sim, pfn);
	int err;

	if (!vm->snp || !vm->snp->is_snp || page->flags & SIM_PAGE_RMP)
		return 0;
	/* rmpupdate() of a 4K entry: adjust_direct_map() splits, but removes nothing. */
	err = sim_direct_map_split(sim, pfn);
	if (!err)
		page->flags |= SIM_PAGE_RMP;
	return err;
}

/* sev_guest_init(): the order of __sev_guest_init() */
static int init2(struct gmem_sim *sim, struct sim_vm *vm, const struct gmem_kvm_sev_cmd *cmd)
{
	struct gmem_kvm_sev_init init;
	bool is_es = vm->type != SEV_TYPE;

	if (!vm->snp)
		return -EINVAL;
	if (sim_copy_from_user(&init, cmd->data, sizeof(init)))
		return -EFAULT;
	if (vm->vcpu_count || init.flags)
		return -EINVAL;
	if (init.vmsa_features & ~(is_es ? VMSA_DEBUG_SWAP : 0))
		return -EINVAL;
	if (init.ghcb_version > GHCB_VERSION_MAX || (!is_es && init.ghcb_version))
		return -EINVAL;
	if (vm->type == SNP_TYPE && init.ghcb_version == 1)
		return -EINVAL;
	if (vm->snp->active)
		return -EINVAL;
	if (sim->asids_used >= sim->model->asids)
		return -EBUSY;
	sim->asids_used++;
	vm->snp->active = true;
	vm->snp->is_snp = vm->type == SNP_TYPE;
	return 0;
}

static int launch_start(struct gmem_sim *sim, struct sim_vm *vm, const struct gmem_kvm_sev_cmd *cmd)
{
	struct gmem_kvm_sev_snp_launch_start start;

	(void)sim;
	if (!vm->snp || !vm->snp->is_snp)
		return -ENOTTY;
	if (sim_copy_from_user(&start, cmd->data, sizeof(start)))
		return -EFAULT;
	if (vm->snp->context || start.flags || start.policy & ~POLICY_KNOWN ||
	    !(start.policy & GMEM_SNP_POLICY_RESERVED_ONE))
		return -EINVAL;
	vm->snp->context = true;
	return 0;
}

static bool is_known_type(unsigned int type)
{
	return type == GMEM_KVM_SEV_SNP_PAGE_TYPE_NORMAL ||
	       (type >= GMEM_KVM_SEV_SNP_PAGE_TYPE_ZERO &&
		type <= GMEM_KVM_SEV_SNP_PAGE_TYPE_CPUID);
}

static int check_update(const struct gmem_sim *sim,
			const struct gmem_kvm_sev_snp_launch_update *update)
{
	if (!update->len || update->len & sim->page_mask || update->flags ||
	    !is_known_type(update->type))
		return -EINVAL;
	if (update->type == GMEM_KVM_SEV_SNP_PAGE_TYPE_ZERO)
		return 0;
	return !update->uaddr || update->uaddr & sim->page_mask ? -EINVAL : 0;
}

/* kvm_gmem_populate() with sev_gmem_post_populate(), for one page. */
static int update_page(struct gmem_sim *sim, struct sim_vm *vm, const struct sim_slot *slot,
		       const struct gmem_kvm_sev_snp_launch_update *update, uint64_t done)
{
	static const char *const chain[] = { "memcpy",
					     "sev_gmem_post_populate",
					     "kvm_gmem_populate",
					     "snp_launch_update",
					     "sev_mem_enc_ioctl",
					     "kvm_arch_vm_ioctl",
					     "kvm_vm_ioctl",
					     NULL };
	bool is_zero = update->type == GMEM_KVM_SEV_SNP_PAGE_TYPE_ZERO;
	uint64_t gfn = update->gfn_start + done;
	struct sim_page *page;
	uint64_t pfn;
	int err;

	if (sim->signal_pending)
		return -EINTR;
	if (!slot->gmem ||
	    (!is_zero && sim_user_access(sim, update->uaddr + done * sim->page_size)))
		return -EFAULT;
	err = sim_inode_get_page(sim, slot->gmem->inode, slot->pgoff + gfn - slot->base_gfn, &pfn);
	if (err)
		return err;
	page = sim_page_get(sim, pfn);
	if (page->flags & SIM_PAGE_HWPOISON)
		return -EHWPOISON;
	if (!sim_gfn_is_private(vm, gfn))
		return -EINVAL;
	if (page->flags & SIM_PAGE_RMP)
		return -EEXIST;
	/* The host copies, through the direct map: the opposite of TDX. */
	if (!is_zero)
		err = sim_touch_direct_map(sim, pfn, SIM_ACCESS_WRITE, chain);
	if (!err)
		err = sim_snp_make_private(sim, vm, pfn);
	if (!err)
		page->flags |= SIM_PAGE_UPTODATE;
	return err;
}

/* snp_launch_update(): every failure of populate is EIO, and progress hides it. */
static int launch_update(struct gmem_sim *sim, struct sim_vm *vm,
			 const struct gmem_kvm_sev_cmd *cmd)
{
	struct gmem_kvm_sev_snp_launch_update update;
	const struct sim_slot *slot;
	uint64_t pages, done = 0;
	int err = 0;

	if (!vm->snp || !vm->snp->is_snp || !vm->snp->context)
		return -EINVAL;
	if (sim_copy_from_user(&update, cmd->data, sizeof(update)))
		return -EFAULT;
	if (check_update(sim, &update))
		return -EINVAL;
	slot = sim_slot_at(vm, update.gfn_start);
	if (!slot || !(slot->flags & GMEM_KVM_MEM_GUEST_MEMFD))
		return -EINVAL;
	pages = update.len >> sim->page_shift;
	if (pages > slot->base_gfn + slot->npages - update.gfn_start)
		pages = slot->base_gfn + slot->npages - update.gfn_start;
	while (!err && done < pages) {
		err = update_page(sim, vm, slot, &update, done);
		done += !err;
	}
	if (err == -GMEM_KERNEL_OOPS)
		return err;
	if (!done)
		return -EIO;
	update.gfn_start += done;
	update.len -= done << sim->page_shift;
	if (update.type != GMEM_KVM_SEV_SNP_PAGE_TYPE_ZERO)
		update.uaddr += done << sim->page_shift;
	return sim_copy_to_user(cmd->data, &update, sizeof(update));
}

static int launch_finish(struct gmem_sim *sim, struct sim_vm *vm,
			 const struct gmem_kvm_sev_cmd *cmd)
{
	struct gmem_kvm_sev_snp_launch_finish finish;

	(void)sim;
	if (!vm->snp || !vm->snp->is_snp)
		return -ENOTTY;
	if (!vm->snp->context)
		return -EINVAL;
	if (sim_copy_from_user(&finish, cmd->data, sizeof(finish)))
		return -EFAULT;
	if (finish.flags)
		return -EINVAL;
	vm->pre_fault_allowed = true;
	return 0;
}

static const struct {
	uint32_t id;
	int (*fn)(struct gmem_sim *sim, struct sim_vm *vm, const struct gmem_kvm_sev_cmd *cmd);
} commands[] = {
	{ GMEM_KVM_SEV_INIT2, init2 },
	{ GMEM_KVM_SEV_SNP_LAUNCH_START, launch_start },
	{ GMEM_KVM_SEV_SNP_LAUNCH_UPDATE, launch_update },
	{ GMEM_KVM_SEV_SNP_LAUNCH_FINISH, launch_finish },
};

static int run_command(struct gmem_sim *sim, struct sim_vm *vm, const struct gmem_kvm_sev_cmd *cmd)
{
	if (vm->snp && vm->snp->is_snp && cmd->id < FIRST_SNP_COMMAND)
		return -EPERM;
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (commands[i].id == cmd->id)
			return commands[i].fn(sim, vm, cmd);
	return -EINVAL;
}

/* sev_mem_enc_ioctl() */
int sim_snp_command(struct gmem_sim *sim, struct sim_vm *vm, uint64_t arg)
{
	struct gmem_kvm_sev_cmd cmd;
	int err;

	if (!sim->model->sev_built)
		return -ENOTTY;
	if (!arg)
		return 0;
	if (sim_copy_from_user(&cmd, arg, sizeof(cmd)))
		return -EFAULT;
	err = run_command(sim, vm, &cmd);
	if (err == -GMEM_KERNEL_OOPS)
		return err;
	return sim_copy_to_user(arg, &cmd, sizeof(cmd)) ? -EFAULT : err;
}
