// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulated KVM, compared with the results of a real Linux 7.3:
 * memslots, attributes, pre-fault.
 */
#include "sim_test.h"

#define SIZE 16384ull

/* A row begins with the defaults, and then overrides some of them. */
#pragma GCC diagnostic ignored "-Woverride-init"

typedef struct gmem_kvm_userspace_memory_region2 region_t;

static int region(struct gmem_kernel *kernel, int vm, region_t r)
{
	return call(kernel, vm, GMEM_KVM_SET_USER_MEMORY_REGION2, &r);
}

#define GMEM(fd, ...) \
	((region_t){ .flags = 4, .memory_size = SIZE, .guest_memfd = (uint32_t)(fd), __VA_ARGS__ })
#define PLAIN(...) ((region_t){ .memory_size = SIZE, .userspace_addr = 0x10000, __VA_ARGS__ })

START_TEST(vm_types)
{
	static const struct {
		const char *model;
		unsigned int types;
	} rows[] = { { "plain", 1 },  { "sw-protected", 3 },
		     { "tdx", 0x23 }, { "no-direct-map", 0x23 },
		     { "snp", 0x1d }, { "old", 3 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct gmem_kernel *kernel = sim_open(rows[i].model);
		int kvm = kernel->ops->open(kernel, "/dev/kvm", O_RDWR);

		ck_assert_int_eq(kernel->ops->ioctl(kernel, kvm, GMEM_KVM_CHECK_EXTENSION,
						    GMEM_KVM_CAP_VM_TYPES),
				 (int)rows[i].types);
		for (unsigned int type = 0; type < 64; type++) {
			int vm = new_vm(kernel, type);

			if (type < 32 && rows[i].types >> type & 1)
				ck_assert_int_ge(vm, 0);
			else
				ck_assert_int_eq(vm, -EINVAL);
		}
		ck_assert_int_eq(kernel->ops->ioctl(kernel, kvm, GMEM_KVM_CREATE_VM, 1ul << 32),
				 -EINVAL);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

static int cap(struct gmem_kernel *kernel, int fd, unsigned int number)
{
	return kernel->ops->ioctl(kernel, fd, GMEM_KVM_CHECK_EXTENSION, number);
}

START_TEST(capabilities)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	int kvm = kernel->ops->open(kernel, "/dev/kvm", O_RDWR);
	int plain = new_vm(kernel, 0), is_protected = new_vm(kernel, 1), td = new_vm(kernel, 5);

	ck_assert_int_eq(cap(kernel, kvm, GMEM_KVM_CAP_NR_MEMSLOTS), 32764);
	ck_assert_int_eq(cap(kernel, kvm, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(cap(kernel, plain, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 0);
	ck_assert_int_eq(cap(kernel, is_protected, GMEM_KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(cap(kernel, plain, GMEM_KVM_CAP_MULTI_ADDRESS_SPACE), 2);
	ck_assert_int_eq(cap(kernel, is_protected, GMEM_KVM_CAP_MULTI_ADDRESS_SPACE), 1);
	ck_assert_int_eq(cap(kernel, td, GMEM_KVM_CAP_READONLY_MEM), 0);
	ck_assert_int_eq(cap(kernel, td, GMEM_KVM_CAP_MAX_VCPUS), 8);
	ck_assert_int_eq(cap(kernel, kvm, GMEM_KVM_CAP_MAX_VCPUS), 1024);
	ck_assert_int_eq(cap(kernel, td, GMEM_KVM_CAP_PRE_FAULT_MEMORY), 1);
	ck_assert_int_eq(cap(kernel, kvm, 9999), 0);
	ck_assert_int_eq(call(kernel, plain, 0xae99, NULL), -ENOTTY);
	ck_assert_int_eq(call(kernel, new_vcpu(kernel, plain, 0), 0xae99, NULL), -EINVAL);
	kernel->ops->destroy(kernel);
}
END_TEST

/* Linux 6.12 has guest_memfd for private memory only. */
START_TEST(old_kernel)
{
	struct gmem_kernel *kernel = sim_open("old");
	int plain = new_vm(kernel, 0), is_protected = new_vm(kernel, 1);
	int fd = new_gmem(kernel, plain, SIZE, 0), own = new_gmem(kernel, is_protected, SIZE, 0);
	size_t offset;
	void *memory;

	ck_assert_int_eq(cap(kernel, plain, GMEM_KVM_CAP_GUEST_MEMFD), 0);
	ck_assert_int_eq(cap(kernel, is_protected, GMEM_KVM_CAP_GUEST_MEMFD), 1);
	ck_assert_int_eq(region(kernel, plain, GMEM(fd)), -EINVAL);
	ck_assert_int_eq(region(kernel, is_protected, GMEM(own)), 0);
	ck_assert_int_eq(region(kernel, is_protected,
				GMEM(own, .slot = 2, .guest_phys_addr = 2 << 20,
				     .guest_memfd_offset = INT64_MAX & ~4095ull)),
			 0);
	ck_assert_int_eq(
		region(kernel, is_protected, GMEM(own, .slot = 1, .guest_phys_addr = 1 << 20)),
		-EINVAL);
	ck_assert_int_eq(kernel->ops->mmap(kernel, SIZE, PROT_READ, MAP_SHARED, own, 0, &memory),
			 -ENODEV);
	ck_assert_int_eq(kernel->ops->offset_of(kernel, "gmem_file", "kvm", &offset), -ENOENT);
	ck_assert_int_eq(kernel->ops->offset_of(kernel, "kvm_gmem", "kvm", &offset), 0);
	ck_assert_int_eq(kernel->ops->size_of(kernel, "gmem_inode", &offset), -ENOENT);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(region_checks)
{
	struct gmem_kernel *kernel = sim_open("sw-protected");

	for (unsigned int type = 0; type < 2; type++) {
		int vm = new_vm(kernel, type), other = new_vm(kernel, type);
		int kvm = kernel->ops->open(kernel, "/dev/kvm", O_RDWR);
		int fd = new_gmem(kernel, vm, SIZE, 0), foreign = new_gmem(kernel, other, SIZE, 0);
		const struct {
			region_t region;
			int expected;
		} rows[] = {
			{ GMEM(999), -EBADF },
			{ GMEM(-1), -EBADF },
			{ GMEM(kvm), -EINVAL },
			{ GMEM(vm), -EINVAL },
			{ GMEM(foreign), -EINVAL },
			{ GMEM(fd, .guest_memfd_offset = 100), -EINVAL },
			{ GMEM(fd, .guest_memfd_offset = 4096), -EINVAL },
			{ GMEM(fd, .guest_memfd_offset = -4096ull), -EINVAL },
			{ GMEM(fd, .guest_memfd_offset = INT64_MAX & ~4095ull), -EINVAL },
			{ GMEM(fd, .flags = 5), -EINVAL },
			{ GMEM(fd, .flags = 6), -EINVAL },
			{ GMEM(fd, .flags = 0x14), -EINVAL },
			{ GMEM(fd, .flags = 0x20004), -EINVAL },
			{ GMEM(fd, .slot = 32764), -EINVAL },
			{ GMEM(fd, .slot = 65535), -EINVAL },
			{ GMEM(fd, .slot = 0x20000), -EINVAL },
			{ GMEM(fd, .guest_phys_addr = 1ull << 52), -EINVAL },
			{ GMEM(fd, .guest_phys_addr = 100), -EINVAL },
			{ GMEM(fd, .guest_phys_addr = -4096ull), -EINVAL },
			{ GMEM(999, .guest_phys_addr = 1ull << 48), -EBADF },
			{ GMEM(fd, .guest_phys_addr = 1ull << 48), -EINVAL },
			{ GMEM(fd, .memory_size = 4095), -EINVAL },
			{ GMEM(fd, .memory_size = 0), -EINVAL },
			{ GMEM(fd, .memory_size = 1ull << 43), -EINVAL },
			{ GMEM(fd, .memory_size = 0x7fffffffull << 12), -EINVAL },
			{ GMEM(fd, .userspace_addr = 1ull << 63), -EINVAL },
			{ GMEM(fd, .userspace_addr = 100), -EINVAL },
			{ GMEM(fd, .pad1 = 7, .pad2 = { 9 }), 0 },
			{ GMEM(fd, .pad1 = 7, .pad2 = { 9 }), -EINVAL },
			{ GMEM(fd, .slot = 1, .guest_phys_addr = 1 << 20), -EEXIST },
			{ GMEM(999, .slot = 1, .guest_phys_addr = SIZE - 4096), -EEXIST },
			{ PLAIN(.userspace_addr = 0), -EINVAL },
			{ GMEM(fd, .guest_phys_addr = 1 << 20), -EINVAL },
			{ GMEM(-1, .memory_size = 0, .guest_memfd_offset = 3), -EINVAL },
			{ GMEM(-1, .memory_size = 0), 0 },
			{ GMEM(fd), 0 },
			{ PLAIN(.memory_size = 0), 0 },
			{ PLAIN(), 0 },
			{ PLAIN(), 0 },
			{ PLAIN(.flags = 1), 0 },
			{ PLAIN(.flags = 2), -EINVAL },
			{ PLAIN(.guest_phys_addr = 1 << 20), 0 },
			{ PLAIN(.guest_phys_addr = 1 << 20, .memory_size = 4096), -EINVAL },
			{ PLAIN(.guest_phys_addr = 1 << 20, .flags = 4), -EINVAL },
			{ PLAIN(.slot = 0x10000), type ? -EINVAL : 0 },
			{ PLAIN(.slot = 0x10000, .memory_size = 0), type ? -EINVAL : 0 },
		};

		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			int ret = region(kernel, vm, rows[i].region);

			ck_assert_msg(ret == rows[i].expected, "type %u, row %zu: %d", type, i,
				      ret);
		}
		ck_assert_int_eq(call(kernel, vm, GMEM_KVM_SET_USER_MEMORY_REGION2, (void *)8),
				 -EFAULT);
		ck_assert_int_eq(
			call(kernel, vm, GMEM_KVM_SET_USER_MEMORY_REGION, &GMEM(fd, .slot = 9)),
			-EINVAL);
	}
	kernel->ops->destroy(kernel);
}
END_TEST

/* As in set_memory_region_test.c: all slots can be used, and not one more. */
START_TEST(all_slots)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int vm = new_vm(kernel, 0);

	for (uint32_t slot = 0; slot < 32764; slot++)
		ck_assert_int_eq(
			region(kernel, vm, PLAIN(.slot = slot, .guest_phys_addr = slot * SIZE)), 0);
	ck_assert_int_eq(region(kernel, vm, PLAIN(.slot = 32764, .guest_phys_addr = 1ull << 40)),
			 -EINVAL);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(attribute_checks)
{
	static const struct {
		struct gmem_kvm_memory_attributes attributes;
		int plain, is_protected;
	} rows[] = {
		{ { 0, 4096, 0, 0 }, 0, 0 },
		{ { 0, 4096, 8, 0 }, -EINVAL, 0 },
		{ { 0, 4096, 1, 0 }, -EINVAL, -EINVAL },
		{ { 0, 4096, 9, 0 }, -EINVAL, -EINVAL },
		{ { 0, 4096, 0, 1 }, -EINVAL, -EINVAL },
		{ { 0, 0, 0, 0 }, -EINVAL, -EINVAL },
		{ { 0, 100, 0, 0 }, -EINVAL, -EINVAL },
		{ { 100, 4096, 0, 0 }, -EINVAL, -EINVAL },
		{ { -4096ull, 8192, 0, 0 }, -EINVAL, -EINVAL },
		{ { -4096ull, 4096, 0, 0 }, -EINVAL, -EINVAL },
		{ { -8192ull, 4096, 8, 0 }, -EINVAL, 0 },
		{ { -8192ull, 4096, 0, 0 }, 0, 0 },
	};
	struct gmem_kernel *kernel = sim_open("sw-protected");
	int plain = new_vm(kernel, 0), is_protected = new_vm(kernel, 1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct gmem_kvm_memory_attributes copy = rows[i].attributes;

		ck_assert_msg(call(kernel, plain, GMEM_KVM_SET_MEMORY_ATTRIBUTES, &copy) ==
				      rows[i].plain,
			      "row %zu", i);
		ck_assert_msg(call(kernel, is_protected, GMEM_KVM_SET_MEMORY_ATTRIBUTES, &copy) ==
				      rows[i].is_protected,
			      "row %zu", i);
	}
	kernel->ops->destroy(kernel);
	kernel = sim_open("plain");
	plain = new_vm(kernel, 0);
	ck_assert_int_eq(call(kernel, plain, GMEM_KVM_SET_MEMORY_ATTRIBUTES, (void *)8), -ENOTTY);
	kernel->ops->destroy(kernel);
}
END_TEST

/* Compares ranges with a plain array. A pre-fault shows whether KVM treats a page as private. */
START_TEST(attributes_against_an_array)
{
	struct gmem_kernel *kernel = sim_open("sw-protected");
	int vm = new_vm(kernel, 1), vcpu = new_vcpu(kernel, vm, 0);
	bool is_private[64] = { false };
	unsigned int seed = 1;

	for (int step = 0; step < 2000; step++) {
		unsigned int first, pages, to_private;

		seed = seed * 1103515245 + 12345;
		first = seed >> 16 & 63;
		pages = 1 + (seed >> 8 & 15);
		to_private = seed >> 24 & 1;
		if (first + pages > 64)
			pages = 64 - first;
		ck_assert_int_eq(convert(kernel, vm, first * PAGE, pages * PAGE, to_private), 0);
		for (unsigned int i = first; i < first + pages; i++)
			is_private[i] = to_private;
		/* Without a memslot: EFAULT if private, ENOENT if shared. */
		for (unsigned int i = 0; i < 64; i++)
			ck_assert_int_eq(pre_fault(kernel, vcpu, i * PAGE, PAGE, NULL),
					 is_private[i] ? -EFAULT : -ENOENT);
	}
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(pre_fault_checks)
{
	static const struct {
		struct gmem_kvm_pre_fault_memory range;
		int expected;
	} rows[] = {
		{ { .gpa = 0, .size = 4096 }, -ENOENT },
		{ { .gpa = 100, .size = 4096 }, -EINVAL },
		{ { .gpa = 0, .size = 0 }, -EINVAL },
		{ { .gpa = 0, .size = 100 }, -EINVAL },
		{ { .gpa = 0, .size = 4096, .flags = 1 }, -EINVAL },
		{ { .gpa = -4096ull, .size = 4096 }, -EINVAL },
		{ { .gpa = -4096ull, .size = 8192 }, -EINVAL },
	};
	struct gmem_kernel *kernel = sim_open("sw-protected");
	int vm = new_vm(kernel, 1), vcpu = new_vcpu(kernel, vm, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct gmem_kvm_pre_fault_memory copy = rows[i].range;

		ck_assert_msg(call(kernel, vcpu, GMEM_KVM_PRE_FAULT_MEMORY, &copy) ==
				      rows[i].expected,
			      "row %zu", i);
		ck_assert_int_eq(memcmp(&copy, &rows[i].range, sizeof(copy)), 0);
	}
	ck_assert_int_eq(call(kernel, vcpu, GMEM_KVM_PRE_FAULT_MEMORY, (void *)8), -EFAULT);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(pre_fault_outcomes)
{
	struct gmem_kernel *kernel = sim_open("sw-protected");
	int vm = new_vm(kernel, 1), vcpu = new_vcpu(kernel, vm, 0);
	int fd = new_gmem(kernel, vm, SIZE, 0);
	char *user = aligned_alloc(4096, SIZE);
	uint64_t left;

	memset(user, 0, SIZE);
	ck_assert_int_eq(convert(kernel, vm, 0, 4096, true), 0);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 4096, NULL), -EFAULT);
	ck_assert_int_eq(region(kernel, vm, PLAIN(.userspace_addr = (uintptr_t)user)), 0);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 4096, NULL), -EFAULT);
	ck_assert_int_eq(delete_slot(kernel, vm, 0), 0);
	ck_assert_int_eq(region(kernel, vm, GMEM(fd, .userspace_addr = (uintptr_t)user)), 0);
	/* Private and shared pages in one call. Past the slot, the progress hides the error. */
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 2 * SIZE, &left), 0);
	ck_assert_uint_eq(left, SIZE);
	ck_assert_int_eq(pre_fault(kernel, vcpu, SIZE, SIZE, &left), -ENOENT);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 1);
	gmem_sim_signal(kernel, true);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 4096, NULL), -EINTR);
	gmem_sim_signal(kernel, false);
	gmem_sim_poison(kernel, (uint64_t)gmem_sim_file_pfn(kernel, fd, 0));
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 4096, NULL), -EHWPOISON);
	ck_assert_int_eq(kernel->ops->fallocate(kernel, fd, PUNCH, 0, 4096), 0);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 4096, NULL), 0);
	kernel->ops->close(kernel, fd);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 0, 4096, NULL), -EFAULT);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 4096, 4096, NULL), 0);
	ck_assert_int_eq(delete_slot(kernel, vm, 0), 0);
	ck_assert_int_eq(region(kernel, vm, PLAIN(.userspace_addr = 0x10000)), 0);
	ck_assert_int_eq(pre_fault(kernel, vcpu, 4096, 4096, NULL), -EFAULT);
	free(user);
	kernel->ops->destroy(kernel);
}
END_TEST

