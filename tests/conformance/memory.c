// SPDX-License-Identifier: GPL-2.0-or-later
/* User memory: mappings, single bytes, madvise(2), NUMA policy. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include "conformance.h"

#define NODES_MAX 64
#define ADVICE_HW_POISON 100

static const struct name prot_names[] = {
	{ "none", PROT_NONE }, { "read", PROT_READ }, { "write", PROT_WRITE },
	{ "exec", PROT_EXEC }, { NULL, 0 },
};

static const struct name map_names[] = {
	{ "shared", MAP_SHARED },
	{ "private", MAP_PRIVATE },
	{ "shared-validate", MAP_SHARED_VALIDATE },
	{ "sync", MAP_SYNC },
	{ "populate", MAP_POPULATE },
	{ NULL, 0 },
};

/* From include/uapi/asm-generic/mman-common.h. Some are newer than some headers. */
static const struct name advice_names[] = {
	{ "normal", 0 },
	{ "dont-need", 4 },
	{ "free", 8 },
	{ "remove", 9 },
	{ "huge-page", 14 },
	{ "no-huge-page", 15 },
	{ "dont-dump", 16 },
	{ "cold", 20 },
	{ "page-out", 21 },
	{ "populate-read", 22 },
	{ "populate-write", 23 },
	{ "collapse", 25 },
	{ "hw-poison", ADVICE_HW_POISON },
	{ "soft-offline", 101 },
	{ NULL, 0 },
};

static const struct name mode_names[] = {
	{ "default", MPOL_DEFAULT },
	{ "preferred", MPOL_PREFERRED },
	{ "bind", MPOL_BIND },
	{ "interleave", MPOL_INTERLEAVE },
	{ NULL, 0 },
};

static const struct name mbind_flags[] = { { "strict", MPOL_MF_STRICT },
					   { "move", MPOL_MF_MOVE },
					   { NULL, 0 } };

#define PLAIN(parameter_name, names, value)                   \
	{                                                     \
		parameter_name, names, value, PART_NONE, 0, 0 \
	}

static const struct parameter length_parameter[] = { PLAIN("length", NULL, 0), { 0 } };
static const struct parameter value_parameter[] = { PLAIN("value", NULL, 0), { 0 } };

static const struct parameter mmap_parameters[] = {
	PLAIN("length", NULL, 0),
	PLAIN("prot", prot_names, PROT_READ | PROT_WRITE),
	PLAIN("flags", map_names, MAP_SHARED),
	PLAIN("offset", NULL, 0),
	{ 0 },
};

static const struct parameter madvise_parameters[] = {
	PLAIN("length", NULL, 0),
	PLAIN("advice", advice_names, 0),
	{ 0 },
};

static const struct parameter mbind_parameters[] = {
	PLAIN("length", NULL, 0),
	PLAIN("mode", mode_names, 0),
	PLAIN("nodes", NULL, 0),
	PLAIN("flags", mbind_flags, 0),
	{ 0 },
};

/* What the handler does with a SIGBUS or SIGSEGV at the moment. */
enum expected_signal {
	SIGNAL_NONE,	/* the runner is broken */
	SIGNAL_OUTCOME, /* an access failed: go back to before it */
	SIGNAL_BESIDE,	/* ignore it: the call's result tells enough */
};

static sigjmp_buf on_fault;
static volatile sig_atomic_t expected_signal;

static void fault(int number)
{
	if (expected_signal == SIGNAL_OUTCOME)
		siglongjmp(on_fault, number);
	if (expected_signal == SIGNAL_BESIDE)
		return;
	signal(number, SIG_DFL);
	raise(number);
}

