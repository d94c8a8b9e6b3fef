// SPDX-License-Identifier: LGPL-2.1-or-later
#include "procfs/in_place.h"

#include <errno.h>

#include "kernel/uapi_in_place.h"
#include "procfs/file.h"

/* Up to v7 of the series it was this parameter, with off for conversion in place. */
#define PER_VM_PARAMETER "/sys/module/kvm/parameters/vm_memory_attributes"

/* 1 or 0; a parameter that is not there has no value. */
static int parameter_is(struct gmem_ctx *ctx, const char *path, char value)
{
	char line[16];
	int ret = gmem_read_line(ctx, path, line, sizeof(line));

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	return line[0] == value;
}

/* A parameter that kvm has had since Linux 4.1: without it, /sys is not there to be asked. */
#define ANY_PARAMETER "/sys/module/kvm/parameters/halt_poll_ns"

int gmem_in_place_certain(struct gmem_ctx *ctx)
{
	char line[24];
	int ret = gmem_in_place(ctx);

	return ret ? ret : gmem_read_line(ctx, ANY_PARAMETER, line, sizeof(line));
}

int gmem_in_place(struct gmem_ctx *ctx)
{
	int now = parameter_is(ctx, GMEM_IN_PLACE_PARAMETER, 'Y');
	int before = now == 1 ? 0 : parameter_is(ctx, PER_VM_PARAMETER, 'N');

	if (now == 1 || before == 1)
		return 1;
	return now < 0 ? now : before;
}
