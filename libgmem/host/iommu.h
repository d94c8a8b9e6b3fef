/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GMEM_HOST_IOMMU_H
#define GMEM_HOST_IOMMU_H

#include "host/host.h"

/* How the kernel's command line configures an IOMMU of AMD. */
struct gmem_iommu_boot {
	int passes_through; /* 1, 0, or -1: not said, and the configuration decides */
	char word[64];	    /* the word for which SNP is refused, or empty */
	bool v2;	    /* by the format of its page tables, which that word chose */
};

/* Errors: of reading /proc/cmdline. */
int gmem_iommu_boot(struct gmem_ctx *ctx, struct gmem_iommu_boot *out);

#endif
