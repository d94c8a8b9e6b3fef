// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walker of a guest_memfd's page cache on corrupted trees, folios and bindings. It ends, and
 * its answers ascend and are within the file.
 */
#include "fuzz.h"

#define PAGES 1024

static int take(const struct gmem_extent *extent, void *arg)
{
	uint64_t *next = arg;

	HOLDS(extent->offset >= *next && extent->pages > 0);
	*next = extent->offset + extent->pages * GMEM_PAGE_SIZE;
	HOLDS(*next <= (uint64_t)PAGES * GMEM_PAGE_SIZE);
	HOLDS(extent->has_pfn || extent->reason);
	return 0;
}

static struct gmem_ctx *ctx;
static struct gmem_memory *memory;

/* A memory with two memslots and a hole. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = (uint64_t)PAGES * GMEM_PAGE_SIZE,
	};
	struct gmem_slot_options slot = { .size = sizeof(slot), .memory_size = 64 * 4096 };
	struct gmem_vm *vm;

	(void)argc;
	(void)argv;
	ctx = fuzz_ctx("tdx");
	if (gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm) || gmem_memory_new(vm, &options, &memory))
		abort();
	slot.memory = memory;
	if (gmem_slot_set(vm, &slot))
		abort();
	slot.slot = 1;
	slot.gpa = 1ull << 32;
	slot.memory_offset = 128 * 4096;
	if (gmem_slot_set(vm, &slot) ||
	    gmem_memory_allocate(memory, 0, (uint64_t)PAGES * GMEM_PAGE_SIZE) ||
	    gmem_memory_punch(memory, 64 * 4096, 3 * 4096) ||
	    gmem_reader_open(ctx, GMEM_EVIDENCE_NONE))
		abort();
	return 0;
}

/* The cursor must end, too, even if reads that fail do not end it. */
static void take_all(struct gmem_target *target)
{
	const struct gmem_extents_options options = {
		.size = sizeof(options),
		.want = GMEM_EXTENT_DIRECT_MAP,
	};
	struct gmem_extent extent = { .size = sizeof(extent) };
	struct gmem_extents *extents;
	uint64_t next = 0;

	if (gmem_extents_new(target, &options, &extents))
		return;
	while (gmem_extents_next(extents, &extent) > 0) {
		take(&extent, &next);
		HOLDS(gmem_extents_offset(extents) == next);
	}
	gmem_extents_free(extents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gmem_target_info info = { .size = sizeof(info) };
	struct gmem_target *target;
	struct gmem_binding binding = { .size = sizeof(binding) };
	uint64_t next = 0;

	fuzz_kmem_is(ctx, data, size);
	if (!gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target)) {
		gmem_target_extents(target, 0, 0, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS, take,
				    &next);
		take_all(target);
		gmem_target_get_info(target, &info);
		for (size_t i = 0; !gmem_target_binding(target, i, &binding); i++)
			HOLDS(!info.has_slots || i < info.slots);
		gmem_target_free(target);
	}
	fuzz_kmem_end(ctx);
	return 0;
}
