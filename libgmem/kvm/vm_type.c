// SPDX-License-Identifier: LGPL-2.1-or-later
/* Types of VM, and the numbers that KVM_CREATE_VM takes for them. */
#include "kvm/vm_type.h"

#include <errno.h>

#include "kernel/uapi.h"
#include "kvm/kvm.h"
#include "procfs/vm_types.h"

#define ARM_IPA_BITS_DEFAULT 40 /* KVM_PHYS_SHIFT of arch/arm64/include/asm/kvm_mmu.h */

/* kvm_arch_init_vm() in arch/arm64/kvm/arm.c. On x86-64 the type is the number. */
static const struct {
	enum gmem_vm_type type;
	unsigned long number;
} arm64_numbers[] = {
	{ GMEM_VM_DEFAULT, 0 },
	{ GMEM_VM_ARM_PROTECTED, GMEM_KVM_VM_TYPE_ARM_PROTECTED },
};

/*
 * The number also has the bits of a guest address, and 0 stands for 40 (kvm_init_ipa_range()). A
 * CPU that has fewer needs its own count.
 */
static unsigned long arm64_ipa_bits(struct gmem_ctx *ctx, int kvm)
{
	int limit = gmem_check_extension(ctx, kvm, GMEM_KVM_CAP_ARM_VM_IPA_SIZE);

	return limit > 0 && limit < ARM_IPA_BITS_DEFAULT ? (unsigned long)limit : 0;
}

int gmem_vm_type_number(struct gmem_ctx *ctx, int kvm, enum gmem_vm_type type,
			unsigned long *number)
{
	/* A number that has no name here may still have a meaning in KVM. */
	if (!gmem_machine_is_arm64(ctx)) {
		*number = (unsigned long)(unsigned int)type;
		return type == GMEM_VM_ARM_PROTECTED ? -EINVAL : 0;
	}
	for (size_t i = 0; i < sizeof(arm64_numbers) / sizeof(arm64_numbers[0]); i++) {
		if (arm64_numbers[i].type != type)
			continue;
		*number = arm64_numbers[i].number | arm64_ipa_bits(ctx, kvm);
		return 0;
	}
	return -EINVAL;
}
