/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_PROCFS_IN_PLACE_H
#define GMEM_PROCFS_IN_PLACE_H

#include "base/context.h"

/*
 * Whether KVM keeps in the guest_memfd itself which of its pages are private, instead of in the
 * VM's memory attributes: 1, 0 (also where the kernel does not know that), or a negative errno
 * where its parameter cannot be read. No explanation is set.
 */
int gmem_in_place(struct gmem_ctx *ctx);

/* The same, and an error where the parameters of kvm are not there to be read. */
int gmem_in_place_certain(struct gmem_ctx *ctx);

#endif
