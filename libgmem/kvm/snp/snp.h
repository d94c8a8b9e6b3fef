/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the SNP commands share: is it an SNP guest, and the command itself. */
#ifndef GMEM_KVM_SNP_SNP_H
#define GMEM_KVM_SNP_SNP_H

#include "kernel/uapi_sev.h"
#include "kvm/vm.h"

/* Refuses a VM of another type, noting why for call. Returns 0 or -EINVAL. */
int gmem_snp_check(const struct gmem_vm *vm, const char *call);

/* Issues the command id on the VM; *error, if not NULL, gets what the firmware said. */
int gmem_snp_command(struct gmem_vm *vm, uint32_t id, void *data, uint32_t *error);

#endif
