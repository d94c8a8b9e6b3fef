/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that tests of the library's internals walk and map. It is a guest_memfd of their own, or
 * memory of memfd_create(2) for a kernel without KVM, with the same page cache, but no memslots.
 */
#ifndef TEST_TARGET_H
#define TEST_TARGET_H

#include <gmem/gmem.h>
#include <sys/mman.h>

#include "base/context.h"
#include "pages.h"
#include "pages/target.h"

struct test_target {
	struct gmem_ctx *ctx;
	struct gmem_vm *vm;	    /* NULL for memfd_create(2) */
	struct gmem_memory *memory; /* NULL for memfd_create(2) */
	struct gmem_target *target;
	unsigned char *mapping;
	int fd;
	uint64_t pages;
};

static inline void __attribute__((noreturn)) test_fail(struct gmem_ctx *ctx, const char *what)
{
	char why[1024];

	gmem_explain(ctx, why, sizeof(why));
	errx(2, "%s: %s", what, why);
}

static inline void test_guest_memfd(struct test_target *out)
{
	struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = out->pages * PAGE,
		.flags = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
	};
	void *mapping;

	if (gmem_vm_new(out->ctx, GMEM_VM_DEFAULT, &out->vm) ||
	    gmem_memory_new(out->vm, &options, &out->memory) ||
	    gmem_memory_map(out->memory, &mapping) ||
	    gmem_target_open(out->ctx, 0, gmem_memory_fd(out->memory), &out->target))
		test_fail(out->ctx, "guest_memfd");
	out->fd = gmem_memory_fd(out->memory);
	out->mapping = mapping;
}

/* Opens a target that the API would refuse, as it is not a guest_memfd. */
static inline void test_memfd(struct test_target *out)
{
	uint64_t size = out->pages * PAGE;

	out->vm = NULL;
	out->fd = memfd_create("gmem-test", MFD_CLOEXEC);
	out->target = calloc(1, sizeof(*out->target));
	if (!out->target || out->fd < 0 || ftruncate(out->fd, (off_t)size))
		err(2, "memfd_create");
	out->target->ctx = out->ctx;
	out->target->fd = out->fd;
	out->target->size = size;
	out->target->has_bindings = true; /* it has no memslots */
	out->mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out->fd, 0);
	if (out->mapping == MAP_FAILED)
		err(2, "mmap");
}

/* The caller has set ctx and pages, and nothing else. */
static inline void test_target_new(struct test_target *out, bool memfd)
{
	if (memfd)
		test_memfd(out);
	else
		test_guest_memfd(out);
}

static inline void test_target_free(struct test_target *target)
{
	if (!target->vm) {
		munmap(target->mapping, target->pages * PAGE);
		close(target->fd);
		free(target->target);
		return;
	}
	gmem_target_free(target->target);
	gmem_memory_free(target->memory);
	gmem_vm_free(target->vm);
}

#endif
