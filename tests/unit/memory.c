// SPDX-License-Identifier: GPL-2.0-or-later
/* guest_memfds: creating, allocating, punching, mapping, binding to nodes. */
#include "unit.h"

#include <fcntl.h>
#include <limits.h>

#include <sys/mman.h>

#include "kvm/memory.h"
#include "port.h"

#define MIB (1ull << 20)
#define PAGES(bytes) ((bytes) / GMEM_PAGE_SIZE)

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static unsigned int fds;

static void setup(const char *model)
{
	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	gmem_vm_free(vm);
	port_ctx_free(ctx, fds, 0);
}

static int create(uint64_t size, uint64_t flags, struct gmem_memory **memory)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = size,
		.flags = flags,
	};

	return gmem_memory_new(vm, &options, memory);
}

START_TEST(create_and_free)
{
	struct gmem_memory *memory;

	setup("plain");
	ck_assert_int_eq(create(MIB, GMEM_MEMORY_MMAP, &memory), 0);
	ck_assert_int_ge(gmem_memory_fd(memory), 0);
	ck_assert_uint_eq(gmem_memory_size(memory), MIB);
	ck_assert_uint_eq(gmem_memory_flags(memory), GMEM_MEMORY_MMAP);
	gmem_memory_free(memory);
	gmem_memory_free(NULL);
	teardown();
}
END_TEST

START_TEST(create_mistakes_are_explained)
{
	static const struct {
		uint64_t size;
		uint64_t flags;
		const char *words;
	} cases[] = {
		{ 0, 0, "KVM_CREATE_GUEST_MEMFD: Invalid argument: size is 0" },
		{ 4095, 0, "size 4095 is no multiple of 4096" },
		{ 1ull << 63, 0, "is negative as the kernel reads it (-9223372036854775808)" },
		{ 4096, 4,
		  "KVM_CREATE_GUEST_MEMFD: Invalid argument: flag no-direct-map (bit 2) is not "
		  "offered for a default VM on Linux 7.3.4-sim (offered: mmap, init-shared)" },
		{ 0, 1u << 9, "flag bit 9 is not offered" },
	};
	struct gmem_memory *memory;

	setup("plain");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(create(cases[i].size, cases[i].flags, &memory), -EINVAL);
		port_said(ctx, cases[i].words);
	}
	teardown();
}
END_TEST

START_TEST(cloexec_refused)
{
	struct gmem_memory *memory;

	setup("plain");
	port_refuse(ctx, GMEM_SIM_SET_CLOEXEC, -EBADF);
	ck_assert_int_eq(create(MIB, 0, &memory), -EBADF);
	port_said(ctx, "FD_CLOEXEC");
	teardown();
}
END_TEST

START_TEST(allocate_and_punch)
{
	struct gmem_memory *memory;

	setup("plain");
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, MIB), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), PAGES(MIB));
	ck_assert_int_eq(gmem_memory_punch(memory, MIB / 2, 16 * MIB), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), PAGES(MIB / 2));
	gmem_memory_free(memory);
	teardown();
}
END_TEST

START_TEST(range_mistakes_are_explained)
{
	static const struct {
		uint64_t offset;
		uint64_t length;
		int allocate; /* expected errno */
		int punch;
		const char *words; /* in allocate's explanation */
	} cases[] = {
		{ 0, 0, EINVAL, EINVAL, "length is 0" },
		{ 1, 4096, EINVAL, EINVAL, "offset 0x1 is no multiple of 4096" },
		{ 0, 100, EINVAL, EINVAL, "length 100 is no multiple of 4096" },
		{ MIB, 4096, EINVAL, 0, "is beyond the file's 1048576 bytes" },
		{ 1ull << 63, 4096, EINVAL, EINVAL, "is negative as the kernel reads it" },
		{ 0, 1ull << 63, EINVAL, EINVAL, "is negative as the kernel reads it" },
		{ 1ull << 62, 1ull << 62, EFBIG, EFBIG, "is 2^63 or more" },
	};
	struct gmem_memory *memory;

	setup("plain");
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(gmem_memory_punch(memory, cases[i].offset, cases[i].length),
				 -cases[i].punch);
		if (cases[i].punch)
			port_said(ctx, "fallocate PUNCH_HOLE: ");
		ck_assert_int_eq(gmem_memory_allocate(memory, cases[i].offset, cases[i].length),
				 -cases[i].allocate);
		port_said(ctx, "fallocate KEEP_SIZE: ");
		port_said(ctx, cases[i].words);
	}
	gmem_memory_free(memory);
	teardown();
}
END_TEST

