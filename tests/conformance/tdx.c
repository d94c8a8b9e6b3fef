// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KVM_MEMORY_ENCRYPT_OP of TDX. The offsets are those of arch/x86/include/uapi/asm/kvm.h, Linux
 * 7.3. They are written here again, so that a wrong one in libgmem is found.
 */
#include "conformance.h"
#include "kernel/uapi.h"

#define COMMAND_SIZE 24		/* struct kvm_tdx_cmd */
#define CAPABILITIES_SIZE 12296 /* struct kvm_tdx_capabilities with 256 CPUID entries */
#define INIT_VM_SIZE 344	/* struct kvm_tdx_init_vm with two entries */
#define REGION_SIZE 24		/* struct kvm_tdx_init_mem_region */
#define CPUID_SIZE 10248	/* struct kvm_cpuid2 with 256 entries */

#define LEAF_ADDRESS_SIZES 0x80000008u
#define GPAW_48 (48u << 16)
#define XFAM_X87_SSE 3u

#define COMMAND_PARAMETERS                                               \
	PARAMETER_STRUCT, { "flags", flag_names, 0, PART_STRUCT, 4, 4 }, \
		{ "data", data_names, 0, PART_STRUCT, 8, 8 },            \
	{                                                                \
		"hw_error", NULL, 0, PART_STRUCT, 16, 8                  \
	}

static const struct name flag_names[] = { { "measure", 1 }, { NULL, 0 } };
static const struct name data_names[] = { { "null", 0 }, { "bad", 1 }, { NULL, 0 } };

static const struct parameter command_parameters[] = {
	COMMAND_PARAMETERS,
	{ "id", NULL, 0, PART_STRUCT, 0, 4 },
	{ 0 },
};

static const struct parameter capabilities_parameters[] = {
	COMMAND_PARAMETERS,
	{ "attributes", NULL, 0, PART_PAYLOAD, 0, 8 },
	{ "xfam", NULL, 0, PART_PAYLOAD, 8, 8 },
	{ "nent", NULL, 256, PART_PAYLOAD, 2048, 4 },
	{ 0 },
};

/* Two CPUID entries. The first is the guest's address width, unless a script changes it. */
static const struct parameter init_vm_parameters[] = {
	COMMAND_PARAMETERS,
	{ "attributes", NULL, 0, PART_PAYLOAD, 0, 8 },
	{ "xfam", NULL, XFAM_X87_SSE, PART_PAYLOAD, 8, 8 },
	{ "mrconfigid", NULL, 0, PART_PAYLOAD, 16, 48 },
	{ "mrowner", NULL, 0, PART_PAYLOAD, 64, 48 },
	{ "mrownerconfig", NULL, 0, PART_PAYLOAD, 112, 48 },
	{ "reserved", NULL, 0, PART_PAYLOAD, 160, 96 },
	{ "nent", NULL, 1, PART_PAYLOAD, 256, 4 },
	{ "padding", NULL, 0, PART_PAYLOAD, 260, 4 },
	{ "leaf", NULL, LEAF_ADDRESS_SIZES, PART_PAYLOAD, 264, 4 },
	{ "index", NULL, 0, PART_PAYLOAD, 268, 4 },
	{ "eax", NULL, GPAW_48, PART_PAYLOAD, 276, 4 },
	{ "leaf2", NULL, 0, PART_PAYLOAD, 304, 4 },
	{ "ebx2", NULL, 0, PART_PAYLOAD, 320, 4 },
	{ "ecx2", NULL, 0, PART_PAYLOAD, 324, 4 },
	{ 0 },
};

static const struct parameter region_parameters[] = {
	COMMAND_PARAMETERS,
	{ "source", NULL, 0, PART_PAYLOAD, 0, 8 },
	{ "gpa", NULL, 0, PART_PAYLOAD, 8, 8 },
	{ "pages", NULL, 0, PART_PAYLOAD, 16, 8 },
	{ 0 },
};

static const struct parameter get_cpuid_parameters[] = {
	COMMAND_PARAMETERS,
	{ "nent", NULL, 256, PART_PAYLOAD, 0, 4 },
	{ 0 },
};

#define COMMAND(operation_name, kind, command_id, its_parameters, its_payload)                     \
	{                                                                                          \
		.name = operation_name, .run = request_run, .targets = kind, .makes = KIND_NUMBER, \
		.parameters = its_parameters, .request = GMEM_KVM_MEMORY_ENCRYPT_OP,               \
		.size = COMMAND_SIZE, .command = command_id, .payload_size = its_payload           \
	}

const struct operation tdx_operations[] = {
	COMMAND("tdx-capabilities", KIND_VM, 0, capabilities_parameters, CAPABILITIES_SIZE),
	COMMAND("tdx-init-vm", KIND_VM, 1, init_vm_parameters, INIT_VM_SIZE),
	COMMAND("tdx-init-vcpu", KIND_VCPU, 2, command_parameters, 0),
	COMMAND("tdx-init-mem-region", KIND_VCPU, 3, region_parameters, REGION_SIZE),
	COMMAND("tdx-finalize-vm", KIND_VM, 4, command_parameters, 0),
	COMMAND("tdx-get-cpuid", KIND_VCPU, 5, get_cpuid_parameters, CPUID_SIZE),
	COMMAND("tdx-command", KIND_VM | KIND_VCPU, 0, command_parameters, 0),
	{ 0 },
};
