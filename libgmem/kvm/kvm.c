// SPDX-License-Identifier: LGPL-2.1-or-later
/* Questions to KVM itself. If it does not answer, no explanation is set. */
#include "kvm/kvm.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/release.h"
#include "kernel/uapi.h"
#include "procfs/in_place.h"
#include "procfs/kallsyms.h"

int gmem_kvm_ioctl(struct gmem_ctx *ctx, int fd, const char *name, unsigned long request,
		   uintptr_t arg)
{
	int ret = ctx->kernel->ops->ioctl(ctx->kernel, fd, request, arg);

	if (ret < 0)
		gmem_log(ctx, GMEM_LOG_DEBUG, "%s on fd %d: %s", name, fd, strerror(-ret));
	else
		gmem_log(ctx, GMEM_LOG_DEBUG, "%s on fd %d: %d", name, fd, ret);
	return ret;
}

int gmem_check_extension(struct gmem_ctx *ctx, int fd, unsigned int number)
{
	char name[48] = "";

	if (ctx->log)
		snprintf(name, sizeof(name), "KVM_CHECK_EXTENSION %u", number);
	return gmem_kvm_ioctl(ctx, fd, name, GMEM_KVM_CHECK_EXTENSION, number);
}

/* kvm_gmem_set_policy() in virt/kvm/guest_memfd.c, Linux 6.19. */
int gmem_kernel_heeds_policy(struct gmem_ctx *ctx)
{
	int has;

	if (!gmem_release_before(ctx->release, 6, 19))
		return 1;
	has = gmem_kallsyms_has(ctx, "kvm_gmem_set_policy");
	return has < 0 ? -1 : has;
}

bool gmem_kernel_converts_in_place(struct gmem_ctx *ctx)
{
	return gmem_in_place(ctx) == 1;
}
