/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /proc/cpuinfo says of the first CPU. */
#ifndef GMEM_PROCFS_CPUINFO_H
#define GMEM_PROCFS_CPUINFO_H

#include "base/context.h"

struct gmem_cpu {
	char vendor[16];	    /* "GenuineIntel", "AuthenticAMD" */
	char name[64];		    /* "AMD EPYC 9474F 48-Core Processor" */
	char *flags;		    /* as the kernel prints them, blank between */
	char *bugs;		    /* likewise; NULL where there is no such line */
	unsigned int physical_bits; /* 32 to 52, width of a physical address; 0: not known */
	unsigned int family, model; /* as the kernel prints them, 0: not known */
	bool is_arm;		    /* ENODATA, and it is an Arm CPU */
};

/* Errors: those of reading /proc/cpuinfo, ENODATA (no x86 CPU in it; only is_arm is filled). */
int gmem_cpu_read(struct gmem_ctx *ctx, struct gmem_cpu *out);
void gmem_cpu_free(struct gmem_cpu *cpu);

bool gmem_cpu_has(const struct gmem_cpu *cpu, const char *flag);
bool gmem_cpu_has_bug(const struct gmem_cpu *cpu, const char *bug);

#endif
