/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ID registers of arm64, as the kernel keeps them for all its CPUs. */
#ifndef GMEM_KMEM_ID_REGISTER_H
#define GMEM_KMEM_ID_REGISTER_H

#include "kmem/direct_map.h"

/* sys_reg() of arch/arm64/include/asm/sysreg.h: Op0, Op1, CRn, CRm, Op2 */
#define GMEM_SYS_REG(op0, op1, crn, crm, op2) \
	((uint32_t)(op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define GMEM_ID_AA64MMFR2_EL1 GMEM_SYS_REG(3, 0, 0, 7, 2)
#define GMEM_CTR_EL0 GMEM_SYS_REG(3, 3, 0, 0, 1)

/*
 * The value of a register that is the same or less on each CPU (arm64_ftr_reg.sys_val, with the
 * fields that userspace does not see). KVM and the kernel decide by it. register_id is below
 * GMEM_CTR_EL0. image is of the open reader. Errors: ENOENT (no such symbol, type or register),
 * EILSEQ (not the table that Linux 7.3 has), of the symbols, the types and the reader. The
 * explanation may be another one afterwards.
 */
int gmem_id_register(struct gmem_ctx *ctx, const struct gmem_image *image, uint32_t register_id,
		     uint64_t *value);

#endif
