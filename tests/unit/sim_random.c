// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random sequences of calls on every model. A stock kernel never oopses, the page cache in kernel
 * memory has exactly the allocated pages, and at the end everything is freed.
 */
#include "sim_test.h"

#define FILES 4
#define PAGES 80ull
#define STEPS 3000

struct world {
	struct gmem_kernel *kernel;
	uint32_t seed;
	int vm;
	int vcpu;
	int files[FILES];
	char *mappings[FILES];
};

static uint32_t pick(struct world *w, uint32_t below)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(w->seed >> 8) * below >> 24);
}

static void unmap(struct world *w, uint32_t at)
{
	if (w->mappings[at])
		ck_assert_int_eq(w->kernel->ops->munmap(w->kernel, w->mappings[at], PAGES * PAGE),
				 0);
	w->mappings[at] = NULL;
}

static void close_file(struct world *w, uint32_t at)
{
	if (w->files[at] >= 0)
		ck_assert_int_eq(w->kernel->ops->close(w->kernel, w->files[at]), 0);
	w->files[at] = -1;
}

static void close_all(struct world *w)
{
	for (uint32_t i = 0; i < FILES; i++) {
		unmap(w, i);
		close_file(w, i);
	}
	w->kernel->ops->close(w->kernel, w->vcpu);
	w->kernel->ops->close(w->kernel, w->vm);
	ck_assert_uint_eq(gmem_sim_pages_in_use(w->kernel), 0);
	ck_assert_uint_eq(gmem_sim_open_fds(w->kernel), 0);
	ck_assert_uint_eq(gmem_sim_keyids_in_use(w->kernel), 0);
}

/* Makes a VM of a random type. A TD has no vCPU before its launch. */
static void new_world(struct world *w)
{
	do
		w->vm = new_vm(w->kernel, pick(w, 6));
	while (w->vm < 0);
	w->vcpu = new_vcpu(w->kernel, w->vm, 0);
	for (uint32_t i = 0; i < FILES; i++)
		w->files[i] = -1;
}

static void step(struct world *w)
{
	const struct gmem_kernel_ops *ops = w->kernel->ops;
	uint32_t at = pick(w, FILES);
	uint64_t first = pick(w, PAGES), pages = 1 + pick(w, PAGES - (uint32_t)first);
	uint64_t gpa = (at * 2 * PAGES + first) * PAGE;

	switch (pick(w, 10)) {
	case 0:
		if (w->files[at] < 0)
			w->files[at] = new_gmem(w->kernel, w->vm, PAGES * PAGE, pick(w, 8));
		break;
	case 1:
		close_file(w, at);
		break;
	case 2:
		if (!w->mappings[at] &&
		    ops->mmap(w->kernel, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      w->files[at], 0, (void **)&w->mappings[at]))
			w->mappings[at] = NULL;
		break;
	case 3:
		unmap(w, at);
		break;
	case 4:
		bind_gmem(w->kernel, w->vm, at, w->files[at], at * 2 * PAGES * PAGE, PAGES * PAGE);
		break;
	case 5:
		delete_slot(w->kernel, w->vm, at);
		break;
	case 6:
		convert(w->kernel, w->vm, gpa, pages * PAGE, pick(w, 2));
		break;
	case 7:
		if (w->vcpu >= 0)
			pre_fault(w->kernel, w->vcpu, gpa, pages * PAGE, NULL);
		break;
	case 8:
		ops->fallocate(w->kernel, w->files[at], pick(w, 2) ? KEEP : PUNCH, first * PAGE,
			       pages * PAGE);
		break;
	default:
		if (w->mappings[at])
			ops->touch(w->kernel, w->mappings[at] + first * PAGE);
	}
}

/* Each page frame belongs to one page of one file. */
static void check_files(struct world *w)
{
	int64_t found[FILES * PAGES];
	size_t n = 0;

	for (uint32_t i = 0; i < FILES; i++) {
		for (uint64_t index = 0; w->files[i] >= 0 && index < PAGES; index++) {
			int64_t pfn = gmem_sim_file_pfn(w->kernel, w->files[i], index);

			for (size_t at = 0; pfn >= 0 && at < n; at++)
				ck_assert_int_ne(found[at], pfn);
			if (pfn >= 0)
				found[n++] = pfn;
		}
	}
	/* Closed files that are still mapped have pages, too. */
	ck_assert_uint_le(n, gmem_sim_pages_in_use(w->kernel));
}

START_TEST(random_calls_keep_the_model_whole)
{
	const char *name;

	for (size_t i = 0; (name = gmem_kernel_sim_model_name(i)); i++) {
		struct world w = { .kernel = sim_open(name), .seed = (uint32_t)i };

		for (int round = 0; round < 20; round++) {
			new_world(&w);
			for (int n = 0; n < STEPS; n++)
				step(&w);
			check_files(&w);
			close_all(&w);
		}
		ck_assert_str_eq(w.kernel->ops->log(w.kernel), "");
		ck_assert(!gmem_sim_oopsed(w.kernel));
		w.kernel->ops->destroy(w.kernel);
	}
}
END_TEST

/* The same calls give the same page frames. */
START_TEST(deterministic)
{
	int64_t pfns[2][PAGES];

	for (int run = 0; run < 2; run++) {
		struct world w = { .kernel = sim_open("no-direct-map"), .seed = 42 };

		new_world(&w);
		for (int n = 0; n < STEPS; n++)
			step(&w);
		for (uint64_t index = 0; index < PAGES; index++)
			pfns[run][index] = gmem_sim_file_pfn(w.kernel, w.files[0], index);
		w.kernel->ops->destroy(w.kernel);
	}
	ck_assert_int_eq(memcmp(pfns[0], pfns[1], sizeof(pfns[0])), 0);
}
END_TEST

/* Two kernels at the same time are independent. */
START_TEST(two_at_once)
{
	struct gmem_kernel *one = sim_open("plain"), *other = sim_open("plain");
	int fd = new_gmem(one, new_vm(one, 0), PAGE, 0);

	ck_assert_int_eq(one->ops->fallocate(one, fd, KEEP, 0, PAGE), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(one), 1);
	ck_assert_uint_eq(gmem_sim_pages_in_use(other), 0);
	ck_assert_uint_eq(gmem_sim_open_fds(other), 0);
	one->ops->destroy(one);
	other->ops->destroy(other);
}
END_TEST

SIM_MAIN("sim_random", random_calls_keep_the_model_whole, deterministic, two_at_once)
