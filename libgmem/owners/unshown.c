// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What no process shows. A guest_memfd that is in no table of descriptors and in no mapping may
 * live on in the queue of a unix socket, or in an io_uring that it is registered with. It always
 * keeps its VM (kvm_get_kvm() in __kvm_gmem_create()), and a VM keeps the module that made it. So
 * if there is no VM, there is no guest_memfd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "owners/owners.h"
#include "procfs/file.h"
#include "procfs/misc.h"

enum answer { NO, YES, UNKNOWN };

/* kvm_create_vm() takes a reference on the module, and kvm_destroy_vm() gives it back. */
static enum answer module_has_vm(struct gmem_ctx *ctx)
{
	static const char *const modules[] = { "kvm_intel", "kvm_amd" };
	enum answer answer = UNKNOWN;

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		char path[64], line[32];

		snprintf(path, sizeof(path), "/sys/module/%s/refcnt", modules[i]);
		if (gmem_read_line(ctx, path, line, sizeof(line))) /* built in, or not there */
			continue;
		if (strcmp(line, "0"))
			return YES;
		answer = NO;
	}
	return answer;
}

/* A folder PID-FD for each VM, kvm_create_vm_debugfs(). */
static int note_vm(const char *name, void *arg)
{
	int pid, fd, end = 0;

	*(enum answer *)arg =
		sscanf(name, "%d-%d%n", &pid, &fd, &end) == 2 && !name[end] ? YES : NO;
	return *(enum answer *)arg == YES;
}

static enum answer debugfs_has_vm(struct gmem_ctx *ctx)
{
	enum answer answer = UNKNOWN; /* also of a folder without KVM's statistics */
	int ret = ctx->kernel->ops->list_directory(ctx->kernel, "/sys/kernel/debug/kvm", note_vm,
						   &answer);

	return ret < 0 ? UNKNOWN : answer;
}

const char *gmem_owners_unshown(const struct gmem_owners *owners)
{
	struct gmem_ctx *ctx = owners->ctx;
	enum answer vm;

	gmem_begin(ctx);
	if (ctx->kernel->ops->dump)
		return owners->counts.vms
			       ? "there are VMs, and in a dump a guest_memfd to which neither a "
				 "descriptor nor a memslot leads is not found"
			       : NULL;
	if (!owners->counts.vms && !gmem_misc_has(ctx, "kvm"))
		return NULL;
	vm = owners->counts.vms ? YES : module_has_vm(ctx);
	if (vm == UNKNOWN)
		vm = debugfs_has_vm(ctx);
	if (vm == NO)
		return NULL;
	if (vm == YES)
		return "there are VMs, and no process shows a guest_memfd that is in flight in a unix "
		       "socket, or registered with an io_uring only";
	return "there may be VMs that cannot be seen here (KVM is built in, and /sys/kernel/debug is not "
	       "mounted or may not be read), and no process shows a guest_memfd that is in flight in "
	       "a unix socket, or registered with an io_uring only";
}
