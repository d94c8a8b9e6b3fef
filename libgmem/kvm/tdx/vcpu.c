// SPDX-License-Identifier: LGPL-2.1-or-later
/* KVM_TDX_GET_CPUID and KVM_TDX_INIT_VCPU. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <gmem/tdx.h>

#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/kvm.h"
#include "kvm/tdx/td.h"

#define FIRST_ENTRIES 64u
#define LEAF_FEATURES 1u
#define FEATURES_ECX_X2APIC (1u << 21)

static int explain(struct gmem_vm *vm, const struct gmem_call *call, unsigned int index, int error)
{
	struct gmem_facts facts = { .ctx = vm->ctx, .vm = vm, .vcpu = index };

	return gmem_explain_call(call, &facts, error);
}

/* With too small a list KVM writes the number that it needs. */
static int get_cpuid(struct gmem_vm *vm, int fd, struct kvm_cpuid2 **out)
{
	struct gmem_kvm_tdx_cmd cmd = { .id = GMEM_KVM_TDX_GET_CPUID };
	uint32_t room = FIRST_ENTRIES, wanted = room;
	struct kvm_cpuid2 *cpuid = NULL;
	int ret;

	do {
		free(cpuid);
		room = wanted;
		cpuid = gmem_cpuid_alloc(room);
		if (!cpuid)
			return -ENOMEM;
		cmd.data = (uintptr_t)cpuid;
		ret = gmem_td_command(vm, fd, &cmd, 0);
		wanted = cpuid->nent;
	} while (ret == -E2BIG && wanted > room && wanted <= GMEM_CPUID_ENTRIES_MAX);
	if (ret)
		free(cpuid);
	else
		*out = cpuid;
	return ret;
}

int gmem_tdx_get_cpuid(struct gmem_vm *vm, unsigned int index, struct kvm_cpuid2 **out)
{
	struct gmem_vcpu *vcpu;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_td_vcpu(vm, index, gmem_call_tdx_get_cpuid.name, &vcpu);
	if (ret)
		return ret;
	ret = get_cpuid(vm, vcpu->fd, out);
	return ret ? explain(vm, &gmem_call_tdx_get_cpuid, index, ret) : 0;
}

void gmem_tdx_free_cpuid(struct kvm_cpuid2 *cpuid)
{
	free(cpuid);
}

/* With room for one more entry. */
static struct kvm_cpuid2 *copy_cpuid(const struct kvm_cpuid2 *cpuid)
{
	struct kvm_cpuid2 *copy = gmem_cpuid_alloc(cpuid->nent + 1);

	if (!copy)
		return NULL;
	memcpy(copy->entries, cpuid->entries, cpuid->nent * sizeof(copy->entries[0]));
	copy->nent = cpuid->nent;
	return copy;
}

/*
 * Every TD has an x2APIC, and KVM_TDX_INIT_VCPU puts the vCPU's there, which kvm_apic_set_base()
 * refuses as long as the guest's CPUID does not have it.
 */
static void add_x2apic(struct kvm_cpuid2 *cpuid)
{
	struct kvm_cpuid_entry2 *entry = gmem_cpuid_find(cpuid, LEAF_FEATURES, 0);

	if (!entry) {
		entry = &cpuid->entries[cpuid->nent++];
		entry->function = LEAF_FEATURES;
	}
	entry->ecx |= FEATURES_ECX_X2APIC;
}

static int set_cpuid(struct gmem_vm *vm, int fd, const struct kvm_cpuid2 *wanted)
{
	struct kvm_cpuid2 *cpuid = copy_cpuid(wanted);
	int ret;

	if (!cpuid)
		return -ENOMEM;
	add_x2apic(cpuid);
	ret = gmem_kvm_ioctl(vm->ctx, fd, gmem_call_set_cpuid.name, KVM_SET_CPUID2,
			     (uintptr_t)cpuid);
	free(cpuid);
	return ret < 0 ? ret : 0;
}

/* The documentation has KVM_SET_CPUID2 after KVM_TDX_INIT_VCPU; KVM wants it before. */
static int configure(struct gmem_vm *vm, unsigned int index, const struct kvm_cpuid2 *given)
{
	int fd = vm->vcpus[index].fd, ret;
	struct kvm_cpuid2 *found = NULL;

	if (!given) {
		ret = gmem_tdx_get_cpuid(vm, index, &found);
		if (ret)
			return ret;
	}
	ret = set_cpuid(vm, fd, given ? given : found);
	gmem_tdx_free_cpuid(found);
	return ret ? explain(vm, &gmem_call_set_cpuid, index, ret) : 0;
}

int gmem_tdx_init_vcpu(struct gmem_vm *vm, unsigned int index,
		       const struct gmem_tdx_vcpu_options *given)
{
	struct gmem_kvm_tdx_cmd cmd = { .id = GMEM_KVM_TDX_INIT_VCPU };
	struct gmem_tdx_vcpu_options options;
	struct gmem_vcpu *vcpu;
	int ret;

	gmem_begin(vm->ctx);
	ret = gmem_td_vcpu(vm, index, gmem_call_tdx_init_vcpu.name, &vcpu);
	if (ret)
		return ret;
	ret = gmem_options_copy(vm->ctx, "gmem_tdx_vcpu_options", &options, sizeof(options), given);
	if (ret)
		return ret;
	ret = configure(vm, index, options.cpuid);
	if (ret)
		return ret;
	cmd.data = options.rcx;
	ret = gmem_td_command(vm, vcpu->fd, &cmd, 0);
	if (ret)
		return explain(vm, &gmem_call_tdx_init_vcpu, index, ret);
	vcpu->initialized = true;
	return 0;
}
