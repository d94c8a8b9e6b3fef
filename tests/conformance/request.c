// SPDX-License-Identifier: GPL-2.0-or-later
/* An ioctl. The operation's parameters describe its struct, and the memory that this points to. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "conformance.h"
#include "kernel/uapi.h"

#define BAD_POINTER 1ul
#define DATA_OFFSET 8 /* of the data member in struct kvm_tdx_cmd and struct kvm_sev_cmd */
#define PART_SIZE (4 * PAGE)

const struct name pointer_names[] = {
	{ "null", POINTER_NULL },
	{ "bad", POINTER_BAD },
	{ "read-only", POINTER_READ_ONLY },
	{ NULL, 0 },
};

/* The struct, followed by the memory that it points to. */
struct buffer {
	unsigned char *parts[PART_PAYLOAD + 1];
};

static void store(const struct buffer *buffer, const struct parameter *parameter, uint64_t value)
{
	unsigned char *at = buffer->parts[parameter->part];

	if (!at)
		return;
	at += parameter->offset;
	if (parameter->size <= sizeof(value))
		memcpy(at, &value, parameter->size);
	else
		memset(at, (int)(value & 0xff), parameter->size);
}

static void fill(const struct call *call, const struct buffer *buffer)
{
	const struct operation *operation = call->operation;
	uint64_t payload = (uintptr_t)buffer->parts[PART_PAYLOAD];

	if (operation->request == GMEM_KVM_MEMORY_ENCRYPT_OP) {
		memcpy(buffer->parts[PART_STRUCT], &operation->command, sizeof(operation->command));
		if (operation->payload_size)
			memcpy(buffer->parts[PART_STRUCT] + DATA_OFFSET, &payload, sizeof(payload));
	}
	for (size_t i = 0; operation->parameters[i].name; i++)
		if (call->given[i] || operation->parameters[i].value)
			store(buffer, &operation->parameters[i], call->values[i]);
}

/* Returns what the kernel left in the structs, for lines that check it. */
static void return_fields(struct call *call, const struct buffer *buffer)
{
	const struct parameter *parameter = call->operation->parameters;

	for (; parameter->name; parameter++) {
		const unsigned char *at = buffer->parts[parameter->part];
		uint64_t value = 0;

		if (!at || parameter->size > sizeof(value))
			continue;
		memcpy(&value, at + parameter->offset, parameter->size);
		call_returns(call, parameter->name, value);
	}
}

static int64_t with_struct(struct call *call, int fd)
{
	struct gmem_kernel *kernel = call->run->kernel;
	uint64_t pointer = call_value(call, "struct");
	struct buffer buffer = { { NULL } };
	unsigned char *memory;
	uintptr_t arg;
	int64_t outcome;

	memory = mmap(NULL, 2 * PART_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	buffer.parts[PART_STRUCT] = memory;
	buffer.parts[PART_PAYLOAD] = memory + PART_SIZE;
	fill(call, &buffer);
	if (pointer == POINTER_READ_ONLY)
		mprotect(memory, PART_SIZE, PROT_READ);
	arg = pointer == POINTER_NULL  ? 0
	      : pointer == POINTER_BAD ? BAD_POINTER
				       : (uintptr_t)memory;
	outcome = kernel->ops->ioctl(kernel, fd, call->operation->request, arg);
	return_fields(call, &buffer);
	munmap(memory, 2 * PART_SIZE);
	return outcome;
}

int64_t request_run(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	int fd = call->target ? (int)call->target->value : call->run->kvm;

	if (call->operation->size)
		return with_struct(call, fd);
	return kernel->ops->ioctl(kernel, fd, call->operation->request,
				  call->operation->parameters ? call->values[0] : 0);
}
