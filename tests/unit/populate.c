// SPDX-License-Identifier: GPL-2.0-or-later
/* Three ways to populate memory, and how libgmem chooses one. */
#include "unit.h"

#include <limits.h>

#include "kernel/uapi.h"
#include "kvm/memory.h"
#include "port.h"
#include "kvm/vm.h"

#define MIB (1ull << 20)
#define SIZE (8 * MIB)

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static unsigned int fds;

static void setup(const char *model, enum gmem_vm_type type, uint64_t flags)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = SIZE,
		.flags = flags,
	};

	ctx = port_ctx(model);
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, type, &vm), 0);
	ck_assert_int_eq(gmem_vm_add_vcpu(vm, 0), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
}

static void bind(uint64_t gpa)
{
	const struct gmem_slot_options options = {
		.size = sizeof(options),
		.gpa = gpa,
		.memory_size = SIZE,
		.memory = memory,
	};

	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
}

static void teardown(void)
{
	port_fail_at(ctx, 0, 0);
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	port_ctx_free(ctx, fds, 0);
}

static uint64_t done;
static enum gmem_populate_method used;

static int populate(enum gmem_populate_method method, uint64_t offset, uint64_t length,
		    uint64_t gpa)
{
	const struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = method,
		.offset = offset,
		.length = length,
		.gpa = gpa,
		.beyond_available = true, /* so that only populating makes calls */
	};

	used = GMEM_POPULATE_BEST;
	return gmem_populate(vm, memory, &options, &used, &done);
}

static void check_pages(uint64_t bytes)
{
	ck_assert_uint_eq(done, bytes);
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), bytes / GMEM_PAGE_SIZE);
}

START_TEST(each_method)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	bind(16 * MIB);
	ck_assert_int_eq(populate(GMEM_POPULATE_ALLOCATE, 0, MIB, 0), 0);
	check_pages(MIB);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
	ck_assert_int_eq(populate(GMEM_POPULATE_HOST, MIB, 5 * MIB, 0), 0);
	check_pages(5 * MIB);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, MIB, 2 * MIB, 17 * MIB), 0);
	check_pages(2 * MIB);
	ck_assert_int_eq(used, GMEM_POPULATE_PRE_FAULT);
	teardown();
}
END_TEST

START_TEST(best_for_bound_mmap_memory)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, MIB, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_HOST);
	bind(0);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_PRE_FAULT);
	check_pages(SIZE);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, GMEM_GPA_NONE), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_HOST);
	teardown();
}
END_TEST

/* libgmem knows its slots: with options of zeroes it pre-faults wherever the memory is bound. */
START_TEST(offset_alone)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP);
	bind(16 * MIB);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_PRE_FAULT);
	check_pages(SIZE);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, MIB, MIB, 0), 0);
	check_pages(MIB);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, GMEM_GPA_NONE), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_ALLOCATE);
	teardown();
}
END_TEST

static void bind_part(uint32_t slot, uint64_t offset, uint64_t length, uint64_t gpa)
{
	const struct gmem_slot_options options = {
		.size = sizeof(options),
		.slot = slot,
		.gpa = gpa,
		.memory_size = length,
		.memory = memory,
		.memory_offset = offset,
	};

	ck_assert_int_eq(gmem_slot_set(vm, &options), 0);
}

/* Options of zeroes name guest address 0. The pages of another memory there are not this one's. */
START_TEST(offset_bound_nowhere)
{
	const struct gmem_memory_options options = { .size = sizeof(options), .memory_size = SIZE };
	const struct gmem_populate_options all = {
		.size = sizeof(all),
		.method = GMEM_POPULATE_PRE_FAULT,
	};
	struct gmem_memory *other;

	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP);
	bind(0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &other), 0);
	ck_assert_int_eq(gmem_populate(vm, other, &all, NULL, &done), -EINVAL);
	port_said(ctx, "offset 0x0 is bound nowhere, and at guest address 0 is other memory");
	ck_assert_uint_eq(done, 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), 0);
	gmem_memory_free(other);
	teardown();
}
END_TEST

