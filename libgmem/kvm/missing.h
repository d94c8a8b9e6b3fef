/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_KVM_MISSING_H
#define GMEM_KVM_MISSING_H

#include "base/context.h"

/* What to do in a virtual machine that has no virtualisation itself. */
#define GMEM_ADVICE_NEST                                                                         \
	"let its hypervisor nest (on KVM: nested=1 and a CPU model with vmx or svm), or take a " \
	"machine without a hypervisor"

/*
 * What to do where there is no /dev/kvm, or none with a driver behind it (has_node): held against
 * the facts of this kernel, CPU and container. Static text.
 */
const char *gmem_kvm_missing_advice(struct gmem_ctx *ctx, bool has_node);

#endif
