// SPDX-License-Identifier: GPL-2.0-or-later
/* KVM: the device, VMs, memslots, attributes, vCPUs. Each ioctl is a row. */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/mman.h>
#include "conformance.h"
#include "sim/hooks.h"
#include "kernel/uapi.h"

#define VM_TYPE_TDX 5
#define NO_DIRECT_MAP 4
#define X2APIC (1u << 21)
#define CPUID_LEAF_FEATURES 1
#define KVM_SET_MEMORY_ATTRIBUTES2 0xc080aed2ul
#define ATTRIBUTES2_SIZE 128
#define EXIT_OFFSET 32 /* in struct kvm_run, of the data about the exit */

static const struct name capability_names[] = {
	{ "nr-memslots", GMEM_KVM_CAP_NR_MEMSLOTS },
	{ "max-vcpus", GMEM_KVM_CAP_MAX_VCPUS },
	{ "readonly-mem", GMEM_KVM_CAP_READONLY_MEM },
	{ "multi-address-space", GMEM_KVM_CAP_MULTI_ADDRESS_SPACE },
	{ "split-irqchip", GMEM_KVM_CAP_SPLIT_IRQCHIP },
	{ "exit-hypercall", GMEM_KVM_CAP_EXIT_HYPERCALL },
	{ "user-memory2", GMEM_KVM_CAP_USER_MEMORY2 },
	{ "memory-fault-info", GMEM_KVM_CAP_MEMORY_FAULT_INFO },
	{ "memory-attributes", GMEM_KVM_CAP_MEMORY_ATTRIBUTES },
	{ "guest-memfd", GMEM_KVM_CAP_GUEST_MEMFD },
	{ "vm-types", GMEM_KVM_CAP_VM_TYPES },
	{ "pre-fault-memory", GMEM_KVM_CAP_PRE_FAULT_MEMORY },
	{ "guest-memfd-flags", GMEM_KVM_CAP_GUEST_MEMFD_FLAGS },
	{ NULL, 0 },
};

static const struct name creation_flags[] = {
	{ "mmap", 1 }, { "init-shared", 2 }, { "no-direct-map", NO_DIRECT_MAP }, { NULL, 0 }
};

static const struct name region_flags[] = {
	{ "log-dirty", GMEM_KVM_MEM_LOG_DIRTY_PAGES },
	{ "read-only", GMEM_KVM_MEM_READONLY },
	{ "guest-memfd", GMEM_KVM_MEM_GUEST_MEMFD },
	{ NULL, 0 },
};

static const struct name attribute_names[] = { { "shared", 0 },
					       { "private", GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE },
					       { NULL, 0 } };

