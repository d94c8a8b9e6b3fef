// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the SNP commands share: is it an SNP guest, and the command itself. */
#include "kvm/snp/snp.h"

#include <errno.h>
#include <fcntl.h>

#include "base/context.h"
#include "base/error.h"
#include "kernel/uapi.h"
#include "kvm/kvm.h"

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
 * KVM reaches the firmware through a descriptor of the caller: a user who may not open the device
 * may not launch guests. Without the descriptor the command fails, and says why.
 */
static int sev_device(struct gmem_vm *vm)
{
	struct gmem_kernel *kernel = vm->ctx->kernel;

	if (vm->snp.sev_fd < 0)
		vm->snp.sev_fd = kernel->ops->open(kernel, SEV_DEVICE, O_RDWR);
	return vm->snp.sev_fd;
}

static const char *name_of(uint32_t id)
{
	static const struct {
		uint32_t id;
		const char *name;
	} commands[] = {
		{ GMEM_KVM_SEV_INIT2, "KVM_SEV_INIT2" },
		{ GMEM_KVM_SEV_SNP_LAUNCH_START, "KVM_SEV_SNP_LAUNCH_START" },
		{ GMEM_KVM_SEV_SNP_LAUNCH_UPDATE, "KVM_SEV_SNP_LAUNCH_UPDATE" },
		{ GMEM_KVM_SEV_SNP_LAUNCH_FINISH, "KVM_SEV_SNP_LAUNCH_FINISH" },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].id == id)
			return commands[i].name;
	return "KVM_MEMORY_ENCRYPT_OP";
}

int gmem_snp_command(struct gmem_vm *vm, uint32_t id, void *data, uint32_t *error)
{
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
		ret = gmem_kvm_ioctl(vm->ctx, vm->fd, name_of(id), GMEM_KVM_MEMORY_ENCRYPT_OP,
				     (uintptr_t)&cmd);
	} while (ret == -EINTR && retries++ < RETRIES);
	if (error)
		*error = cmd.error;
	return ret < 0 ? ret : 0;
}
