/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM of a model with a guest_memfd, opened for the walkers. */
#ifndef MEMORY_H
#define MEMORY_H

#include <gmem/gmem.h>

#include "port.h"

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static struct gmem_target *target;

static inline void memory_setup(const char *model, enum gmem_vm_type type, uint64_t flags,
				uint64_t bytes)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = bytes,
		.flags = flags,
	};

	ctx = port_ctx(model);
	ck_assert_int_eq(gmem_vm_new(ctx, type, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
}

/* pages: how many pages the kernel keeps afterwards, such as poisoned ones. */
static inline void memory_teardown_but(uint64_t pages)
{
	gmem_target_free(target);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	port_ctx_free(ctx, 0, pages);
}

static inline void memory_teardown(void)
{
	memory_teardown_but(0);
}

#endif