/* The memory fault exit after a private access without a guest_memfd. */
START_TEST(run_exits)
{
	struct gmem_kernel *kernel = sim_open("sw-protected");
	int vm = new_vm(kernel, 1), vcpu = new_vcpu(kernel, vm, 0);
	struct kvm_run *run;
	uint64_t payload[3];

	ck_assert_int_eq(kernel->ops->mmap(kernel, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
					   vcpu, 0, (void **)&run),
			 0);
	convert(kernel, vm, 0x5000, PAGE, true);
	gmem_sim_guest_touch(kernel, vcpu, 0x5123, true);
	ck_assert_int_eq(call(kernel, vcpu, 0xae80, NULL), -EFAULT);
	ck_assert_uint_eq(run->exit_reason, 39);
	memcpy(payload, (char *)run + 32, sizeof(payload));
	ck_assert_uint_eq(payload[0], 8);
	ck_assert_uint_eq(payload[1], 0x5000);
	ck_assert_uint_eq(payload[2], 4096);
	ck_assert_int_eq(call(kernel, vcpu, 0xae80, NULL), 0);
	gmem_sim_guest_touch(kernel, vcpu, 0x9000, false);
	ck_assert_int_eq(call(kernel, vcpu, 0xae80, NULL), 0);
	ck_assert_uint_eq(run->exit_reason, 6);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(run_without_memory)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int vm = new_vm(kernel, 0), vcpu = new_vcpu(kernel, vm, 0);
	struct kvm_run *run;

	ck_assert_int_eq(
		kernel->ops->mmap(kernel, 3 * PAGE, PROT_READ, MAP_SHARED, vcpu, 0, (void **)&run),
		0);
	ck_assert_int_eq(call(kernel, vcpu, 0xae80, NULL), 0);
	ck_assert_uint_eq(run->exit_reason, 17);
	ck_assert_int_eq(new_vcpu(kernel, vm, 0), -EEXIST);
	ck_assert_int_eq(new_vcpu(kernel, vm, 4096), -EINVAL);
	ck_assert_int_eq(call(kernel, vm, GMEM_KVM_MEMORY_ENCRYPT_OP, NULL), -ENOTTY);
	ck_assert_int_eq(call(kernel, vcpu, GMEM_KVM_MEMORY_ENCRYPT_OP, NULL), -ENOTTY);
	kernel->ops->destroy(kernel);
}
END_TEST

