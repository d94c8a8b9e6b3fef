/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that the tests of the simulated kernel share. */
#ifndef SIM_TEST_H
#define SIM_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "sim/hooks.h"
#include "kernel/uapi.h"
#include "unit.h"

#define PAGE 4096ull
#define MAYBE_UNUSED __attribute__((unused))

/* A main() that runs these tests, START_TEST names, as one suite. */
#define SIM_MAIN(title, ...)                                              \
	int main(void)                                                    \
	{                                                                 \
		const TTest *const all[] = { __VA_ARGS__ };               \
		Suite *suite = suite_create(title);                       \
		SRunner *runner;                                          \
		int failed;                                               \
                                                                          \
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) { \
			TCase *tcase = tcase_create(all[i]->name);        \
                                                                          \
			tcase_set_timeout(tcase, 120);                    \
			tcase_add_test(tcase, all[i]);                    \
			suite_add_tcase(suite, tcase);                    \
		}                                                         \
		runner = srunner_create(suite);                           \
		srunner_run_all(runner, CK_ENV);                          \
		failed = srunner_ntests_failed(runner);                   \
		srunner_free(runner);                                     \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;              \
	}

MAYBE_UNUSED static struct gmem_kernel *sim_open(const char *model)
{
	struct gmem_kernel *kernel;
	char why[128];

	ck_assert_int_eq(gmem_kernel_sim_new(model, &kernel), 0);
	ck_assert_int_eq(kernel->ops->reader_open(kernel, GMEM_READER_BPF, why, sizeof(why)), 0);
	return kernel;
}

MAYBE_UNUSED static int read_at(struct gmem_kernel *kernel, uint64_t address, void *buffer,
				uint32_t length)
{
	struct gmem_kmem_request request = { address, buffer, length, 0 };

	ck_assert_int_eq(kernel->ops->read_kmem(kernel, &request, 1), 0);
	return request.result;
}

MAYBE_UNUSED static uint64_t read_word(struct gmem_kernel *kernel, uint64_t address)
{
	uint64_t word = 0;

	ck_assert_int_eq(read_at(kernel, address, &word, sizeof(word)), 0);
	return word;
}

MAYBE_UNUSED static uint64_t member(struct gmem_kernel *kernel, const char *type, const char *name)
{
	size_t offset;

	ck_assert_int_eq(kernel->ops->offset_of(kernel, type, name, &offset), 0);
	return offset;
}

/* Reads a variable of the kernel image. */
MAYBE_UNUSED static uint64_t variable(struct gmem_kernel *kernel, const char *name)
{
	uint64_t address;

	ck_assert_int_eq(kernel->ops->symbol(kernel, name, &address), 0);
	return read_word(kernel, address);
}

MAYBE_UNUSED static void read_text(struct gmem_kernel *kernel, const char *path, char *text,
				   size_t size)
{
	int fd = kernel->ops->open(kernel, path, O_RDONLY);
	ssize_t got;

	ck_assert_msg(fd >= 0, "%s: %d", path, fd);
	got = kernel->ops->pread(kernel, fd, text, size - 1, 0);
	ck_assert_int_ge(got, 0);
	text[got] = '\0';
	ck_assert_int_eq(kernel->ops->close(kernel, fd), 0);
}

MAYBE_UNUSED static int call(struct gmem_kernel *kernel, int fd, unsigned long request, void *arg)
{
	return kernel->ops->ioctl(kernel, fd, request, (uintptr_t)arg);
}

MAYBE_UNUSED static int new_vm(struct gmem_kernel *kernel, unsigned int type)
{
	int kvm = kernel->ops->open(kernel, "/dev/kvm", O_RDWR);
	int vm = kernel->ops->ioctl(kernel, kvm, GMEM_KVM_CREATE_VM, type);

	ck_assert_int_eq(kernel->ops->close(kernel, kvm), 0);
	return vm;
}

MAYBE_UNUSED static int new_vcpu(struct gmem_kernel *kernel, int vm, unsigned int id)
{
	return kernel->ops->ioctl(kernel, vm, GMEM_KVM_CREATE_VCPU, id);
}

MAYBE_UNUSED static int new_gmem(struct gmem_kernel *kernel, int vm, uint64_t size, uint64_t flags)
{
	struct gmem_kvm_create_guest_memfd create = { .size = size, .flags = flags };

	return call(kernel, vm, GMEM_KVM_CREATE_GUEST_MEMFD, &create);
}

/* Binds a guest_memfd to a memslot, at its offset 0. */
MAYBE_UNUSED static int bind_gmem(struct gmem_kernel *kernel, int vm, uint32_t slot, int gmem,
				  uint64_t gpa, uint64_t size)
{
	struct gmem_kvm_userspace_memory_region2 region = {
		.slot = slot,
		.flags = GMEM_KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.guest_memfd = (uint32_t)gmem,
	};

	return call(kernel, vm, GMEM_KVM_SET_USER_MEMORY_REGION2, &region);
}

MAYBE_UNUSED static int delete_slot(struct gmem_kernel *kernel, int vm, uint32_t slot)
{
	struct gmem_kvm_userspace_memory_region2 region = { .slot = slot };

	return call(kernel, vm, GMEM_KVM_SET_USER_MEMORY_REGION2, &region);
}

MAYBE_UNUSED static int convert(struct gmem_kernel *kernel, int vm, uint64_t gpa, uint64_t size,
				bool to_private)
{
	struct gmem_kvm_memory_attributes attributes = {
		.address = gpa,
		.size = size,
		.attributes = to_private ? GMEM_KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	return call(kernel, vm, GMEM_KVM_SET_MEMORY_ATTRIBUTES, &attributes);
}

MAYBE_UNUSED static int pre_fault(struct gmem_kernel *kernel, int vcpu, uint64_t gpa, uint64_t size,
				  uint64_t *left)
{
	struct gmem_kvm_pre_fault_memory range = { .gpa = gpa, .size = size };
	int ret = call(kernel, vcpu, GMEM_KVM_PRE_FAULT_MEMORY, &range);

	if (left)
		*left = range.size;
	return ret;
}

#define KEEP 1	/* FALLOC_FL_KEEP_SIZE */
#define PUNCH 3 /* and FALLOC_FL_PUNCH_HOLE */

#endif
