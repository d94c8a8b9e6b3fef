/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_KVM_KVM_H
#define GMEM_KVM_KVM_H

#include "base/context.h"

/*
 * An ioctl of KVM, which is logged under its name (GMEM_LOG_DEBUG). Returns what it gives, or a
 * negative errno; no explanation is set.
 */
int gmem_kvm_ioctl(struct gmem_ctx *ctx, int fd, const char *name, unsigned long request,
		   uintptr_t arg);

/* KVM_CHECK_EXTENSION on /dev/kvm or a VM; no explanation is set. */
int gmem_check_extension(struct gmem_ctx *ctx, int fd, unsigned int number);

/*
 * Whether the kernel converts in place; the module parameters of kvm tell it. No explanation is
 * set.
 */
bool gmem_kernel_converts_in_place(struct gmem_ctx *ctx);

/*
 * Whether guest_memfd knows NUMA policies: 1 or 0. A kernel without this feature accepts a policy
 * and ignores it, so KVM cannot be asked. A newer release has the feature; an older one has it if
 * it has the function. -1: the release is older, and its functions cannot be looked at. No
 * explanation is set.
 */
int gmem_kernel_heeds_policy(struct gmem_ctx *ctx);

/* Whether KVM runs TDs under the number that TDX had before Linux 6.16, see procfs/vm_types.h. */
bool gmem_caps_has_old_tdx(const struct gmem_caps *caps);

#endif