static const struct parameter type_parameter[] = {
	{ "type", vm_type_names, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter capability_parameter[] = {
	{ "cap", capability_names, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter id_parameter[] = { { "id", NULL, 0, PART_NONE, 0, 0 }, { 0 } };

static const struct parameter ioctl_parameters[] = {
	{ "request", NULL, 0, PART_NONE, 0, 0 },
	{ "arg", NULL, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter run_parameters[] = {
	{ "fetch", NULL, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter enable_cap_parameters[] = {
	PARAMETER_STRUCT,
	{ "cap", capability_names, 0, FIELD(struct kvm_enable_cap, cap) },
	{ "flags", NULL, 0, FIELD(struct kvm_enable_cap, flags) },
	{ "arg", NULL, 0, FIELD(struct kvm_enable_cap, args[0]) },
	{ 0 },
};

#define CREATE(member) FIELD(struct gmem_kvm_create_guest_memfd, member)

static const struct parameter create_parameters[] = {
	PARAMETER_STRUCT,
	{ "size", NULL, 0, CREATE(size) },
	{ "flags", creation_flags, 0, CREATE(flags) },
	{ "reserved", NULL, 0, CREATE(reserved) },
	{ 0 },
};

#define REGION(member) FIELD(struct gmem_kvm_userspace_memory_region2, member)

/* For both versions of the ioctl: the second struct begins with the first. */
static const struct parameter region_parameters[] = {
	PARAMETER_STRUCT,
	{ "slot", NULL, 0, REGION(slot) },
	{ "flags", region_flags, 0, REGION(flags) },
	{ "gpa", NULL, 0, REGION(guest_phys_addr) },
	{ "size", NULL, 0, REGION(memory_size) },
	{ "uaddr", NULL, 0, REGION(userspace_addr) },
	{ "offset", NULL, 0, REGION(guest_memfd_offset) },
	{ "fd", NULL, 0, REGION(guest_memfd) },
	{ "pad1", NULL, 0, REGION(pad1) },
	{ "pad2", NULL, 0, REGION(pad2) },
	{ 0 },
};

#define ATTRIBUTES(member) FIELD(struct gmem_kvm_memory_attributes, member)

static const struct parameter attributes_parameters[] = {
	PARAMETER_STRUCT,
	{ "address", NULL, 0, ATTRIBUTES(address) },
	{ "size", NULL, 0, ATTRIBUTES(size) },
	{ "attributes", attribute_names, 0, ATTRIBUTES(attributes) },
	{ "flags", NULL, 0, ATTRIBUTES(flags) },
	{ 0 },
};

/* struct kvm_memory_attributes2, posting v8 of the in-place conversion series. */
static const struct parameter convert_parameters[] = {
	PARAMETER_STRUCT,
	{ "offset", NULL, 0, PART_STRUCT, 0, 8 },
	{ "size", NULL, 0, PART_STRUCT, 8, 8 },
	{ "attributes", attribute_names, 0, PART_STRUCT, 16, 8 },
	{ "flags", NULL, 0, PART_STRUCT, 24, 8 },
	{ "error_offset", NULL, 0, PART_STRUCT, 32, 8 },
	{ "reserved", NULL, 0, PART_STRUCT, 40, 88 },
	{ 0 },
};

#define PRE_FAULT(member) FIELD(struct gmem_kvm_pre_fault_memory, member)

static const struct parameter pre_fault_parameters[] = {
	PARAMETER_STRUCT,
	{ "gpa", NULL, 0, PRE_FAULT(gpa) },
	{ "size", NULL, 0, PRE_FAULT(size) },
	{ "flags", NULL, 0, PRE_FAULT(flags) },
	{ "padding", NULL, 0, PRE_FAULT(padding) },
	{ 0 },
};

/* struct kvm_cpuid2 with one entry: leaf 1. */
struct cpuid {
	uint32_t nent;
	uint32_t padding;
	struct kvm_cpuid_entry2 entry;
};

static const struct parameter cpuid_parameters[] = {
	PARAMETER_STRUCT,
	{ "nent", NULL, 1, FIELD(struct cpuid, nent) },
	{ "leaf", NULL, CPUID_LEAF_FEATURES, FIELD(struct cpuid, entry.function) },
	{ "ecx", (const struct name[]){ { "x2apic", X2APIC }, { NULL, 0 } }, 0,
	  FIELD(struct cpuid, entry.ecx) },
	{ 0 },
};

static int64_t create_vm(struct call *call)
{
	struct run *run = call->run;

	call->type = call_given(call, "type") ? call_value(call, "type") : run->vm_type;
	return run->kernel->ops->ioctl(run->kernel, run->kvm, GMEM_KVM_CREATE_VM, call->type);
}

/*
 * If a TD's pages are not in the direct map, the kernel oopses. So this
 * refuses it on a real kernel.
 */
static int64_t create_guest_memfd(struct call *call)
{
	const struct run *run = call->run;

	if (call->target->type == VM_TYPE_TDX && call_value(call, "flags") & NO_DIRECT_MAP &&
	    !run->kernel->ops->model && !run->options->expendable)
		bad_line(call->line, "not on a real kernel: no-direct-map and TDX");
	return request_run(call);
}

static int64_t any_ioctl(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;

	return kernel->ops->ioctl(kernel, (int)call->target->value, call_value(call, "request"),
				  call_value(call, "arg"));
}

/* Returns why the vCPU left the guest, from the struct kvm_run behind its descriptor. */
static int return_exit(struct call *call, struct gmem_kernel *kernel, int fd)
{
	static const char *const names[] = { "flags", "gpa", "size" };
	uint64_t fault[ARRAY_SIZE(names)];
	struct kvm_run *run;
	void *memory;
	int err;

	err = kernel->ops->mmap(kernel, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &memory);
	if (err)
		return err;
	run = memory;
	call_returns(call, "exit", run->exit_reason);
	memcpy(fault, (char *)memory + EXIT_OFFSET, sizeof(fault));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		call_returns(call, names[i], fault[i]);
	return kernel->ops->munmap(kernel, memory, PAGE);
}

/* A new vCPU fetches from the reset vector. The simulated kernel must be told to do that. */
static int64_t run_vcpu(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	int fd = (int)call->target->value;
	int64_t outcome;
	int err = 0;

	if (kernel->ops->model && call_given(call, "fetch"))
		err = gmem_sim_guest_touch(kernel, fd, call_value(call, "fetch"), false);
	if (err)
		return err;
	outcome = kernel->ops->ioctl(kernel, fd, KVM_RUN, 0);
	err = return_exit(call, kernel, fd);
	return err ? err : outcome;
}

#define PLAIN(operation_name, function, target, result, its_parameters)                      \
	{                                                                                    \
		.name = operation_name, .run = function, .targets = target, .makes = result, \
		.parameters = its_parameters                                                 \
	}

#define IOCTL(operation_name, target, result, its_parameters, number, struct_size)              \
	{                                                                                       \
		.name = operation_name, .run = request_run, .targets = target, .makes = result, \
		.parameters = its_parameters, .request = number, .size = struct_size            \
	}

const struct operation kvm_operations[] = {
	PLAIN("vm", create_vm, 0, KIND_VM, type_parameter),
	IOCTL("check-extension", KIND_FD, KIND_NUMBER, capability_parameter,
	      GMEM_KVM_CHECK_EXTENSION, 0),
	IOCTL("enable-cap", KIND_VM, KIND_NUMBER, enable_cap_parameters, KVM_ENABLE_CAP,
	      sizeof(struct kvm_enable_cap)),
	IOCTL("create-irqchip", KIND_VM, KIND_NUMBER, NULL, KVM_CREATE_IRQCHIP, 0),
	{
		.name = "create-guest-memfd",
		.run = create_guest_memfd,
		.targets = KIND_VM,
		.makes = KIND_MEMORY,
		.parameters = create_parameters,
		.request = GMEM_KVM_CREATE_GUEST_MEMFD,
		.size = sizeof(struct gmem_kvm_create_guest_memfd),
	},
	IOCTL("region", KIND_VM, KIND_NUMBER, region_parameters, GMEM_KVM_SET_USER_MEMORY_REGION,
	      sizeof(struct kvm_userspace_memory_region)),
	IOCTL("region2", KIND_VM, KIND_NUMBER, region_parameters, GMEM_KVM_SET_USER_MEMORY_REGION2,
	      sizeof(struct gmem_kvm_userspace_memory_region2)),
	IOCTL("set-attributes", KIND_VM, KIND_NUMBER, attributes_parameters,
	      GMEM_KVM_SET_MEMORY_ATTRIBUTES, sizeof(struct gmem_kvm_memory_attributes)),
	IOCTL("convert", KIND_FD, KIND_NUMBER, convert_parameters, KVM_SET_MEMORY_ATTRIBUTES2,
	      ATTRIBUTES2_SIZE),
	IOCTL("vcpu", KIND_VM, KIND_VCPU, id_parameter, GMEM_KVM_CREATE_VCPU, 0),
	IOCTL("set-cpuid", KIND_VCPU, KIND_NUMBER, cpuid_parameters, KVM_SET_CPUID2,
	      sizeof(struct cpuid)),
	IOCTL("pre-fault", KIND_VCPU, KIND_NUMBER, pre_fault_parameters, GMEM_KVM_PRE_FAULT_MEMORY,
	      sizeof(struct gmem_kvm_pre_fault_memory)),
	PLAIN("run", run_vcpu, KIND_VCPU, KIND_NUMBER, run_parameters),
	PLAIN("ioctl", any_ioctl, KIND_FD, KIND_NUMBER, ioctl_parameters),
	{ 0 },
};
