// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the SNP commands share: is it an SNP guest, and the command itself. */
#include "kvm/snp/snp.h"

#include <errno.h>
#include <fcntl.h>

#include "base/context.h"
#include "base/error.h"
#include "kernel/uapi.h"

#define SEV_DEVICE "/dev/sev"

/* How often a command is repeated that was interrupted. */
#define RETRIES 100

int gmem_snp_check(const struct gmem_vm *vm, const char *call)
{
	const char *name = gmem_vm_type_name(vm->type);

	if (vm->type == GMEM_VM_SNP)
		return 0;
	return gmem_fail(vm->ctx, -EINVAL,
			 "%s: Invalid argument: a %s VM is no SNP guest; create one of type snp",
			 call, name ? name : "VM of unknown type");
}

/*
 * KVM reaches the firmware through a descriptor of the caller's: who may not open the device may
 * not launch guests. Without one the command fails, and tells.
 */
static int sev_device(struct gmem_vm *vm)
{
	struct gmem_kernel *kernel = vm->ctx->kernel;

	if (vm->snp.sev_fd < 0)
		vm->snp.sev_fd = kernel->ops->open(kernel, SEV_DEVICE, O_RDWR);
	return vm->snp.sev_fd;
}

int gmem_snp_command(struct gmem_vm *vm, uint32_t id, void *data, uint32_t *error)
{
	struct gmem_kernel *kernel = vm->ctx->kernel;
	struct gmem_kvm_sev_cmd cmd = {
		.id = id,
		.data = (uintptr_t)data,
		/* KVM_SEV_INIT2 does without. */
		.sev_fd = id == GMEM_KVM_SEV_INIT2 ? 0 : (uint32_t)sev_device(vm),
	};
	unsigned int retries = 0;
	int ret;

	do {
		cmd.error = 0;
		ret = kernel->ops->ioctl(kernel, vm->fd, GMEM_KVM_MEMORY_ENCRYPT_OP,
					 (uintptr_t)&cmd);
	} while (ret == -EINTR && retries++ < RETRIES);
	if (error)
		*error = cmd.error;
	return ret < 0 ? ret : 0;
}
