// SPDX-License-Identifier: GPL-2.0-or-later
/* The CPUs of a node, on which a thread that populates is to run. */
#include "fuzz.h"

static struct gmem_ctx *ctx;
static struct gmem_memory *memory;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct gmem_memory_options options = { .size = sizeof(options), .memory_size = 4096 };
	struct gmem_vm *vm;

	(void)argc;
	(void)argv;
	ctx = fuzz_ctx("plain");
	if (gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm) || gmem_memory_new(vm, &options, &memory))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int node = 0;
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.length = 4096,
		.method = GMEM_POPULATE_ALLOCATE,
		.nodes = &node,
		.node_count = 1,
	};
	uint64_t done = 0;

	fuzz_file_is(ctx, "cpulist", data, size);
	HOLDS(!gmem_populate(NULL, memory, &options, NULL, &done) && done == 4096);
	fuzz_file_end(ctx);
	return 0;
}
