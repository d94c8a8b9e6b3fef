// SPDX-License-Identifier: LGPL-2.1-or-later
/* What KVM itself is asked, without an explanation where it does not answer. */
#include "kernel/uapi.h"
#include "kernel/uapi_in_place.h"
#include "kvm/kvm.h"
#include "procfs/file.h"

/* Up to v7 the parameter was this one, and off said the same. */
#define PER_VM_PARAMETER "/sys/module/kvm/parameters/vm_memory_attributes"

int gmem_check_extension(struct gmem_ctx *ctx, int fd, unsigned int number)
{
	return ctx->kernel->ops->ioctl(ctx->kernel, fd, GMEM_KVM_CHECK_EXTENSION, number);
}

static bool parameter_is(struct gmem_ctx *ctx, const char *path, char value)
{
	char line[16];

	return !gmem_read_line(ctx, path, line, sizeof(line)) && line[0] == value;
}

bool gmem_kernel_converts_in_place(struct gmem_ctx *ctx)
{
	return parameter_is(ctx, GMEM_IN_PLACE_PARAMETER, 'Y') ||
	       parameter_is(ctx, PER_VM_PARAMETER, 'N');
}
