// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-launch [MIB]: measures what the guard adds to the launch of a TD of MIB (default 1024) on
 * the simulated kernel "tdx". It launches in one call and in pieces of 4 MiB, with memory that is
 * already allocated and with memory that is not. Prints milliseconds of CPU time for each.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <gmem/gmem.h>

#include "base/guard.h"

#define PIECE (4ull << 20)
#define GPA 0x100000000ull

struct td {
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	uint64_t size;
	void *source;
};

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(int ret, const char *what)
{
	if (ret)
		errx(2, "%s: %d", what, ret);
}

static void begin(struct td *td, bool guarded, bool allocated)
{
	struct gmem_memory_options options = { .size = sizeof(options), .memory_size = td->size };
	struct gmem_slot_options slot = { .size = sizeof(slot),
					  .gpa = GPA,
					  .memory_size = td->size };

	must(gmem_ctx_new_simulated("tdx", &td->ctx), "tdx");
	gmem_ctx_allow_faults(td->ctx, !guarded);
	must(gmem_vm_new(td->ctx, GMEM_VM_TDX, &td->vm), "vm");
	must(gmem_memory_new(td->vm, &options, &td->memory), "memory");
	slot.memory = td->memory;
	must(gmem_slot_set(td->vm, &slot), "slot");
	must(gmem_convert(td->vm, GPA, td->size, true), "convert");
	if (allocated)
		must(gmem_memory_allocate(td->memory, 0, td->size), "allocate");
}

static void launch_at_once(const struct td *td)
{
	const struct gmem_tdx_region region = { sizeof(region), td->source, GPA,
						td->size / GMEM_PAGE_SIZE, 0 };
	const struct gmem_tdx_launch_options options = { .size = sizeof(options),
							 .regions = &region,
							 .region_count = 1 };

	must(gmem_tdx_launch(td->vm, &options), "launch");
}

static void launch_in_pieces(const struct td *td)
{
	must(gmem_launch_init(td->vm), "init");
	must(gmem_vm_add_vcpu(td->vm, 0), "vcpu");
	must(gmem_launch_vcpu(td->vm, 0), "init vcpu");
	for (uint64_t at = 0; at < td->size; at += PIECE) {
		const struct gmem_launch_content piece = {
			.size = sizeof(piece),
			.source = (char *)td->source + at,
			.gpa = GPA + at,
			.pages = PIECE / GMEM_PAGE_SIZE,
		};

		must(gmem_launch_add(td->vm, &piece, NULL), "add");
	}
	must(gmem_launch_finalize(td->vm), "finalize");
}

static double measure(struct td *td, void (*launch)(const struct td *td), bool guarded,
		      bool allocated)
{
	double before;

	begin(td, guarded, allocated);
	before = cpu_ms();
	launch(td);
	before = cpu_ms() - before;
	gmem_memory_free(td->memory);
	gmem_vm_free(td->vm);
	gmem_ctx_free(td->ctx);
	return before;
}

static void compare(struct td *td, const char *name, void (*launch)(const struct td *td),
		    bool allocated)
{
	double alone = measure(td, launch, false, allocated);
	double guarded = measure(td, launch, true, allocated);

	printf("%-10s %-13s %8.1f ms, guarded %8.1f ms\n", name,
	       allocated ? "allocated" : "not allocated", alone, guarded);
}

/* Looks once at all the memory, then in pieces. It calls only the guard. */
static void look(struct gmem_ctx *ctx, const struct gmem_memory *memory, const char *where)
{
	struct gmem_touched touched = {
		.call = "nothing",
		.touch = GMEM_TOUCH_TDX_ADD,
		.vm_type = GMEM_VM_TDX,
		.fd = gmem_memory_fd(memory),
	};
	uint64_t size = gmem_memory_size(memory);
	double before, whole, pieces;

	touched.length = PIECE; /* the first look also opens the reader */
	must(gmem_guard(ctx, &touched), "guard");
	before = cpu_ms();
	touched.length = size;
	must(gmem_guard(ctx, &touched), "guard");
	whole = cpu_ms() - before;
	before = cpu_ms();
	touched.length = PIECE;
	for (; touched.offset < size; touched.offset += PIECE)
		must(gmem_guard(ctx, &touched), "guard");
	pieces = cpu_ms() - before;
	printf("looks alone, %s: %.2f ms for all, %.2f ms in pieces of 4 MiB, %.3f ms each%s\n",
	       where, whole, pieces, pieces * (double)PIECE / (double)size,
	       gmem_reader_evidence(ctx) ? "" : " (without a reader)");
}

static void look_at_model(struct td *td)
{
	begin(td, true, true);
	look(td->ctx, td->memory, "simulated");
	gmem_memory_free(td->memory);
	gmem_vm_free(td->vm);
	gmem_ctx_free(td->ctx);
}

static void look_here(uint64_t size)
{
	struct gmem_memory_options options = { .size = sizeof(options),
					       .memory_size = size,
					       .flags = GMEM_MEMORY_MMAP };
	struct gmem_memory *memory = NULL;
	struct gmem_vm *vm = NULL;
	struct gmem_ctx *ctx;

	must(gmem_ctx_new(&ctx), "the running kernel");
	if (!gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm) && !gmem_memory_new(vm, &options, &memory) &&
	    !gmem_memory_allocate(memory, 0, size))
		look(ctx, memory, gmem_ctx_release(ctx));
	else
		puts("looks alone, on the running kernel: not measured");
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	gmem_ctx_free(ctx);
}

int main(int argc, char **argv)
{
	struct td td = { .size = (argc > 1 ? strtoull(argv[1], NULL, 0) : 1024) << 20 };

	td.source = mmap(NULL, td.size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (td.source == MAP_FAILED)
		err(2, "mmap");
	measure(&td, launch_at_once, false, true); /* to warm up */
	for (int allocated = 0; allocated < 2; allocated++) {
		compare(&td, "at once", launch_at_once, allocated);
		compare(&td, "by 4 MiB", launch_in_pieces, allocated);
	}
	look_at_model(&td);
	look_here(td.size);
}
