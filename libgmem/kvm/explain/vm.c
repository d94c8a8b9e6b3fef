// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening /dev/kvm, KVM_CREATE_VM, KVM_CREATE_VCPU, and descriptors of others' VMs and vCPUs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "kernel/uapi.h"
#include "kvm/explain/conditions.h"
#include "kvm/missing.h"
#include "procfs/cmdline.h"

/* Always true: the finding is only what to do. */
static bool no_node(const struct gmem_facts *facts)
{
	facts->found->advice = gmem_kvm_missing_advice(facts->ctx, false);
	return true;
}

static bool no_driver(const struct gmem_facts *facts)
{
	facts->found->advice = gmem_kvm_missing_advice(facts->ctx, true);
	return true;
}

/* O_PATH needs no permission on the file itself. */
static bool device_forbids(const struct gmem_facts *facts)
{
	struct gmem_kernel *kernel = facts->ctx->kernel;
	int fd = kernel->ops->open(kernel, "/dev/kvm", O_PATH);
	struct stat st;
	int ret;

	if (fd < 0)
		return false;
	ret = kernel->ops->fstat(kernel, fd, &st);
	kernel->ops->close(kernel, fd);
	if (ret)
		return false;
	facts->found->device_uid = st.st_uid;
	facts->found->device_gid = st.st_gid;
	facts->found->device_mode = st.st_mode;
	return true;
}

static bool device_forbids_group(const struct gmem_facts *facts)
{
	return device_forbids(facts) && !(facts->found->device_mode & S_IWGRP);
}

static const struct gmem_condition open_kvm[] = {
	{ ENOENT, no_node, "there is no KVM device", "{advice}" },
	{ ENXIO, no_driver, "the device node is there, but no driver behind it", "{advice}" },
	{ ENODEV, no_driver, "the device node is there, but no driver behind it", "{advice}" },
	{ EACCES, device_forbids_group,
	  "it is owned by uid {device_uid} with mode {device_mode}, which keeps all others out",
	  "run as that user, or give the device to a group (mostly kvm, with mode 0660)" },
	{ EACCES, device_forbids,
	  "it is owned by uid {device_uid} and gid {device_gid} with mode {device_mode}, which "
	  "keeps this user out",
	  "join the group of the device (mostly kvm), or run as root" },
	{ EACCES, NULL, "this user may not open it",
	  "join the group of the device (mostly kvm), or run as root" },
	{ EPERM, NULL, "a device cgroup or a security module forbids it",
	  "allow the character device 10:232, for example with --device /dev/kvm" },
	{ ENOMEM, NULL, "the kernel has no memory left for the file", "free some" },
};

const struct gmem_call gmem_call_open_kvm = {
	.name = "open /dev/kvm",
	GMEM_CONDITIONS(open_kvm),
	.makes_fd = true,
	.unseen = GMEM_LOG_KVM " may say more",
};

static bool type_not_offered(const struct gmem_facts *facts)
{
	return facts->type >= 32 || !(facts->vm_types & 1ull << facts->type);
}

/* gmem_vm_type_number() has no number for it. */
static bool protected_is_of_arm64(const struct gmem_facts *facts)
{
	return facts->type == GMEM_VM_ARM_PROTECTED && !gmem_fact_arm64(facts);
}

/* kvm_arch_init_vm() in arch/arm64/kvm/arm.c: is_protected_kvm_enabled(). */
static bool started_without_pkvm(const struct gmem_facts *facts)
{
	char mode[16];

	return facts->type == GMEM_VM_ARM_PROTECTED &&
	       !gmem_boot_value(facts->ctx, "kvm-arm.mode", mode, sizeof(mode)) &&
	       strcmp(mode, "protected") != 0;
}

static bool has_no_pkvm(const struct gmem_facts *facts)
{
	return facts->type == GMEM_VM_ARM_PROTECTED;
}

