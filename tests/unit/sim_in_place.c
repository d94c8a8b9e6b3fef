// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated in-place conversion: an ioctl on the guest_memfd, and its effects. */
#include "kernel/uapi_in_place.h"
#include "sim_test.h"

#define SIZE (8 * PAGE)

typedef struct gmem_kvm_memory_attributes2 attributes_t;

static int set(struct gmem_kernel *kernel, int fd, attributes_t *attributes)
{
	return call(kernel, fd, GMEM_KVM_SET_MEMORY_ATTRIBUTES2, attributes);
}

START_TEST(probe_tells_kernels_apart)
{
	static const char *const models[] = { "tdx", "in-place" };

	for (int i = 0; i < 2; i++) {
		struct gmem_kernel *kernel = sim_open(models[i]);
		int vm = new_vm(kernel, 1), fd = new_gmem(kernel, vm, SIZE, 0);
		attributes_t none = { 0 };

		ck_assert_int_eq(set(kernel, fd, &none), i ? -EINVAL : -ENOTTY);
		ck_assert_int_eq(convert(kernel, vm, 0, SIZE, true), i ? -ENOTTY : 0);
		ck_assert_int_eq(kernel->ops->ioctl(kernel, vm, GMEM_KVM_CHECK_EXTENSION,
						    GMEM_KVM_CAP_MEMORY_ATTRIBUTES),
				 i ? 0 : 8);
		ck_assert_int_eq(kernel->ops->ioctl(kernel, vm, GMEM_KVM_CHECK_EXTENSION,
						    GMEM_KVM_CAP_GUEST_MEMFD_FLAGS),
				 i ? 3 : 1);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

START_TEST(checks_of_the_ioctl)
{
	attributes_t rows[] = {
		{ .size = SIZE, .flags = 1 },
		{ .size = SIZE, .reserved = { [10] = 1 } },
		{ .size = SIZE, .attributes = 1 },
		{ .size = 0 },
		{ .size = 100 },
		{ .offset = 100, .size = PAGE },
		{ .offset = -PAGE, .size = 2 * PAGE },
		{ .offset = PAGE, .size = SIZE },
	};
	struct gmem_kernel *kernel = sim_open("in-place");
	int plain = new_vm(kernel, 0), fd = new_gmem(kernel, new_vm(kernel, 1), SIZE, 3);
	attributes_t to_private = { .size = PAGE, .attributes = 8 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(set(kernel, fd, &rows[i]) == -EINVAL, "row %zu", i);
	ck_assert_int_eq(set(kernel, fd, (attributes_t *)8), -EFAULT);
	ck_assert_int_eq(set(kernel, new_gmem(kernel, plain, SIZE, 3), &to_private), -EINVAL);
	ck_assert_int_eq(set(kernel, fd, &to_private), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(host_sees_shared_pages_only)
{
	struct gmem_kernel *kernel = sim_open("in-place");
	int vm = new_vm(kernel, 1), vcpu = new_vcpu(kernel, vm, 0);
	int fd = new_gmem(kernel, vm, SIZE, 3);
	attributes_t page = { .size = PAGE, .attributes = 8 };
	char *memory;

	ck_assert_int_eq(bind_gmem(kernel, vm, 0, fd, 0, SIZE), 0);
	kernel->ops->mmap(kernel, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0,
			  (void **)&memory);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), 0);
	gmem_sim_pin(kernel, (uint64_t)gmem_sim_file_pfn(kernel, fd, 0), true);
	page.size = SIZE;
	page.error_offset = 77;
	ck_assert_int_eq(set(kernel, fd, &page), -EAGAIN);
	ck_assert_uint_eq(page.error_offset, 0);
	gmem_sim_pin(kernel, (uint64_t)gmem_sim_file_pfn(kernel, fd, 0), false);
	page.size = PAGE;
	ck_assert_int_eq(set(kernel, fd, &page), 0);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), -EFAULT);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory + PAGE), 0);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 2 * PAGE, NULL), 0);
	page.attributes = 0;
	ck_assert_int_eq(set(kernel, fd, &page), 0);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

SIM_MAIN("sim_in_place", probe_tells_kernels_apart, checks_of_the_ioctl,
	 host_sees_shared_pages_only)