/* Two pieces. The second one has the lower address. */
START_TEST(offset_alone_in_pieces)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP);
	bind_part(0, 0, MIB, 32 * MIB);
	bind_part(1, MIB, MIB, 16 * MIB);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 2 * MIB, 0), -EINVAL);
	port_said(ctx, "offset 0x0 is bound at guest address 0x2000000, but not all of the 2097152 "
		       "bytes from there on are; populate the part of each memslot by itself");
	ck_assert_uint_eq(gmem_sim_pages_in_use(port_sim(ctx)), 0);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 3 * MIB / 2, MIB / 2, 0), 0);
	check_pages(MIB / 2);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, MIB, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_PRE_FAULT);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 2 * MIB, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_ALLOCATE);
	teardown();
}
END_TEST

/* A pre-fault of shared addresses would populate the memory at userspace_addr. */
START_TEST(best_for_private_memory)
{
	setup("sw-protected", GMEM_VM_SW_PROTECTED, 0);
	bind(0);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_ALLOCATE);
	ck_assert_int_eq(gmem_convert(vm, 0, SIZE, true), 0);
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_PRE_FAULT);
	check_pages(SIZE);
	teardown();
}
END_TEST

/* A TD before its finalization: "best" falls back, pre-fault fails with that reason. */
START_TEST(td_before_its_finalization)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP);
	bind(0);
	port_refuse_ioctl(ctx, GMEM_KVM_PRE_FAULT_MEMORY, -EOPNOTSUPP);
	vm->type = GMEM_VM_TDX;
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 0), -EOPNOTSUPP);
	port_said(ctx, "KVM_PRE_FAULT_MEMORY: Operation not supported: a TD is pre-faulted after "
		       "KVM_TDX_FINALIZE_VM only");
	ck_assert_int_eq(populate(GMEM_POPULATE_BEST, 0, 0, 0), 0);
	ck_assert_int_eq(used, GMEM_POPULATE_ALLOCATE);
	check_pages(SIZE);
	teardown();
}
END_TEST

START_TEST(mistakes_are_explained)
{
	setup("plain", GMEM_VM_DEFAULT, 0);
	ck_assert_int_eq(populate((enum gmem_populate_method)9, 0, 0, 0), -EINVAL);
	port_said(ctx, "method 9 is unknown");
	ck_assert_int_eq(populate(GMEM_POPULATE_HOST, 0, 2 * SIZE, 0), -EINVAL);
	port_said(ctx, "beyond the file's 8388608 bytes");
	ck_assert_int_eq(populate(GMEM_POPULATE_HOST, 0, 0, 0), -ENODEV);
	port_said(ctx, "without flag mmap");
	ck_assert_int_eq(populate(GMEM_POPULATE_ALLOCATE, 100, 4096, 0), -EINVAL);
	port_said(ctx, "offset 0x64 is no multiple of 4096");
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 100), -EINVAL);
	port_said(ctx, "guest address 0x64 is no multiple of 4096");
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 0), -ENOENT);
	port_said(ctx, "guest address 0x0 is shared and in no memslot");
	gmem_vm_free(vm);
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_DEFAULT, &vm), 0);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 0), -EINVAL);
	port_said(ctx, "the VM has none");
	teardown();
}
END_TEST

START_TEST(untouchable_mapping)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP);
	ck_assert_int_eq(populate(GMEM_POPULATE_HOST, 0, 0, 0), -EFAULT);
	port_said(ctx,
		  "madvise MADV_POPULATE_WRITE: Bad address: the guest_memfd was created without "
		  "flag init-shared (its flags: mmap)");
	check_pages(0);
	teardown();
	setup("no-direct-map", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_NO_DIRECT_MAP);
	ck_assert_int_eq(populate(GMEM_POPULATE_HOST, 0, 0, 0), -EFAULT);
	port_said(ctx,
		  "a page fault in a mapping: Bad address: the guest_memfd was created without "
		  "flag init-shared");
	check_pages(0);
	teardown();
}
END_TEST

/* The finished part counts, and the error is that of the page that failed. */
START_TEST(stops_half_way)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	bind(0);
	gmem_sim_fail_allocation(port_sim(ctx), 1500);
	ck_assert_int_eq(populate(GMEM_POPULATE_ALLOCATE, 0, 0, 0), -ENOMEM);
	ck_assert_uint_eq(done, 4 * MIB);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
	ck_assert_int_eq(gmem_slot_delete(vm, 0), 0);
	bind(64 * MIB);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 68 * MIB), -ENOENT);
	port_said(ctx, "guest address 0x4800000 is shared and in no memslot");
	ck_assert_uint_eq(done, 4 * MIB);
	teardown();
}
END_TEST

