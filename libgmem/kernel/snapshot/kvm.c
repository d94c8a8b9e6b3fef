// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KVM as it answered on the host, to ioctls that only ask. Ioctls that change something were never
 * recorded.
 */
#include <errno.h>
#include <string.h>

#include "kernel/snapshot/snapshot.h"
#include "kernel/uapi.h"

static int create_vm(struct gmem_snapshot *snapshot, uintptr_t type)
{
	bool arm64 = !strcmp(snapshot->ops.machine, "aarch64");
	struct gmem_snapshot_open vm = { .kind = GMEM_OPEN_VM, .vm_type = (int)type };
	int ret;

	if (arm64 && type & GMEM_KVM_VM_TYPE_ARM_PROTECTED)
		return -GMEM_KERNEL_NOT_RECORDED;
	if (arm64)
		vm.vm_type = (int)(type &= ~GMEM_KVM_VM_TYPE_ARM_IPA_SIZE_MASK);
	if (type > 30)
		return -EINVAL;
	ret = gmem_answers_get(&snapshot->answers, (int)type, GMEM_ASKED_CREATE);
	return ret < 0 ? ret : gmem_snapshot_take(snapshot, &vm);
}

int gmem_snapshot_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	struct gmem_snapshot *snapshot = (struct gmem_snapshot *)kernel;
	const struct gmem_snapshot_open *open = gmem_snapshot_get(snapshot, fd);
	bool on_kvm;

	if (!open)
		return -EBADF;
	on_kvm = open->kind == GMEM_OPEN_KVM;
	if (!on_kvm && open->kind != GMEM_OPEN_VM)
		return -GMEM_KERNEL_NOT_RECORDED;
	if (request == GMEM_KVM_CHECK_EXTENSION && arg <= INT32_MAX)
		return gmem_answers_get(&snapshot->answers, on_kvm ? GMEM_ASKED_KVM : open->vm_type,
					(int)arg);
	if (on_kvm && request == GMEM_KVM_CREATE_VM)
		return create_vm(snapshot, arg);
	return -GMEM_KERNEL_NOT_RECORDED;
}
