// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The value that a callback returns has the same meaning in all of the library: 0 goes on, any
 * other value ends the call, and the call returns it. Progress of populate and of a launch, and the
 * log's reader, are tested with their other properties.
 */
#include "unit.h"

#include <errno.h>
#include <gmem/gmem.h>
#include <limits.h>
#include <sys/mman.h>

#include "port.h"

#define PAGE ((uint64_t)GMEM_PAGE_SIZE)
#define PAGES 16

/* Some of these errors the library also gets from the kernel during a walk, and may try again. */
static const int values[] = { 1,	 2,	  INT_MAX,	-EFAULT, -EAGAIN,
			      -EINTR,	 -ESRCH,  -ENOENT,	-EACCES, -ENOMEM,
			      -ENODATA,	 -EILSEQ, -EMEDIUMTYPE, -EBADF,	 -EOPNOTSUPP,
			      -ECANCELED };

struct world {
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;
	struct gmem_memory *memory;
	struct gmem_target *target;
	struct gmem_owners *owners;
	void *mapping; /* of a file that has no descriptor */
	unsigned int called;
	unsigned int ends_at; /* the call that returns value */
	int value;
};

static int answer(struct world *w)
{
	return ++w->called == w->ends_at ? w->value : 0;
}

static int run_of_map(const struct gmem_directmap_run *run, void *arg)
{
	(void)run;
	return answer(arg);
}

static int extent(const struct gmem_extent *found, void *arg)
{
	(void)found;
	return answer(arg);
}

static int fd_of_target(int fd, void *arg)
{
	(void)fd;
	return answer(arg);
}

static int mapped(const struct gmem_mapped *found, void *arg)
{
	(void)found;
	return answer(arg);
}

static int frame(const struct gmem_owned_frame *found, void *arg)
{
	(void)found;
	return answer(arg);
}

static int change(const struct gmem_change *seen, void *arg)
{
	(void)seen;
	return answer(arg);
}

static int walk_direct_map(struct world *w)
{
	return gmem_directmap_walk(w->ctx, 0, 0, run_of_map, w);
}

static int summarize(struct world *w)
{
	struct gmem_directmap_summary summary = { .size = sizeof(summary) };

	return gmem_directmap_summarize(w->ctx, run_of_map, w, &summary);
}

static int extents_plain(struct world *w)
{
	return gmem_target_extents(w->target, 0, 0, 0, extent, w);
}

static int extents_joined(struct world *w)
{
	return gmem_target_extents(w->target, 0, 0, GMEM_EXTENT_DIRECT_MAP, extent, w);
}

static int extents_one_by_one(struct world *w)
{
	return gmem_target_extents(
		w->target, 0, 0,
		GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS | GMEM_EXTENT_ONE_BY_ONE, extent, w);
}

static int list(struct world *w)
{
	return gmem_target_list(w->ctx, 0, fd_of_target, w);
}

static int list_mapped(struct world *w)
{
	return gmem_target_list_mapped(w->ctx, 0, mapped, w);
}

static int find(struct world *w)
{
	struct gmem_kernel *kernel = port_sim(w->ctx);
	int fd = gmem_memory_fd(w->memory);
	uint64_t first = (uint64_t)gmem_sim_file_pfn(kernel, fd, 0);
	uint64_t second = (uint64_t)gmem_sim_file_pfn(kernel, fd, 1);
	uint64_t pfns[] = { first < second ? first : second, first < second ? second : first };

	return gmem_owners_find(w->owners, pfns, 2, frame, w);
}

static int preflight(struct world *w)
{
	const struct gmem_preflight_options options = {
		.size = sizeof(options),
		.vm_type = GMEM_VM_DEFAULT,
		.memory = w->memory,
		.fn = extent,
		.arg = w,
	};
	struct gmem_preflight found = { .size = sizeof(found) };

	return gmem_flush_preflight(w->ctx, &options, &found, NULL);
}

/* Looks once, and finds one new guest_memfd. */
static int look(struct world *w)
{
	const struct gmem_memory_options options = { .size = sizeof(options), .memory_size = PAGE };
	struct gmem_memory *new;
	struct gmem_watch *watch;
	int ret;

	ck_assert_int_eq(gmem_watch_new(w->ctx, NULL, &watch), 0);
	ck_assert_int_eq(gmem_watch_look(watch, change, w), 0);
	ck_assert_uint_eq(w->called, 0);
	ck_assert_int_eq(gmem_memory_new(w->vm, &options, &new), 0);
	ret = gmem_watch_look(watch, change, w);
	gmem_memory_free(new);
	gmem_watch_free(watch);
	return ret;
}