START_TEST(goes_on_after_signals)
{
	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	bind(0);
	port_fail_at(ctx, 1, -EINTR);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 0), 0);
	ck_assert(port_failed(ctx));
	port_fail_at(ctx, 2, -EINTR);
	ck_assert_int_eq(populate(GMEM_POPULATE_ALLOCATE, 0, 0, 0), 0);
	ck_assert(port_failed(ctx));
	port_fail_at(ctx, 0, 0);
	gmem_sim_signal(port_sim(ctx), true);
	ck_assert_int_eq(populate(GMEM_POPULATE_PRE_FAULT, 0, 0, 0), -EINTR);
	port_said(ctx, "a signal came in");
	gmem_sim_signal(port_sim(ctx), false);
	teardown();
}
END_TEST

START_TEST(every_call_fails_once)
{
	unsigned int n = 0;

	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	bind(0);
	do {
		port_fail_at(ctx, ++n, -EIO);
		if (populate(GMEM_POPULATE_BEST, 0, 0, 0) ||
		    populate(GMEM_POPULATE_HOST, 0, 0, 0) ||
		    populate(GMEM_POPULATE_ALLOCATE, 0, 0, 0))
			port_said(ctx, "Input/output error");
	} while (port_failed(ctx));
	teardown();
}
END_TEST

struct reports {
	unsigned int n;
	unsigned int end_at; /* this call ends it; 0: none */
	int value;	     /* with this value */
	uint64_t last;
};

static int report(uint64_t so_far, uint64_t length, void *arg)
{
	struct reports *reports = arg;

	ck_assert_uint_ge(so_far, reports->last);
	ck_assert_uint_le(so_far, length);
	reports->last = so_far;
	return ++reports->n == reports->end_at ? reports->value : 0;
}

static int populate_reporting(enum gmem_populate_method method, struct reports *reports,
			      const volatile int *cancel)
{
	const struct gmem_populate_options options = {
		.size = sizeof(options),
		.method = method,
		.threads = 4, /* a simulated kernel uses one anyway */
		.progress = report,
		.progress_arg = reports,
		.cancel = cancel,
	};

	return gmem_populate(vm, memory, &options, &used, &done);
}

START_TEST(progress_and_cancel)
{
	static const enum gmem_populate_method methods[] = {
		GMEM_POPULATE_ALLOCATE,
		GMEM_POPULATE_HOST,
		GMEM_POPULATE_PRE_FAULT,
	};
	volatile int cancel = 1;

	setup("plain", GMEM_VM_DEFAULT, GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED);
	bind(0);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct reports all = { .n = 0 }, first = { .end_at = 1, .value = 7 };
		struct reports last = { .end_at = 2, .value = -EBADSLT }, none = { .n = 0 };

		ck_assert_int_eq(populate_reporting(methods[i], &all, NULL), 0);
		ck_assert_uint_eq(done, SIZE);
		ck_assert_uint_eq(all.n, 2);
		ck_assert_uint_eq(all.last, SIZE);
		ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
		/* A step is 4 MiB. The first one is done then, and no other. */
		ck_assert_int_eq(populate_reporting(methods[i], &first, NULL), 7);
		check_pages(4 * MIB);
		ck_assert_uint_eq(first.n, 1);
		port_said(ctx, "ended by its progress function after 4194304 of");
		ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
		/* The last call comes when all is done. Its value is returned like any other. */
		ck_assert_int_eq(populate_reporting(methods[i], &last, NULL), -EBADSLT);
		ck_assert_uint_eq(done, SIZE);
		ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
		ck_assert_int_eq(populate_reporting(methods[i], &none, &cancel), -ECANCELED);
		ck_assert_uint_le(done, 4 * MIB);
		port_said(ctx, "Operation canceled");
		ck_assert_int_eq(gmem_memory_punch(memory, 0, SIZE), 0);
	}
	teardown();
}
END_TEST

/*
 * A /proc/meminfo with a smaller MemAvailable in each read, in kB. The last value stays.
 */
static struct {
	int fd;
	unsigned int reads;
	unsigned int available[3];
} meminfo;

