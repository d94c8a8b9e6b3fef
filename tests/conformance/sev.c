// SPDX-License-Identifier: GPL-2.0-or-later
/* KVM_MEMORY_ENCRYPT_OP of SEV-SNP, with the offsets of arch/x86/include/uapi/asm/kvm.h. */
#include <fcntl.h>
#include "conformance.h"
#include "kernel/uapi.h"

#define COMMAND_SIZE 24 /* struct kvm_sev_cmd */
#define FIRMWARE_OFFSET 20
#define INIT_SIZE 48
#define START_SIZE 64
#define UPDATE_SIZE 64
#define FINISH_SIZE 88

/* Bit 17 is required. ABI 0.0, SMT allowed. */
#define POLICY (1u << 17 | 1u << 16)

static const struct name data_names[] = { { "null", 0 }, { "bad", 1 }, { NULL, 0 } };
static const struct name page_types[] = {
	{ "normal", 1 },  { "zero", 3 },  { "unmeasured", 4 },
	{ "secrets", 5 }, { "cpuid", 6 }, { NULL, 0 },
};

#define COMMAND_PARAMETERS                                              \
	PARAMETER_STRUCT, { "data", data_names, 0, PART_STRUCT, 8, 8 }, \
		{ "error", NULL, 0, PART_STRUCT, 16, 4 },               \
	{                                                               \
		"firmware", NULL, 0, PART_STRUCT, FIRMWARE_OFFSET, 4    \
	}

static const struct parameter command_parameters[] = {
	COMMAND_PARAMETERS,
	{ "id", NULL, 0, PART_STRUCT, 0, 4 },
	{ 0 },
};

static const struct parameter init_parameters[] = {
	COMMAND_PARAMETERS,
	{ "vmsa-features", NULL, 0, PART_PAYLOAD, 0, 8 },
	{ "flags", NULL, 0, PART_PAYLOAD, 8, 4 },
	{ "ghcb-version", NULL, 0, PART_PAYLOAD, 12, 2 },
	{ 0 },
};

static const struct parameter start_parameters[] = {
	COMMAND_PARAMETERS,
	{ "policy", NULL, POLICY, PART_PAYLOAD, 0, 8 },
	{ "flags", NULL, 0, PART_PAYLOAD, 24, 2 },
	{ 0 },
};

static const struct parameter update_parameters[] = {
	COMMAND_PARAMETERS,
	{ "gfn", NULL, 0, PART_PAYLOAD, 0, 8 },
	{ "uaddr", NULL, 0, PART_PAYLOAD, 8, 8 },
	{ "length", NULL, 0, PART_PAYLOAD, 16, 8 },
	{ "type", page_types, 1, PART_PAYLOAD, 24, 1 },
	{ "flags", NULL, 0, PART_PAYLOAD, 26, 2 },
	{ 0 },
};

static const struct parameter finish_parameters[] = {
	COMMAND_PARAMETERS,
	{ "flags", NULL, 0, PART_PAYLOAD, 54, 2 },
	{ 0 },
};

/* Passes a descriptor of the firmware's device, which the kernel needs for these commands. */
static int64_t run_command(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	int firmware = kernel->ops->open(kernel, "/dev/sev", O_RDWR);
	const struct parameter *parameters = call->operation->parameters;
	int64_t outcome;

	for (size_t i = 0; parameters[i].name; i++) {
		if (parameters[i].offset == FIRMWARE_OFFSET && parameters[i].part == PART_STRUCT &&
		    !call->given[i]) {
			call->values[i] = (uint64_t)firmware;
			call->given[i] = true;
		}
	}
	outcome = request_run(call);
	if (firmware >= 0)
		kernel->ops->close(kernel, firmware);
	return outcome;
}

#define COMMAND(operation_name, command_id, its_parameters, its_payload)                    \
	{                                                                                   \
		.name = operation_name, .run = run_command, .targets = KIND_VM | KIND_VCPU, \
		.makes = KIND_NUMBER, .parameters = its_parameters,                         \
		.request = GMEM_KVM_MEMORY_ENCRYPT_OP, .size = COMMAND_SIZE,                \
		.command = command_id, .payload_size = its_payload                          \
	}

const struct operation sev_operations[] = {
	COMMAND("sev-init2", 22, init_parameters, INIT_SIZE),
	COMMAND("snp-launch-start", 100, start_parameters, START_SIZE),
	COMMAND("snp-launch-update", 101, update_parameters, UPDATE_SIZE),
	COMMAND("snp-launch-finish", 102, finish_parameters, FINISH_SIZE),
	COMMAND("sev-command", 0, command_parameters, 0),
	{ 0 },
};
