/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers of VM types, compared with CPU and module parameters. Kernels that carried TDX before
 * Linux 6.16 gave TDs the number 2, which upstream then gave to SEV.
 */
#ifndef GMEM_PROCFS_VM_TYPES_H
#define GMEM_PROCFS_VM_TYPES_H

#include "base/context.h"

struct gmem_numbering {
	unsigned int believed; /* types, a bit each of enum gmem_vm_type */
	unsigned int doubted;  /* numbers that cannot mean here what they mean upstream */
	unsigned int behind;   /* types that may stand behind those */
	bool old_tdx;	       /* the only one is 2, kvm_intel.tdx is on, and it is a TD */
	const char *why;       /* static; NULL where nothing is doubted */
};

bool gmem_machine_is_arm64(const struct gmem_ctx *ctx);

/* The types that KVM may have on this machine, a bit each. */
unsigned int gmem_vm_types_of_machine(const struct gmem_ctx *ctx);

/*
 * Judges a mask of numbers. Where /proc/cpuinfo has no vendor, the module's parameters tell it; a
 * parameter that cannot be read contradicts nothing. Reads nothing where no number is one of a
 * vendor.
 */
void gmem_vm_types_judge(struct gmem_ctx *ctx, unsigned int types, struct gmem_numbering *out);

#endif