static int open_meminfo(struct gmem_kernel *kernel, const char *path, int flags)
{
	int fd = port.real->open(kernel, path, flags);

	if (!strcmp(path, "/proc/meminfo"))
		meminfo.fd = fd;
	return fd;
}

static ssize_t read_meminfo(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			    uint64_t offset)
{
	unsigned int last = sizeof(meminfo.available) / sizeof(meminfo.available[0]) - 1;
	char text[128];
	int n;

	if (fd != meminfo.fd)
		return port.real->pread(kernel, fd, buffer, length, offset);
	if (offset)
		return 0;
	n = snprintf(text, sizeof(text),
		     "MemTotal: 327680 kB\nMemAvailable: %u kB\nUnevictable: 4096 kB\n",
		     meminfo.available[meminfo.reads < last ? meminfo.reads : last]);
	meminfo.reads++;
	ck_assert_uint_ge(length, (size_t)n);
	memcpy(buffer, text, (size_t)n);
	return n;
}

static void pretend_meminfo(unsigned int first, unsigned int second, unsigned int third)
{
	struct gmem_kernel_ops *ops = port_pretend(ctx);

	ops->open = open_meminfo;
	ops->pread = read_meminfo;
	meminfo.fd = -1;
	meminfo.reads = 0;
	meminfo.available[0] = first;
	meminfo.available[1] = second;
	meminfo.available[2] = third;
}

/* libgmem leaves a thirty-second of MemTotal, 10 MiB, to the host. */
START_TEST(leaves_the_host_its_memory)
{
	const struct gmem_memory_options large = { .size = sizeof(large),
						   .memory_size = 192 * MIB };
	struct gmem_populate_options options = { .size = sizeof(options) };

	setup("plain", GMEM_VM_DEFAULT, 0);
	gmem_memory_free(memory);
	ck_assert_int_eq(gmem_memory_new(vm, &large, &memory), 0);

	/* Too little from the start, including the unevictable 4 MiB: nothing changes. */
	pretend_meminfo(197 * 1024, 0, 0);
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, &done), -ENOMEM);
	check_pages(0);
	port_said(ctx, "Cannot allocate memory: 192 MiB are wanted, and the host can spare");

	/* Others take memory meanwhile: after each 64 MiB libgmem looks for the next 64 MiB. */
	pretend_meminfo(198 * 1024, 74 * 1024, 73 * 1024);
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, &done), -ENOMEM);
	check_pages(128 * MIB);
	port_said(ctx, "64 MiB are wanted, and the host can spare 63 MiB (MemAvailable");

	/* The caller overrides the limit, or the kernel does not report it. */
	options.beyond_available = true;
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, &done), 0);
	check_pages(192 * MIB);
	ck_assert_int_eq(gmem_memory_punch(memory, 0, 192 * MIB), 0);
	options.beyond_available = false;
	port_refuse_open(ctx, "/proc/meminfo", -ENOENT);
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, &done), 0);
	check_pages(192 * MIB);
	teardown();
}
END_TEST

/* A simulated kernel has no CPUs for threads: it accepts any set, of any size. */
START_TEST(cpus_of_a_model)
{
	unsigned long *far = calloc(8192 / LONG_BIT, sizeof(*far)), none = 0;
	const struct gmem_cpu_set sets[] = { { far, 8192 / LONG_BIT }, { &none, 1 } };
	struct gmem_populate_options options = {
		.size = sizeof(options),
		.cpu_sets = sets,
		.cpu_set_count = 2,
		.threads = 2,
	};

	ck_assert_ptr_nonnull(far);
	far[8191 / LONG_BIT] = 1ul << 8191 % LONG_BIT;
	setup("plain", GMEM_VM_DEFAULT, 0);
	ck_assert_int_eq(gmem_populate(NULL, memory, &options, NULL, &done), 0);
	check_pages(SIZE);
	teardown();
	free(far);
}
END_TEST

UNIT_MAIN("populate", each_method, best_for_bound_mmap_memory, best_for_private_memory,
	  offset_alone, offset_alone_in_pieces, offset_bound_nowhere, td_before_its_finalization,
	  mistakes_are_explained, untouchable_mapping, stops_half_way, goes_on_after_signals,
	  every_call_fails_once, progress_and_cancel, leaves_the_host_its_memory, cpus_of_a_model)