static const struct {
	const char *name;
	int (*call)(struct world *w);
} calls[] = {
	{ "gmem_directmap_walk", walk_direct_map },
	{ "gmem_directmap_summarize", summarize },
	{ "gmem_target_extents, page frames", extents_plain },
	{ "gmem_target_extents, direct map", extents_joined },
	{ "gmem_target_extents, one by one", extents_one_by_one },
	{ "gmem_target_list", list },
	{ "gmem_target_list_mapped", list_mapped },
	{ "gmem_owners_find", find },
	{ "gmem_flush_preflight", preflight },
	{ "gmem_watch_look", look },
};

/*
 * Makes a guest_memfd with a hole and a page that is not in the direct map, and one
 * that has only a mapping.
 */
static void world_open(struct world *w)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = PAGES * PAGE,
	};
	const struct gmem_memory_options shared = {
		.size = sizeof(shared),
		.memory_size = PAGE,
		.flags = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
	};
	struct gmem_kernel *kernel;
	struct gmem_memory *gone;
	int64_t pfn;

	*w = (struct world){ .ctx = port_ctx("plain") };
	kernel = port_sim(w->ctx);
	ck_assert_int_eq(gmem_vm_new(w->ctx, GMEM_VM_DEFAULT, &w->vm), 0);
	ck_assert_int_eq(gmem_memory_new(w->vm, &shared, &gone), 0);
	ck_assert_int_eq(kernel->ops->mmap(kernel, PAGE, PROT_READ, MAP_SHARED,
					   gmem_memory_fd(gone), 0, &w->mapping),
			 0);
	gmem_memory_free(gone);
	ck_assert_int_eq(gmem_memory_new(w->vm, &options, &w->memory), 0);
	ck_assert_int_eq(gmem_memory_allocate(w->memory, 0, PAGES * PAGE), 0);
	ck_assert_int_eq(gmem_memory_punch(w->memory, 8 * PAGE, PAGE), 0);
	pfn = gmem_sim_file_pfn(kernel, gmem_memory_fd(w->memory), 2);
	ck_assert_int_eq(gmem_sim_set_direct_map(kernel, (uint64_t)pfn, false), 0);
	ck_assert_int_eq(gmem_target_open(w->ctx, 0, gmem_memory_fd(w->memory), &w->target), 0);
	ck_assert_int_eq(gmem_owners_new(w->ctx, NULL, &w->owners), 0);
}

static void world_close(struct world *w)
{
	struct gmem_kernel *kernel = port_sim(w->ctx);

	gmem_owners_free(w->owners);
	gmem_target_free(w->target);
	gmem_memory_free(w->memory);
	ck_assert_int_eq(kernel->ops->munmap(kernel, w->mapping, PAGE), 0);
	gmem_vm_free(w->vm);
	port_ctx_free(w->ctx, 0, 0);
}

/*
 * The first call reports everything. Then callbacks end the call at the first and at the last item.
 */
START_TEST(value_of_a_callback_ends_the_call)
{
	struct world w;

	world_open(&w);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		unsigned int all;

		w.called = w.ends_at = 0;
		ck_assert_msg(!calls[i].call(&w), "%s", calls[i].name);
		all = w.called;
		ck_assert_msg(all, "%s calls nothing", calls[i].name);
		for (size_t k = 0; k < 2 * sizeof(values) / sizeof(values[0]); k++) {
			int ret;

			w.value = values[k / 2];
			w.ends_at = k % 2 ? all : 1;
			w.called = 0;
			ret = calls[i].call(&w);
			ck_assert_msg(ret == w.value, "%s returned %d for %d", calls[i].name, ret,
				      w.value);
			ck_assert_msg(w.called == w.ends_at, "%s: %u calls, not %u", calls[i].name,
				      w.called, w.ends_at);
		}
	}
	world_close(&w);
}
END_TEST

UNIT_MAIN("callbacks", value_of_a_callback_ends_the_call)
