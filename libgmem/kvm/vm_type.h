/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_KVM_VM_TYPE_H
#define GMEM_KVM_VM_TYPE_H

#include "base/context.h"

/*
 * The number that KVM_CREATE_VM takes for a type of VM on this machine. kvm is /dev/kvm, of which
 * KVM on arm64 is asked how many bits a guest address may have. Returns 0, or -EINVAL if KVM has no
 * such type on this machine; no explanation is set.
 */
int gmem_vm_type_number(struct gmem_ctx *ctx, int kvm, enum gmem_vm_type type,
			unsigned long *number);

#endif
