// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A context in a child after fork(): the reader of kernel memory refuses the child, and every call
 * explains that and says what to do. (tests/tools/forked.c forks.)
 */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "port.h"

#define PAGE GMEM_PAGE_SIZE

static int of_parent(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	(void)kernel;
	(void)requests;
	(void)n;
	return -ECHILD;
}

static int task_of_parent(struct gmem_kernel *kernel, uint64_t *address)
{
	(void)kernel;
	(void)address;
	return -ECHILD;
}

static int pass(const struct gmem_extent *extent, void *arg)
{
	(void)extent;
	(void)arg;
	return 0;
}

static void says_so(struct gmem_ctx *ctx, int ret)
{
	char why[1024];

	ck_assert_int_eq(ret, -ECHILD);
	gmem_explain(ctx, why, sizeof(why));
	ck_assert_str_eq(why, gmem_error_words(-ECHILD));
}

/* Tries all calls, on a context that has read things about the kernel already, and on a new one. */
static void try_all(bool learnt)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = 64 * PAGE,
	};
	struct gmem_preflight_options preflight = {
		.size = sizeof(preflight),
		.vm_type = GMEM_VM_TDX,
		.length = 64 * PAGE,
	};
	struct gmem_ctx *ctx = port_ctx("tdx");
	struct gmem_frame frame = { .size = sizeof(frame) };
	struct gmem_preflight told = { .size = sizeof(told) };
	struct gmem_kernel_ops *ops;
	struct gmem_memory *memory;
	struct gmem_target *target;
	struct gmem_vm *vm;

	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 4 * PAGE), 0);
	ck_assert_int_eq(gmem_reader_open(ctx, GMEM_EVIDENCE_BPF), 0);
	ck_assert_int_eq(gmem_target_open(ctx, 0, gmem_memory_fd(memory), &target), 0);
	if (learnt)
		ck_assert_int_eq(gmem_target_extents(target, 0, 0, 0, pass, NULL), 0);
	ops = port_pretend(ctx);
	ops->read_kmem = of_parent;
	ops->current_task = task_of_parent;
	says_so(ctx, gmem_target_extents(target, 0, 0, 0, pass, NULL));
	preflight.memory = memory;
	says_so(ctx, gmem_flush_preflight(ctx, &preflight, &told, NULL));
	ck_assert_int_eq(gmem_frame_get(ctx, 4711, GMEM_EXTENT_DIRECT_MAP, &frame), 0);
	ck_assert_int_eq(frame.direct_map, GMEM_DIRECT_MAP_UNKNOWN);
	ck_assert_str_eq(frame.reason, gmem_error_words(-ECHILD));
	ops->read_kmem = port.real->read_kmem;
	ops->current_task = port.real->current_task;
	gmem_target_free(target);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	port_ctx_free(ctx, 0, 0);
}

START_TEST(child_in_the_middle_of_a_call)
{
	try_all(true);
}
END_TEST

START_TEST(child_before_the_page_cache_is_read)
{
	try_all(false);
}
END_TEST

UNIT_MAIN("forked", child_in_the_middle_of_a_call, child_before_the_page_cache_is_read)