void guard_memory(void)
{
	const struct sigaction action = { .sa_handler = fault, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

/*
 * The simulated kernel knows which page the address is in. Its mapping uses memory of this process.
 */
static int64_t touch_simulated(const struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	int err = 0;

	if (kernel->ops->model)
		err = kernel->ops->touch(kernel, (void *)(uintptr_t)call->address);
	return err == -EFAULT ? -OUTCOME_SIGBUS : err;
}

static int64_t access_byte(const struct call *call, bool is_store, unsigned char value)
{
	volatile unsigned char *byte = (unsigned char *)(uintptr_t)call->address;
	int64_t outcome = touch_simulated(call);
	int number;

	if (outcome)
		return outcome;
	number = sigsetjmp(on_fault, 1);
	if (number) {
		expected_signal = SIGNAL_NONE;
		return number == SIGBUS ? -OUTCOME_SIGBUS : -OUTCOME_SIGSEGV;
	}
	expected_signal = SIGNAL_OUTCOME;
	if (is_store)
		*byte = value;
	else
		outcome = *byte;
	expected_signal = SIGNAL_NONE;
	return outcome;
}

/* Writes the value that it has read. */
static int64_t touch(struct call *call)
{
	int64_t value = access_byte(call, false, 0);

	return value < 0 ? value : access_byte(call, true, (unsigned char)value);
}

static int64_t load(struct call *call)
{
	return access_byte(call, false, 0);
}

static int64_t store(struct call *call)
{
	return access_byte(call, true, (unsigned char)call_value(call, "value"));
}

static int64_t map(struct call *call, int prot, int flags, int fd, uint64_t offset)
{
	struct gmem_kernel *kernel = call->run->kernel;
	uint64_t length = call_value(call, "length");
	void *address;
	int err;

	err = kernel->ops->mmap(kernel, length, prot, flags, fd, offset, &address);
	if (err)
		return err;
	call->length = length;
	return (int64_t)(uintptr_t)address;
}

static int64_t map_file(struct call *call)
{
	return map(call, (int)call_value(call, "prot"), (int)call_value(call, "flags"),
		   (int)call->target->value, call_value(call, "offset"));
}

static int64_t map_anonymous(struct call *call)
{
	return map(call, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Unmaps all of the mapping, unless a length is given. */
static int64_t unmap(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	struct object *mapping = call->target;

	if (call_given(call, "length"))
		return kernel->ops->munmap(kernel, (void *)(uintptr_t)call->address,
					   call_value(call, "length"));
	mapping->open = false;
	return kernel->ops->munmap(kernel, (void *)(uintptr_t)mapping->value, mapping->length);
}

/* A page that is poisoned while it is mapped also causes a SIGBUS. */
static int64_t advise(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	int64_t outcome;

	expected_signal = SIGNAL_BESIDE;
	outcome = kernel->ops->madvise(kernel, (void *)(uintptr_t)call->address,
				       call_value(call, "length"), (int)call_value(call, "advice"));
	expected_signal = SIGNAL_NONE;
	if (call_value(call, "advice") == ADVICE_HW_POISON && outcome == -EBUSY)
		call->run->poisoned++;
	return outcome;
}

static int64_t bind_nodes(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	unsigned long nodes = call_value(call, "nodes");

	return kernel->ops->mbind(kernel, (void *)(uintptr_t)call->address,
				  call_value(call, "length"), (int)call_value(call, "mode"), &nodes,
				  NODES_MAX, (unsigned int)call_value(call, "flags"));
}

const struct operation memory_operations[] = {
	{
		.name = "anonymous",
		.run = map_anonymous,
		.makes = KIND_MAPPING,
		.parameters = length_parameter,
	},
	{
		.name = "mmap",
		.run = map_file,
		.targets = KIND_FD,
		.makes = KIND_MAPPING,
		.parameters = mmap_parameters,
	},
	{
		.name = "munmap",
		.run = unmap,
		.targets = KIND_MAPPING,
		.makes = KIND_NUMBER,
		.parameters = length_parameter,
	},
	{ .name = "touch", .run = touch, .targets = KIND_MAPPING, .makes = KIND_NUMBER },
	{ .name = "load", .run = load, .targets = KIND_MAPPING, .makes = KIND_NUMBER },
	{
		.name = "store",
		.run = store,
		.targets = KIND_MAPPING,
		.makes = KIND_NUMBER,
		.parameters = value_parameter,
	},
	{
		.name = "madvise",
		.run = advise,
		.targets = KIND_MAPPING,
		.makes = KIND_NUMBER,
		.parameters = madvise_parameters,
	},
	{
		.name = "mbind",
		.run = bind_nodes,
		.targets = KIND_MAPPING,
		.makes = KIND_NUMBER,
		.parameters = mbind_parameters,
	},
	{ 0 },
};
