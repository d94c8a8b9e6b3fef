// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In-place conversion, on a model with a port that pretends to have it. It is off unless the caller
 * asks for it, it uses the interface that the kernel offers, and libgmem explains failures.
 */
#include "unit.h"

#include "kernel/uapi.h"
#include "kernel/uapi_in_place.h"
#include "port.h"
#include "kvm/vm.h"

#define PER_VM_PARAMETER "/sys/module/kvm/parameters/vm_memory_attributes"

#define PAGE 4096ull
#define SIZE (16 * PAGE)
#define GPA 0x100000000ull

/* A kernel of the series: parameters in /sys, an ioctl on the file, none on the VM. */
static struct {
	const char *parameter; /* its path; NULL: an older kernel */
	const char *value;
	bool file_knows; /* the file has the ioctl */
	unsigned int per_vm, in_place;
	unsigned int busy; /* how often a page blocks the conversion */
	uint64_t busy_at;  /* offset of that page */
	uint64_t private_bytes;
	struct gmem_kvm_memory_attributes2 last;
} series;

#define PARAMETER_FD 4000

static int series_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	if (series.parameter && !strcmp(path, series.parameter))
		return PARAMETER_FD;
	return port.real->open(kernel, path, flags);
}

static ssize_t series_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			    uint64_t offset)
{
	size_t have = strlen(series.value ? series.value : "");

	if (fd != PARAMETER_FD)
		return port.real->pread(kernel, fd, buffer, length, offset);
	if (offset >= have)
		return 0;
	if (length > have - offset)
		length = have - offset;
	memcpy(buffer, series.value + offset, length);
	return (ssize_t)length;
}

static int series_close(struct gmem_kernel *kernel, int fd)
{
	return fd == PARAMETER_FD ? 0 : port.real->close(kernel, fd);
}

/* As kvm_gmem_set_attributes() in the posted series. */
static int convert_file(struct gmem_kvm_memory_attributes2 *attributes)
{
	uint64_t end = attributes->offset + attributes->size;

	series.in_place++;
	series.last = *attributes;
	if (attributes->flags || attributes->attributes & ~GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE ||
	    !attributes->size || (attributes->offset | attributes->size) % PAGE)
		return -EINVAL;
	if (series.busy && series.busy_at >= attributes->offset && series.busy_at < end) {
		series.busy--;
		attributes->error_offset = series.busy_at;
		return -EAGAIN;
	}
	series.private_bytes += attributes->attributes ? attributes->size : 0;
	return 0;
}

static int series_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	if (request == GMEM_KVM_SET_MEMORY_ATTRIBUTES2 && series.file_knows)
		return convert_file((struct gmem_kvm_memory_attributes2 *)arg);
	if (request == GMEM_KVM_SET_MEMORY_ATTRIBUTES) {
		series.per_vm++;
		if (series.file_knows)
			return -ENOTTY;
	}
	return port.real->ioctl(kernel, fd, request, arg);
}

static struct gmem_ctx *ctx;
static struct gmem_vm *vm;
static struct gmem_memory *memory;
static unsigned int fds;

static void setup(const char *parameter, const char *value, bool file_knows)
{
	const struct gmem_memory_options options = { .size = sizeof(options), .memory_size = SIZE };
	struct gmem_kernel_ops *ops;

	memset(&series, 0, sizeof(series));
	series.parameter = parameter;
	series.value = value;
	series.file_knows = file_knows;
	ctx = port_ctx("sw-protected");
	ops = port_pretend(ctx);
	ops->open = series_open;
	ops->pread = series_pread;
	ops->close = series_close;
	ops->ioctl = series_ioctl;
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_SW_PROTECTED, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
}

static void teardown(void)
{
	gmem_memory_free(memory);
	gmem_vm_free(vm);
	port_ctx_free(ctx, fds, 0);
}

static void bind_part(uint32_t id, uint64_t page, uint64_t pages, uint64_t offset)
{
	const struct gmem_slot_options slot = {
		.size = sizeof(slot),
		.slot = id,
		.gpa = GPA + page * PAGE,
		.memory_size = pages * PAGE,
		.memory = memory,
		.memory_offset = offset,
	};

	ck_assert_int_eq(gmem_slot_set(vm, &slot), 0);
}

