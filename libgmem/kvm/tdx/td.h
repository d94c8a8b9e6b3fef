/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the TDX commands share: is it a TD, which vCPU, and the command itself. */
#ifndef GMEM_KVM_TDX_TD_H
#define GMEM_KVM_TDX_TD_H

#include <gmem/tdx.h>

#include "kernel/uapi_tdx.h"
#include "kvm/vm.h"

/* How often a command is repeated that was interrupted or found something busy. */
#define GMEM_TD_RETRIES 100u

/* Entries of a CPUID list that KVM takes at most (KVM_MAX_CPUID_ENTRIES in arch/x86/kvm). */
#define GMEM_CPUID_ENTRIES_MAX 256u

/*
 * Refuses a VM of another type, noting why for call: there KVM_MEMORY_ENCRYPT_OP 0 would be
 * KVM_SEV_INIT. Returns 0 or -EINVAL.
 */
int gmem_td_check(const struct gmem_vm *vm, const char *call);

/* The index-th vCPU of a TD. Errors, noted for call: EINVAL (no TD), ENOENT (no such vCPU). */
int gmem_td_vcpu(struct gmem_vm *vm, unsigned int index, const char *call, struct gmem_vcpu **out);

/* Issues cmd once, on the VM or vCPU fd, with hw_error cleared as KVM wants it. */
int gmem_td_try(struct gmem_vm *vm, int fd, struct gmem_kvm_tdx_cmd *cmd);

/*
 * Issues cmd on the VM or vCPU fd. The command is repeated, a bounded number of times, if a signal
 * or a lack of entropy ended it, or if it failed with the errno busy (0: there is no such errno).
 * No explanation is set.
 */
int gmem_td_command(struct gmem_vm *vm, int fd, struct gmem_kvm_tdx_cmd *cmd, int busy);

/* Whether a region can be added without a fault. Returns 0, or -GMEM_EWOULDFAULT, explained. */
int gmem_td_guard(const struct gmem_vm *vm, const struct gmem_tdx_region *region);

/* gmem_tdx_init_mem_region(); guarded: gmem_td_guard() was asked already. */
int gmem_td_add(struct gmem_vm *vm, unsigned int index, const struct gmem_tdx_region *region,
		bool guarded, uint64_t *done);

/* The stages of a launch up to KVM_TDX_INIT_VM. */
int gmem_td_launch_init(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options);

/* A CPUID list with room for that many entries, nent set to it; NULL without memory. */
struct kvm_cpuid2 *gmem_cpuid_alloc(uint32_t entries);

/* The entry of a leaf and sub-leaf, or NULL. */
struct kvm_cpuid_entry2 *gmem_cpuid_find(struct kvm_cpuid2 *cpuid, uint32_t function,
					 uint32_t index);

/*
 * The list for KVM_TDX_INIT_VM: of wanted (or NULL) the bits that are configurable, each entry
 * with the flags that it needs, and the guest's address width. NULL without memory.
 */
struct kvm_cpuid2 *gmem_td_init_cpuid(const struct kvm_cpuid2 *configurable,
				      const struct kvm_cpuid2 *wanted, unsigned int address_width);

#endif
