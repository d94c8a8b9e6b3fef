/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KVM's side of SEV and SEV-SNP: arch/x86/kvm/svm/sev.c. */
#ifndef SIM_KVM_SNP_H
#define SIM_KVM_SNP_H

#include "kernel/sim/kvm/kvm.h"
#include "kernel/uapi_sev.h"

struct sim_snp {
	bool active; /* KVM_SEV_INIT2 is done */
	bool is_snp;
	bool context; /* KVM_SEV_SNP_LAUNCH_START is done */
};

int sim_snp_command(struct gmem_sim *sim, struct sim_vm *vm, uint64_t arg);
int sim_snp_new(struct sim_vm *vm);
/* The VM's last reference is gone: its ASID comes back. */
void sim_snp_release(struct gmem_sim *sim, struct sim_vm *vm);
/* kvm_arch_gmem_make_private(): the page becomes the guest's in the RMP. */
int sim_snp_make_private(struct gmem_sim *sim, const struct sim_vm *vm, uint64_t pfn);

#endif
