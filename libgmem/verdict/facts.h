/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel and the CPU are asked, so that rows of the table can be judged. */
#ifndef GMEM_VERDICT_FACTS_H
#define GMEM_VERDICT_FACTS_H

#include "verdict/flush_paths.h"

/* 1, 0, or -1 where /proc/cpuinfo does not tell. */
int gmem_flush_partial_write(struct gmem_ctx *ctx);

/*
 * Fills arm64, and on that machine fwb and dic: of a VM's capability 243, which is 1 where the CPU
 * has both, and CTR_EL0. -1 each where they do not tell.
 */
void gmem_flush_ask_caches(struct gmem_ctx *ctx, struct gmem_flush_facts *facts);

/* Fills vm_types and guest_memfd by asking /dev/kvm; -1 each where it cannot be asked. */
void gmem_flush_ask_kvm(struct gmem_ctx *ctx, struct gmem_flush_facts *facts);

#endif
