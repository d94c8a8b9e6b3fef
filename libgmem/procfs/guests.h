/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether there can be guests to which a page belongs, so that the host must not touch it. */
#ifndef GMEM_PROCFS_GUESTS_H
#define GMEM_PROCFS_GUESTS_H

#include "base/context.h"

/*
 * 1 where KVM was started for TDX, SEV-SNP or protected VMs of arm64, 0 where it was not, -1 where
 * that cannot be told.
 */
int gmem_guests_may_own(struct gmem_ctx *ctx);

#endif