START_TEST(out_of_memory)
{
	struct gmem_memory *memory;

	setup("plain");
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	gmem_sim_fail_allocation(port_sim(ctx), 10);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, MIB), -ENOMEM);
	port_said(ctx, "no page was free");
	gmem_sim_signal(port_sim(ctx), true);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, MIB), -EINTR);
	port_said(ctx, "a signal came in");
	gmem_sim_signal(port_sim(ctx), false);
	gmem_memory_free(memory);
	teardown();
}
END_TEST

START_TEST(maps_once)
{
	struct gmem_memory *memory;
	void *first, *second;

	setup("plain");
	ck_assert_int_eq(create(MIB, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED, &memory), 0);
	ck_assert_int_eq(gmem_memory_map(memory, &first), 0);
	ck_assert_int_eq(gmem_memory_map(memory, &second), 0);
	ck_assert_ptr_eq(first, second);
	gmem_memory_free(memory);
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	ck_assert_int_eq(gmem_memory_map(memory, &first), -ENODEV);
	port_said(ctx, "mmap: No such device: the guest_memfd was created without flag mmap (its "
		       "flags: none)");
	gmem_memory_free(memory);
	teardown();
}
END_TEST

START_TEST(binds_to_nodes)
{
	unsigned long third[1024 / LONG_BIT + 1] = { [1023 / LONG_BIT] = 1ul << 1023 % LONG_BIT };
	const unsigned long second = 2, none = 0;
	struct gmem_memory *memory;

	setup("no-direct-map");
	ck_assert_int_eq(create(MIB, GMEM_MEMORY_MMAP, &memory), 0);
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, &second, 64), 0);
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, 2 * MIB, 2, &second, 64), -EINVAL);
	port_said(ctx, "beyond the file's 1048576 bytes");
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 77, &second, 64), -EINVAL);
	port_said(ctx, "policy mode 77 is unknown");
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, &none, 64), -EINVAL);
	port_said(ctx, "policy mode 2 takes nodes, and the mask names none");
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, NULL, 0), -EINVAL);
	port_said(ctx, "the mask names none");
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, third, 1024), -EINVAL);
	port_said(ctx, "there is no node 1023 on this host");
	/* The kernel uses those nodes of a mask that exist. */
	third[0] = 1;
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 6, third, 1024), 0);
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, third, 1088), 0);
	third[1024 / LONG_BIT] = 1;
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, third, 1088), -EINVAL);
	gmem_memory_free(memory);
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, &second, 64), -ENODEV);
	port_said(ctx, "without flag mmap");
	gmem_memory_free(memory);
	teardown();
}
END_TEST

START_TEST(policy_before_6_19)
{
	const unsigned long first = 1;
	struct gmem_memory *memory;

	setup("plain");
	snprintf(ctx->release, sizeof(ctx->release), "6.18.44");
	ck_assert_int_eq(create(MIB, GMEM_MEMORY_MMAP, &memory), 0);
	ck_assert_int_eq(gmem_memory_bind_nodes(memory, 0, MIB, 2, &first, 64), -ENODEV);
	port_said(ctx, "mbind: not called: Linux 6.18.44 takes the policy and ignores it");
	gmem_memory_free(memory);
	teardown();
}
END_TEST

static int no_links(struct gmem_kernel *kernel, const char *path, char *link, size_t size)
{
	(void)kernel, (void)path, (void)link, (void)size;
	return -ENOENT;
}

START_TEST(borrowed_fd)
{
	struct gmem_memory *memory, *same;

	setup("plain");
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), 0, &same), 0);
	ck_assert_uint_eq(gmem_memory_size(same), MIB);
	gmem_memory_free(same);
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 4096), 0);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_vm_fd(vm), 0, &same), -EINVAL);
	port_said(ctx, "no guest_memfd");
	ck_assert_int_eq(gmem_memory_from_fd(ctx, 999, 0, &same), -EBADF);
	port_said(ctx, "not open");
	/* A VMM in a jail has no /proc. */
	port_pretend(ctx)->readlink = no_links;
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), 0, &same), 0);
	gmem_memory_free(same);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, 999, 0, &same), -EBADF);
	port_said(ctx, "not open");
	gmem_memory_free(memory);
	teardown();
}
END_TEST

/* If wrong flags were accepted for memory, explanations of later calls would be wrong. */
START_TEST(wrong_descriptors_are_refused)
{
	const struct gmem_kernel_ops *ops;
	struct gmem_memory *memory, *none = NULL;
	char name[64];
	int path;

	setup("plain");
	ops = ctx->kernel->ops;
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), ~0ull, &none), -EINVAL);
	port_said(ctx,
		  "look at a guest_memfd's descriptor: Invalid argument: libgmem knows no flag "
		  "bit 3 of a guest_memfd; pass the flags that it was created with");
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), 1ull << 63, &none),
			 -EINVAL);
	port_said(ctx, "no flag bit 63 of");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", gmem_memory_fd(memory));
	path = ops->open(ctx->kernel, name, O_PATH);
	ck_assert_int_ge(path, 0);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, path, 0, &none), -EBADF);
	port_said(ctx, "Bad file descriptor: the descriptor was opened with O_PATH");
	port_pretend(ctx)->readlink = no_links;
	ck_assert_int_eq(gmem_memory_from_fd(ctx, path, 0, &none), -EBADF);
	port_said(ctx, "the descriptor was opened with O_PATH");
	ck_assert_ptr_null(none);
	ops->close(ctx->kernel, path);
	gmem_memory_free(memory);
	teardown();
}
END_TEST

