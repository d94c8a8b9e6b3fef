/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions to the kernel and the CPU that decide about rows of the table. */
#ifndef GMEM_VERDICT_FACTS_H
#define GMEM_VERDICT_FACTS_H

#include "verdict/flush_paths.h"

/* 1, 0, or -1 where /proc/cpuinfo does not tell. */
int gmem_flush_partial_write(struct gmem_ctx *ctx);

/*
 * Fills arm64, and on that machine fwb and dic: of a VM's capability 243, which is 1 where the CPU
 * has both, CTR_EL0, and, where these leave fwb open, kernel memory: then a reader is opened. -1
 * each where they do not tell.
 */
void gmem_flush_ask_caches(struct gmem_ctx *ctx, struct gmem_flush_facts *facts);

/*
 * The same for a host that is known to be of arm64: FEAT_S2FWB and CTR_EL0.DIC, 1, 0, or -1 not
 * known.
 */
void gmem_flush_ask_cpu(struct gmem_ctx *ctx, int *fwb, int *dic);

/* Fills vm_types and guest_memfd by asking /dev/kvm; -1 each where it cannot be asked. */
void gmem_flush_ask_kvm(struct gmem_ctx *ctx, struct gmem_flush_facts *facts);

#endif