/*
 * fd -> file -> gmem_file -> bindings -> slot, as a walker follows them,
 * compared with what was bound.
 */
START_TEST(bindings_in_kernel_memory)
{
	static const char *const models[] = { "plain", "old" };

	for (int i = 0; i < 2; i++) {
		struct gmem_kernel *kernel = sim_open(models[i]);
		bool old = i == 1;
		int vm = new_vm(kernel, old), fd = new_gmem(kernel, vm, 70 * PAGE, 0);
		uint64_t task, file, gmem, head, node, slot, inode, list;

		ck_assert_int_eq(region(kernel, vm,
					GMEM(fd, .guest_phys_addr = 1 << 30,
					     .memory_size = 70 * PAGE, .slot = 3)),
				 0);
		kernel->ops->current_task(kernel, &task);
		file = read_word(kernel, task + member(kernel, "task_struct", "files"));
		file = read_word(kernel, file + member(kernel, "files_struct", "fdt"));
		file = read_word(kernel, file + member(kernel, "fdtable", "fd"));
		file = read_word(kernel, file + 8 * (uint64_t)fd);
		gmem = read_word(kernel, file + member(kernel, "file", "private_data"));
		head = read_word(kernel, gmem + 16);
		ck_assert_uint_eq(head & 3, 2);
		node = head - 2;
		/*
		 * The first 64 pages are one entry of the upper node. The rest is
		 * below it, with siblings.
		 */
		slot = read_word(kernel, node + 40);
		ck_assert_uint_eq(slot & 3, 0);
		ck_assert_uint_eq(
			read_word(kernel, slot + member(kernel, "kvm_memory_slot", "base_gfn")),
			1 << 18);
		ck_assert_uint_eq(
			read_word(kernel, slot + member(kernel, "kvm_memory_slot", "gmem.file")),
			file);
		node = read_word(kernel, node + 48) - 2;
		ck_assert_uint_eq(read_word(kernel, node + 40), slot);
		ck_assert_uint_eq(read_word(kernel, node + 48), 2);
		ck_assert_uint_eq(read_word(kernel, node + 40 + 6 * 8), 0);
		/* The inode leads to the same object. */
		inode = read_word(kernel, file + member(kernel, "file", "f_inode"));
		if (old)
			list = read_word(kernel, inode + member(kernel, "inode", "i_mapping")) +
			       member(kernel, "address_space", "i_private_list");
		else
			list = inode - member(kernel, "gmem_inode", "vfs_inode") +
			       member(kernel, "gmem_inode", "gmem_file_list");
		ck_assert_uint_eq(read_word(kernel, list) - 24, gmem);
		ck_assert_int_eq(delete_slot(kernel, vm, 3), 0);
		ck_assert_uint_eq(read_word(kernel, gmem + 16), 0);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

/* Folios in the i_pages xarray, at random indices, compared with an array. */
START_TEST(page_cache_against_an_array)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int fd = new_gmem(kernel, new_vm(kernel, 0), 1ull << 40, 0);
	uint64_t indices[32];
	bool present[32] = { false };
	unsigned int seed = 7;

	for (int i = 0; i < 32; i++)
		indices[i] = i ? (1ull << (i % 28)) + (uint64_t)i : 0;
	for (int step = 0; step < 5000; step++) {
		unsigned int at;
		uint64_t count = 0;

		seed = seed * 1103515245 + 12345;
		at = seed >> 16 & 31;
		present[at] = seed >> 24 & 1;
		ck_assert_int_eq(kernel->ops->fallocate(kernel, fd, present[at] ? KEEP : PUNCH,
							indices[at] * PAGE, PAGE),
				 0);
		for (int i = 0; i < 32; i++) {
			ck_assert_int_eq(gmem_sim_file_pfn(kernel, fd, indices[i]) > 0, present[i]);
			count += present[i];
		}
		ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), count);
	}
	kernel->ops->destroy(kernel);
}
END_TEST

SIM_MAIN("sim_kvm", vm_types, capabilities, old_kernel, region_checks, all_slots, attribute_checks,
	 attributes_against_an_array, pre_fault_checks, pre_fault_outcomes, run_exits,
	 run_without_memory, bindings_in_kernel_memory, page_cache_against_an_array)