#define ON GMEM_IN_PLACE_PARAMETER, "Y\n", true

START_TEST(off_by_default)
{
	setup(ON);
	bind_part(0, 0, 16, 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), -ENOTTY);
	port_said(ctx, "KVM_SET_MEMORY_ATTRIBUTES: Inappropriate ioctl for device: KVM on Linux "
		       "7.3.4-sim-sw converts memory in place");
	port_said(ctx, "gmem_ctx_allow_unreleased()");
	ck_assert_uint_eq(series.in_place, 0);
	ck_assert_uint_eq(series.per_vm, 1);
	teardown();
}
END_TEST

/* The caller allows it, but the kernel does not have it: nothing changes. */
START_TEST(not_offered)
{
	static const struct {
		const char *parameter;
		const char *value;
	} kernels[] = {
		{ NULL, NULL },
		{ GMEM_IN_PLACE_PARAMETER, "N\n" },
		{ PER_VM_PARAMETER, "Y\n" },
		{ GMEM_IN_PLACE_PARAMETER, "" },
	};

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		setup(kernels[i].parameter, kernels[i].value, false);
		gmem_ctx_allow_unreleased(ctx, true);
		bind_part(0, 0, 16, 0);
		ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
		ck_assert_uint_eq(series.per_vm, 1);
		ck_assert(gmem_ranges_cover(&vm->private_gpas, GPA, GPA + SIZE));
		teardown();
	}
}
END_TEST

/* The kernel has a parameter of that name, but not the ioctl: the ioctl's answer counts. */
START_TEST(parameter_without_the_ioctl)
{
	setup(GMEM_IN_PLACE_PARAMETER, "Y\n", false);
	gmem_ctx_allow_unreleased(ctx, true);
	bind_part(0, 0, 16, 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, false), 0);
	ck_assert_uint_eq(series.per_vm, 2);
	teardown();
}
END_TEST

START_TEST(converts_through_the_guest_memfd)
{
	static const struct {
		const char *parameter;
		const char *value;
	} kernels[] = {
		{ GMEM_IN_PLACE_PARAMETER, "Y\n" },
		{ PER_VM_PARAMETER, "N\n" },
	};

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		setup(kernels[i].parameter, kernels[i].value, true);
		gmem_ctx_allow_unreleased(ctx, true);
		bind_part(0, 0, 8, 4 * PAGE);
		ck_assert_int_eq(gmem_convert(vm, GPA + PAGE, 2 * PAGE, true), 0);
		ck_assert_uint_eq(series.last.offset, 5 * PAGE);
		ck_assert_uint_eq(series.last.size, 2 * PAGE);
		ck_assert_uint_eq(series.last.attributes, GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE);
		ck_assert(gmem_ranges_cover(&vm->private_gpas, GPA + PAGE, GPA + 3 * PAGE));
		ck_assert_int_eq(gmem_convert(vm, GPA + PAGE, PAGE, false), 0);
		ck_assert_uint_eq(series.last.attributes, 0);
		ck_assert(!gmem_ranges_cover(&vm->private_gpas, GPA + PAGE, GPA + 2 * PAGE));
		ck_assert_uint_eq(series.per_vm, 0);
		teardown();
	}
}
END_TEST

/* One range that covers two slots, with the file's order reversed. */
START_TEST(range_over_several_slots)
{
	setup(ON);
	gmem_ctx_allow_unreleased(ctx, true);
	bind_part(0, 0, 4, 8 * PAGE);
	bind_part(1, 4, 4, 0);
	ck_assert_int_eq(gmem_convert(vm, GPA + 2 * PAGE, 4 * PAGE, true), 0);
	ck_assert_uint_eq(series.in_place, 2);
	ck_assert_uint_eq(series.last.offset, 0);
	ck_assert_uint_eq(series.private_bytes, 4 * PAGE);
	ck_assert_int_eq(gmem_convert(vm, GPA + 6 * PAGE, 4 * PAGE, true), -EINVAL);
	port_said(ctx, "guest address 0x100008000 is in no memslot");
	/* The part that was converted before stays converted. */
	ck_assert(gmem_ranges_cover(&vm->private_gpas, GPA + 2 * PAGE, GPA + 8 * PAGE));
	teardown();
}
END_TEST

