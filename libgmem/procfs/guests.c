// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/guests.h"

#include <errno.h>
#include <string.h>

#include "procfs/cmdline.h"
#include "procfs/file.h"

/* What setup left on: a kernel without the file was built without it, or the module is not there.
 */
static int parameter(struct gmem_ctx *ctx, const char *path)
{
	char value[8];
	int ret = gmem_read_line(ctx, path, value, sizeof(value));

	if (ret == -ENOENT)
		return 0;
	if (ret)
		return -1;
	if (*value == 'Y' || *value == '1')
		return 1;
	return *value == 'N' || *value == '0' ? 0 : -1;
}

/* early_kvm_mode_cfg() in arch/arm64/kvm/arm.c: the last word of them counts. */
static int has_protected_kvm(struct gmem_ctx *ctx)
{
	char mode[16];

	if (gmem_boot_value(ctx, "kvm-arm.mode", mode, sizeof(mode)))
		return -1;
	return !strcmp(mode, "protected");
}

int gmem_guests_may_own(struct gmem_ctx *ctx)
{
	int tdx, snp;

	if (!strcmp(ctx->kernel->ops->machine, "aarch64"))
		return has_protected_kvm(ctx);
	tdx = parameter(ctx, "/sys/module/kvm_intel/parameters/tdx");
	snp = parameter(ctx, "/sys/module/kvm_amd/parameters/sev_snp");
	if (tdx > 0 || snp > 0)
		return 1;
	return tdx || snp ? -1 : 0;
}
