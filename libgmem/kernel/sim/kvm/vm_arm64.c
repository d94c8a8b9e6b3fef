// SPDX-License-Identifier: LGPL-2.1-or-later
/* What VMs and vCPUs of arm64 have that those of x86-64 have not: arch/arm64/kvm/arm.c. */
#include <linux/kvm.h>

#include "kernel/sim/kvm/kvm.h"

#define TYPE_IPA_BITS 0xffull
#define TYPE_PROTECTED (1ull << 31)
#define IPA_BITS_DEFAULT 40u
#define IPA_BITS_LEAST 32u

/* struct kvm_vcpu_init of arm64, which other machines' headers do not have. */
struct vcpu_init {
	uint32_t target;
	uint32_t features[7];
};

#define TARGET_GENERIC_V8 5u
#define PREFERRED_TARGET _IOR(KVMIO, 0xaf, struct vcpu_init)
#define VCPU_INIT _IOW(KVMIO, 0xae, struct vcpu_init)

/* kvm_init_ipa_range(). Protected KVM does not ask: its VMs have all that the CPU has. */
static int take_ipa_bits(const struct gmem_sim *sim, struct sim_vm *vm, unsigned int bits)
{
	const struct sim_arm64 *arm64 = sim->model->arm64;

	if (!bits)
		bits = IPA_BITS_DEFAULT;
	if (arm64->pkvm)
		bits = arm64->ipa_bits;
	if (bits > arm64->ipa_bits || bits < IPA_BITS_LEAST)
		return -EINVAL;
	vm->ipa_bits = bits;
	return 0;
}

int sim_arm64_init_vm(const struct gmem_sim *sim, struct sim_vm *vm, uint64_t type)
{
	if (type & ~(TYPE_IPA_BITS | TYPE_PROTECTED))
		return -EINVAL;
	vm->is_protected = type & TYPE_PROTECTED;
	if (vm->is_protected && !sim->model->arm64->pkvm)
		return -EINVAL;
	return take_ipa_bits(sim, vm, (unsigned int)(type & TYPE_IPA_BITS));
}

static int check_extension(struct gmem_sim *sim, void *object, uint64_t arg)
{
	return sim_check_extension(sim, object, arg);
}

static int preferred_target(struct gmem_sim *sim, void *object, uint64_t arg)
{
	const struct vcpu_init init = { .target = TARGET_GENERIC_V8 };

	(void)sim;
	(void)object;
	return sim_copy_to_user(arg, &init, sizeof(init));
}

static int vcpu_init(struct gmem_sim *sim, void *object, uint64_t arg)
{
	struct sim_vcpu *vcpu = object;
	struct vcpu_init init;

	(void)sim;
	if (sim_copy_from_user(&init, arg, sizeof(init)))
		return -EFAULT;
	if (init.target != TARGET_GENERIC_V8)
		return -EINVAL;
	vcpu->initialized = true;
	return 0;
}

const struct sim_ioctl sim_arm64_vm_ioctls[] = {
	{ GMEM_KVM_CHECK_EXTENSION, check_extension },
	{ GMEM_KVM_CREATE_VCPU, sim_vm_create_vcpu },
	{ GMEM_KVM_SET_USER_MEMORY_REGION, sim_vm_set_region },
	{ GMEM_KVM_SET_USER_MEMORY_REGION2, sim_vm_set_region2 },
	{ GMEM_KVM_CREATE_GUEST_MEMFD, sim_vm_create_gmem },
	{ PREFERRED_TARGET, preferred_target },
	{ 0, NULL },
};

const struct sim_ioctl sim_arm64_vcpu_ioctls[] = {
	{ KVM_RUN, sim_vcpu_run },
	{ VCPU_INIT, vcpu_init },
	{ 0, NULL },
};