/* kvm_arch_init_vm() tests the type first of all (kvm_is_vm_type_supported()). */
static const struct gmem_condition create_vm[] = {
	{ EINVAL, protected_is_of_arm64,
	  "protected VMs are of KVM on arm64, and this kernel is of another machine",
	  "take an offered type ({vm_types})" },
	{ EINVAL, started_without_pkvm,
	  "only protected KVM makes protected VMs, and this kernel was not started with it",
	  "start the kernel with kvm-arm.mode=protected" },
	{ EINVAL, has_no_pkvm,
	  "KVM makes no protected VM: protected KVM is not running, or Linux {release} has no such VMs",
	  GMEM_LOG_ARM64 " tells the mode of KVM; kvm-arm.mode=protected asks for protected KVM" },
	{ EINVAL, type_not_offered,
	  "VM type {type} is not offered by KVM on Linux {release} (offered: {vm_types})",
	  "take an offered type; gmemctl doctor tells what the others need" },
	{ ENOMEM, NULL, "the kernel has no memory left for a VM", "free some" },
	{ EBUSY, NULL, "another hypervisor holds the CPU's virtualisation",
	  "stop it (VirtualBox, VMware or another KVM build)" },
	{ EIO, NULL, "virtualisation could not be switched on for a CPU",
	  GMEM_LOG_KVM " says for which" },
};

const struct gmem_call gmem_call_create_vm = {
	.name = "KVM_CREATE_VM",
	GMEM_CONDITIONS(create_vm),
	.makes_fd = true,
	.unseen = GMEM_LOG_KVM " may say more",
};

static bool vcpu_id_too_large(const struct gmem_facts *facts)
{
	return facts->max_vcpu_ids && facts->vcpu >= facts->max_vcpu_ids;
}

static bool vcpus_used_up(const struct gmem_facts *facts)
{
	return facts->max_vcpus && facts->vcpu_count >= facts->max_vcpus;
}

/* kvm_vm_ioctl_create_vcpu(), then tdx_vcpu_create() in arch/x86/kvm/vmx/tdx.c. */
static const struct gmem_condition create_vcpu[] = {
	{ EINVAL, vcpu_id_too_large, "vCPU id {vcpu} is not below {max_vcpu_ids}",
	  "take a smaller id" },
	{ EINVAL, vcpus_used_up, "the VM has {vcpu_count} vCPUs, and {max_vcpus} is the most",
	  NULL },
	{ EEXIST, NULL, "the VM has a vCPU with id {vcpu} already", "take another id" },
	{ EIO, gmem_fact_tdx,
	  "a TD takes vCPUs between KVM_TDX_INIT_VM and KVM_TDX_FINALIZE_VM only",
	  "initialise the TD first ({do:td-init-vm})" },
	{ EINVAL, gmem_fact_tdx, "a TD needs the split irqchip before its first vCPU",
	  "enable KVM_CAP_SPLIT_IRQCHIP ({do:split-irqchip})" },
	{ ENOMEM, NULL, "the kernel has no memory left for a vCPU", "free some" },
};

const struct gmem_call gmem_call_create_vcpu = {
	.name = "KVM_CREATE_VCPU",
	GMEM_CONDITIONS(create_vcpu),
	.on_vm = true,
	.makes_fd = true,
	.unseen = "vCPUs that others made on this VM are not seen",
};

/* gmem_vm_from_fd() names the VM only after its descriptor is known to be one. */
static bool no_vm(const struct gmem_facts *facts)
{
	return !facts->vm;
}

static const struct gmem_condition wrap_vm[] = {
	GMEM_CONDITION_PATH_ONLY("the descriptor", "KVM_CREATE_VM"),
	{ EBADF, NULL, "the descriptor is not open", NULL },
	{ EINVAL, no_vm, "the descriptor is no VM", "pass one of KVM_CREATE_VM" },
	{ EINVAL, type_not_offered,
	  "VM type {type} is not offered by KVM on Linux {release} (offered: {vm_types})",
	  "pass the type that the VM was created with" },
};

const struct gmem_call gmem_call_wrap_vm = {
	.name = "look at a VM's descriptor",
	GMEM_CONDITIONS(wrap_vm),
	.on_vm = true,
	.unseen = "the descriptor could not be looked at",
};

static const struct gmem_condition wrap_vcpu[] = {
	GMEM_CONDITION_PATH_ONLY("the descriptor", "KVM_CREATE_VCPU"),
	{ EBADF, NULL, "the descriptor is not open", NULL },
	{ EINVAL, NULL, "the descriptor is no vCPU", "pass one of KVM_CREATE_VCPU" },
};

const struct gmem_call gmem_call_wrap_vcpu = {
	.name = "look at a vCPU's descriptor",
	GMEM_CONDITIONS(wrap_vcpu),
	.unseen = "the descriptor could not be looked at",
};