/*
 * The caller may close its descriptor and reuse the number. Its flags may differ
 * from what the caller said.
 */
START_TEST(borrowed_fd_is_not_as_it_was_said)
{
	struct gmem_memory *memory, *same;
	char name[64];
	void *mapping;
	int own, path;

	setup("plain");
	ck_assert_int_eq(create(MIB, GMEM_MEMORY_MMAP, &memory), 0);
	own = gmem_memory_fd(memory);
	ck_assert_int_eq(
		gmem_memory_from_fd(ctx, own, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED, &same),
		0);
	ck_assert_int_eq(gmem_populate(NULL, same,
				       &(struct gmem_populate_options){
					       .size = sizeof(struct gmem_populate_options),
					       .method = GMEM_POPULATE_HOST },
				       NULL, NULL),
			 -EFAULT);
	port_said(ctx, "whatever the flags that this memory was wrapped with (mmap, init-shared)");
	gmem_memory_free(same);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", own);
	path = ctx->kernel->ops->open(ctx->kernel, name, O_PATH);
	ck_assert_int_ge(path, 0);
	memory->fd = path;
	ck_assert_int_eq(gmem_memory_allocate(memory, 0, 4096), -EBADF);
	port_said(ctx, "the guest_memfd's descriptor was opened with O_PATH");
	ck_assert_int_eq(gmem_memory_map(memory, &mapping), -EBADF);
	port_said(ctx, "the guest_memfd's descriptor was opened with O_PATH");
	ck_assert_int_eq(
		gmem_slot_set(vm,
			      &(struct gmem_slot_options){ .size = sizeof(struct gmem_slot_options),
							   .memory_size = MIB,
							   .memory = memory }),
		-EBADF);
	port_said(ctx, "the guest_memfd's descriptor was opened with O_PATH");
	memory->fd = own;
	ctx->kernel->ops->close(ctx->kernel, path);
	gmem_memory_free(memory);
	ck_assert_int_eq(create(MIB, 0, &memory), 0);
	ck_assert_int_eq(gmem_memory_from_fd(ctx, gmem_memory_fd(memory), GMEM_MEMORY_MMAP, &same),
			 0);
	ck_assert_int_eq(gmem_memory_map(same, &mapping), -ENODEV);
	port_said(ctx,
		  "the guest_memfd was created without flag mmap, whatever the flags that this "
		  "memory was wrapped with (mmap); pass the flags");
	gmem_memory_free(same);
	gmem_memory_free(memory);
	teardown();
}
END_TEST

static int scenario(void)
{
	const unsigned long first = 1;
	struct gmem_memory *memory, *same;
	void *mapping;
	int ret = create(MIB, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED, &memory);

	if (ret)
		return ret;
	ret = gmem_memory_from_fd(ctx, gmem_memory_fd(memory), 0, &same);
	if (!ret)
		gmem_memory_free(same);
	if (!ret)
		ret = gmem_memory_allocate(memory, 0, MIB);
	if (!ret)
		ret = gmem_memory_map(memory, &mapping);
	if (!ret)
		ret = gmem_memory_bind_nodes(memory, 0, MIB, 2, &first, 64);
	if (!ret)
		ret = gmem_memory_punch(memory, 0, MIB);
	gmem_memory_free(memory);
	return ret;
}

START_TEST(every_call_fails_once)
{
	unsigned int n = 0;

	setup("plain");
	do {
		port_fail_at(ctx, ++n, -EIO);
		if (scenario())
			port_said(ctx, ": ");
		ck_assert_uint_eq(gmem_sim_open_fds(port_sim(ctx)), fds + 1);
		ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), 0);
	} while (port_failed(ctx));
	ck_assert_uint_gt(n, 7);
	teardown();
}
END_TEST

UNIT_MAIN("memory", create_and_free, create_mistakes_are_explained, cloexec_refused,
	  allocate_and_punch, range_mistakes_are_explained, out_of_memory, maps_once,
	  binds_to_nodes, policy_before_6_19, borrowed_fd, wrong_descriptors_are_refused,
	  borrowed_fd_is_not_as_it_was_said, every_call_fails_once)