START_TEST(busy_page_is_reported)
{
	setup(ON);
	gmem_ctx_allow_unreleased(ctx, true);
	bind_part(0, 0, 16, 0);
	series.busy = 3;
	series.busy_at = 5 * PAGE;
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
	ck_assert_uint_eq(series.last.offset, 5 * PAGE);
	ck_assert_uint_eq(series.last.size, 11 * PAGE);
	ck_assert_uint_eq(series.in_place, 4);

	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, false), 0);
	series.busy = 100000;
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), -EAGAIN);
	port_said(ctx, "the page at guest address 0x100005000 is held by somebody");
	ck_assert_uint_gt(series.busy, 99000);
	ck_assert(gmem_ranges_cover(&vm->private_gpas, GPA, GPA + 5 * PAGE));
	ck_assert(!gmem_ranges_cover(&vm->private_gpas, GPA, GPA + 6 * PAGE));
	teardown();
}
END_TEST

START_TEST(mistakes_are_explained)
{
	setup(ON);
	gmem_ctx_allow_unreleased(ctx, true);
	bind_part(0, 0, 16, 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, 0, true), -EINVAL);
	port_said(ctx, "(not in a released kernel): Invalid argument: length is 0");
	ck_assert_int_eq(gmem_convert(vm, GPA + 1, PAGE, true), -EINVAL);
	port_said(ctx, "guest address 0x100000001 is no multiple");
	ck_assert_int_eq(gmem_convert(vm, GPA, 100, true), -EINVAL);
	port_said(ctx, "length 100 is no multiple");
	ck_assert_int_eq(gmem_convert(vm, 0 - PAGE, 2 * PAGE, true), -EINVAL);
	port_said(ctx, "wraps");
	ck_assert_uint_eq(series.in_place, 0);
	/* By now the descriptor is closed, or belongs to another file. */
	gmem_memory_free(memory);
	memory = NULL;
	ck_assert_int_eq(gmem_convert(vm, GPA, PAGE, true), -EBADF);
	port_said(ctx, "is not open under the descriptor it was bound with");
	teardown();
}
END_TEST

/* The model of such a kernel: it launches a TD from memory that was shared, without a copy. */
START_TEST(td_launches_without_a_copy)
{
	const struct gmem_memory_options options = {
		.size = sizeof(options),
		.memory_size = SIZE,
		.flags = GMEM_MEMORY_MMAP | GMEM_MEMORY_INIT_SHARED,
	};
	const struct gmem_tdx_region region = { sizeof(region), NULL, GPA, 16, GMEM_TDX_MEASURE };
	const struct gmem_tdx_launch_options launch = {
		.size = sizeof(launch),
		.regions = &region,
		.region_count = 1,
	};

	ctx = port_ctx("in-place");
	fds = gmem_sim_open_fds(port_sim(ctx));
	ck_assert_int_eq(gmem_vm_new(ctx, GMEM_VM_TDX, &vm), 0);
	ck_assert_int_eq(gmem_memory_new(vm, &options, &memory), 0);
	bind_part(0, 0, 16, 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), -ENOTTY);
	port_said(ctx, "gmem_ctx_allow_unreleased()");
	gmem_ctx_allow_unreleased(ctx, true);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, true), 0);
	ck_assert_int_eq(gmem_tdx_launch(vm, &launch), 0);
	ck_assert_int_eq(gmem_convert(vm, GPA, SIZE, false), 0);
	teardown();
}
END_TEST

UNIT_MAIN("convert_in_place", off_by_default, not_offered, parameter_without_the_ioctl,
	  converts_through_the_guest_memfd, range_over_several_slots, busy_page_is_reported,
	  mistakes_are_explained, td_launches_without_a_copy)
