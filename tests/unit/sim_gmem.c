// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated guest_memfd, compared with tables from virt/kvm/guest_memfd.c and its selftest. */
#include "sim_test.h"

#define T (4 * PAGE)

static int fallocate_at(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			uint64_t length)
{
	return kernel->ops->fallocate(kernel, fd, mode, offset, length);
}

/* size, flags, result on a default VM and on a software-protected one; 0: a descriptor. */
static const struct {
	uint64_t size, flags;
	int plain, is_protected;
} creations[] = {
	{ T, 0, 0, 0 },
	{ T, 1, 0, 0 },
	{ T, 2, 0, -EINVAL },
	{ T, 3, 0, -EINVAL },
	{ T, 4, -EINVAL, -EINVAL },
	{ T, 1ull << 63, -EINVAL, -EINVAL },
	{ 4095, 0, -EINVAL, -EINVAL },
	{ 0, 0, -EINVAL, -EINVAL },
	{ -4096ull, 0, -EINVAL, -EINVAL },
	{ 0x7ffffffffffff000, 0, 0, 0 },
};

START_TEST(create)
{
	struct gmem_kernel *kernel = sim_open("sw-protected");
	struct gmem_kvm_create_guest_memfd garbage;
	int vm[2] = { new_vm(kernel, 0), new_vm(kernel, 1) };

	for (size_t i = 0; i < sizeof(creations) / sizeof(*creations); i++) {
		for (int type = 0; type < 2; type++) {
			int expected = type ? creations[i].is_protected : creations[i].plain;
			int fd = new_gmem(kernel, vm[type], creations[i].size, creations[i].flags);

			ck_assert_msg(expected ? fd == expected : fd >= 0, "row %zu: %d", i, fd);
			if (fd >= 0)
				kernel->ops->close(kernel, fd);
		}
	}
	memset(&garbage, 0xff, sizeof(garbage));
	garbage.size = T;
	garbage.flags = 0;
	ck_assert_int_ge(call(kernel, vm[0], GMEM_KVM_CREATE_GUEST_MEMFD, &garbage), 0);
	ck_assert_int_eq(call(kernel, vm[0], GMEM_KVM_CREATE_GUEST_MEMFD, (void *)8), -EFAULT);
	kernel->ops->destroy(kernel);
}
END_TEST

/* The flags that each VM offers, and those of /dev/kvm: they differ by design. */
START_TEST(offered_flags)
{
	static const struct {
		const char *model;
		int type, flags;
	} rows[] = {
		{ "plain", -1, 3 },
		{ "plain", 0, 3 },
		{ "no-direct-map", -1, 7 },
		{ "no-direct-map", 0, 7 },
		{ "no-direct-map", 1, 5 },
		{ "no-direct-map", 5, 1 },
		{ "tdx-no-direct-map", 5, 5 },
		{ "tdx", 5, 1 },
		{ "snp", 4, 1 },
		{ "snp", 2, 3 },
		{ "old", -1, 0 },
		{ "old", 1, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct gmem_kernel *kernel = sim_open(rows[i].model);
		int fd = rows[i].type < 0 ? kernel->ops->open(kernel, "/dev/kvm", O_RDWR)
					  : new_vm(kernel, (unsigned int)rows[i].type);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(kernel->ops->ioctl(kernel, fd, GMEM_KVM_CHECK_EXTENSION,
						    GMEM_KVM_CAP_GUEST_MEMFD_FLAGS),
				 rows[i].flags);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

static const struct {
	int mode;
	uint64_t offset, length;
	int expected;
} fallocations[] = {
	{ KEEP, 0, T, 0 },
	{ KEEP, T, PAGE, -EINVAL },
	{ KEEP, T + PAGE, PAGE, -EINVAL },
	{ PUNCH, T, PAGE, 0 },
	{ PUNCH, T + PAGE, PAGE, 0 },
	{ PUNCH, PAGE - 1, PAGE, -EINVAL },
	{ PUNCH, PAGE, PAGE - 1, -EINVAL },
	{ PUNCH, 0, 1, -EINVAL },
	{ PUNCH, 1, PAGE, -EINVAL },
	{ PUNCH, PAGE, PAGE, 0 },
	{ KEEP, PAGE, PAGE, 0 },
	{ KEEP, 0, 0, -EINVAL },
	{ KEEP, -PAGE, PAGE, -EINVAL },
	{ 0, 1, PAGE, -EOPNOTSUPP },		    /* mode before alignment */
	{ 0x10, 0, PAGE, -EOPNOTSUPP },		    /* ZERO_RANGE */
	{ 0x11, 0, PAGE, -EOPNOTSUPP },		    /* and KEEP_SIZE */
	{ 2, 0, PAGE, -EOPNOTSUPP },		    /* PUNCH_HOLE alone */
	{ 0x1000, 0, PAGE, -EOPNOTSUPP },	    /* unknown to the VFS */
	{ PUNCH, INT64_MAX & ~4095ull, T, -EFBIG }, /* beyond s_maxbytes */
};

START_TEST(fallocate_rules)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int fd = new_gmem(kernel, new_vm(kernel, 0), T, 0);

	for (size_t i = 0; i < sizeof(fallocations) / sizeof(*fallocations); i++) {
		int ret = fallocate_at(kernel, fd, fallocations[i].mode, fallocations[i].offset,
				       fallocations[i].length);

		ck_assert_msg(ret == fallocations[i].expected, "row %zu: %d", i, ret);
	}
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 4);
	kernel->ops->destroy(kernel);
}
END_TEST

/* No rollback: pages that were allocated before the failure stay. */
START_TEST(allocation_fails_half_way)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int fd = new_gmem(kernel, new_vm(kernel, 0), T, 0);

	gmem_sim_fail_allocation(kernel, 3);
	ck_assert_int_eq(fallocate_at(kernel, fd, KEEP, 0, T), -ENOMEM);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 2);
	gmem_sim_signal(kernel, true);
	ck_assert_int_eq(fallocate_at(kernel, fd, KEEP, 0, T), -EINTR);
	gmem_sim_signal(kernel, false);
	ck_assert_int_eq(fallocate_at(kernel, fd, KEEP, 0, T), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

static int map_file(struct gmem_kernel *kernel, int fd, size_t length, int prot, int flags,
		    uint64_t offset)
{
	void *memory;

	return kernel->ops->mmap(kernel, length, prot, flags, fd, offset, &memory);
}

START_TEST(mmap_rules)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int vm = new_vm(kernel, 0);
	int none = new_gmem(kernel, vm, T, 0), fd = new_gmem(kernel, vm, T, 3);
	int rw = PROT_READ | PROT_WRITE;

	ck_assert_int_eq(map_file(kernel, fd, 0, rw, MAP_SHARED, 0), -EINVAL);
	ck_assert_int_eq(map_file(kernel, fd, T, rw, MAP_SHARED, 100), -EINVAL);
	ck_assert_int_eq(map_file(kernel, fd, T, rw, MAP_SHARED, INT64_MAX & ~4095ull), -EOVERFLOW);
	ck_assert_int_eq(map_file(kernel, fd, T, rw, MAP_SHARED_VALIDATE | MAP_SYNC, 0),
			 -EOPNOTSUPP);
	ck_assert_int_eq(map_file(kernel, none, T, PROT_EXEC, MAP_SHARED, 0), -EPERM);
	ck_assert_int_eq(map_file(kernel, none, T, rw, MAP_SHARED, 0), -ENODEV);
	ck_assert_int_eq(map_file(kernel, none, T, rw, MAP_PRIVATE, 0), -ENODEV);
	ck_assert_int_eq(map_file(kernel, fd, T, rw, MAP_PRIVATE, 0), -EINVAL);
	ck_assert_int_eq(map_file(kernel, fd, T, PROT_NONE, MAP_SHARED, 0), 0);
	ck_assert_int_eq(map_file(kernel, fd, T, rw, MAP_SHARED, 1ull << 40), 0);
	ck_assert_int_eq(map_file(kernel, 999, T, rw, MAP_SHARED, 0), -EBADF);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(page_faults)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int vm = new_vm(kernel, 0);
	int shared = new_gmem(kernel, vm, T, 3), private_file = new_gmem(kernel, vm, T, 1);
	char *memory, *other, *hidden;

	kernel->ops->mmap(kernel, 2 * T, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0,
			  (void **)&memory);
	kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0,
			  (void **)&other);
	kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, private_file, 0,
			  (void **)&hidden);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory + T - 1), 0);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory + T), -EFAULT);
	ck_assert_int_eq(kernel->ops->touch(kernel, hidden), -EFAULT);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 1);
	memory[5] = 'x';
	ck_assert_int_eq(other[5], 'x');
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, T, 23), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 4);
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, 2 * T, 23), -EFAULT);
	ck_assert_int_eq(kernel->ops->madvise(kernel, hidden, T, 22), -EFAULT);
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, PAGE, MADV_REMOVE), 0);
	ck_assert_int_eq(other[5], 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 3);
	ck_assert_int_eq(kernel->ops->madvise(kernel, hidden, T, MADV_REMOVE), 0);
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, T, MADV_FREE), -EINVAL);
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, T, 25), -EINVAL);
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, T, MADV_HUGEPAGE), 0);
	ck_assert_int_eq(kernel->ops->madvise(kernel, memory, T, MADV_HWPOISON), -EBUSY);
	kernel->ops->destroy(kernel);
}
END_TEST

/*
 * A mapping keeps the file, and the file keeps the VM. A piece of the
 * mapping may be unmapped alone.
 */
START_TEST(munmap_pieces)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int fd = new_gmem(kernel, new_vm(kernel, 0), T, 3);
	char *memory;

	kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, (void **)&memory);
	kernel->ops->close(kernel, fd);
	ck_assert_int_eq(kernel->ops->munmap(kernel, memory + PAGE, PAGE), 0);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory + PAGE), -EFAULT);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), 0);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory + 3 * PAGE), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 2);
	ck_assert_int_eq(kernel->ops->munmap(kernel, memory, T), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(names_and_stat)
{
	static const struct {
		const char *model, *link;
		uint64_t magic;
	} rows[] = {
		{ "plain", "/[kvm-gmem] (deleted)", 0x474d454d },
		{ "old", "anon_inode:[kvm-gmem]", 0x09041934 },
	};

	for (int i = 0; i < 2; i++) {
		struct gmem_kernel *kernel = sim_open(rows[i].model);
		int fd = new_gmem(kernel, new_vm(kernel, 0), T, 0), path;
		char name[64], link[64];
		uint64_t magic;
		struct stat st;

		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		ck_assert_int_gt(kernel->ops->readlink(kernel, name, link, sizeof(link)), 0);
		ck_assert_str_eq(link, rows[i].link);
		ck_assert_int_eq(kernel->ops->fs_magic(kernel, fd, true, &magic), 0);
		ck_assert_uint_eq(magic, rows[i].magic);
		ck_assert_int_eq(kernel->ops->open(kernel, name, O_RDWR), -ENXIO);
		path = kernel->ops->open(kernel, name, O_PATH);
		ck_assert_int_ge(path, 0);
		ck_assert_int_eq(kernel->ops->fstat(kernel, path, &st), 0);
		ck_assert_int_eq(st.st_size, T);
		ck_assert_int_eq(st.st_blocks, 0);
		ck_assert_int_eq(st.st_mode, 0100600);
		ck_assert_int_eq(fallocate_at(kernel, path, KEEP, 0, T), -EBADF);
		ck_assert_int_eq(kernel->ops->pread(kernel, fd, link, 1, 0), -ESPIPE);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

/* The O_PATH descriptor keeps the inode and its pages, but not the binding. */
START_TEST(path_descriptor_keeps_pages)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int vm = new_vm(kernel, 0), fd = new_gmem(kernel, vm, T, 0), path;
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	path = kernel->ops->open(kernel, name, O_PATH);
	ck_assert_int_eq(fallocate_at(kernel, fd, KEEP, 0, T), 0);
	ck_assert_int_eq(kernel->ops->close(kernel, fd), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 4);
	ck_assert_int_eq(kernel->ops->close(kernel, path), 0);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

static uint64_t node_of(struct gmem_kernel *kernel, int fd, uint64_t index)
{
	/* From two_nodes in models.c: the second node begins at 34 GiB. */
	return gmem_sim_file_pfn(kernel, fd, index) >= 0x880000 ? 1 : 0;
}

START_TEST(policy_of_a_private_file)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	int fd = new_gmem(kernel, new_vm(kernel, 5), T, 1);
	unsigned long node0 = 1, node1 = 2, both = 3, none = 0, absent = 4;
	char *memory;

	kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, (void **)&memory);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory, PAGE, 2, &node1, 64, 0), 0);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory + PAGE, PAGE, 2, &node0, 64, 0), 0);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory + 2 * PAGE, 2 * PAGE, 3, &both, 64, 0),
			 0);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory, T, 999, &node1, 64, 0), -EINVAL);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory, T, 2, &none, 64, 0), -EINVAL);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory, T, 2, &absent, 64, 0), -EINVAL);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory, T, 0, &node1, 64, 0), -EINVAL);
	ck_assert_int_eq(kernel->ops->mbind(kernel, memory, T, 2, &node1, 64, 0x100), -EINVAL);
	ck_assert_int_eq(fallocate_at(kernel, fd, KEEP, 0, T), 0);
	ck_assert_uint_eq(node_of(kernel, fd, 0), 1);
	ck_assert_uint_eq(node_of(kernel, fd, 1), 0);
	ck_assert_uint_ne(node_of(kernel, fd, 2), node_of(kernel, fd, 3));
	kernel->ops->destroy(kernel);
}
END_TEST

/* The life of a folio in the removal series: allocation, first fault, free. */
START_TEST(direct_map_removal)
{
	struct gmem_kernel *kernel = sim_open("no-direct-map");
	int vm = new_vm(kernel, 0), fd = new_gmem(kernel, vm, T, 7);
	uint64_t pfn;
	char *memory;

	ck_assert_int_eq(fallocate_at(kernel, fd, KEEP, 0, T), 0);
	pfn = (uint64_t)gmem_sim_file_pfn(kernel, fd, 0);
	ck_assert(gmem_sim_direct_map_present(kernel, pfn));
	kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, (void **)&memory);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), 0);
	ck_assert(!gmem_sim_direct_map_present(kernel, pfn));
	ck_assert(gmem_sim_direct_map_present(kernel, pfn + 1));
	ck_assert_int_eq(kernel->ops->munmap(kernel, memory, T), 0);
	ck_assert(!gmem_sim_direct_map_present(kernel, pfn));
	ck_assert_int_eq(fallocate_at(kernel, fd, PUNCH, 0, PAGE), 0);
	ck_assert(gmem_sim_direct_map_present(kernel, pfn));
	ck_assert(!gmem_sim_oopsed(kernel));
	kernel->ops->destroy(kernel);
}
END_TEST

/* GUP refuses mappings of such memory: AS_NO_DIRECT_MAP, and before it secretmem. */
START_TEST(gup_refused)
{
	struct gmem_kernel *kernel = sim_open("no-direct-map");
	int vm = new_vm(kernel, 0), vcpu = new_vcpu(kernel, vm, 0);
	int fds[] = { new_gmem(kernel, vm, T, 7), kernel->ops->create_file(kernel, 1, T) };

	for (uint32_t i = 0; i < 2; i++) {
		struct gmem_kvm_userspace_memory_region2 region = {
			.slot = i,
			.guest_phys_addr = i << 20,
			.memory_size = T,
		};
		char *memory;

		kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0,
				  (void **)&memory);
		region.userspace_addr = (uintptr_t)memory;
		ck_assert_int_eq(kernel->ops->madvise(kernel, memory, T, 23), -EINVAL);
		ck_assert_int_eq(kernel->ops->touch(kernel, memory), 0);
		ck_assert_int_eq(call(kernel, vm, GMEM_KVM_SET_USER_MEMORY_REGION2, &region), 0);
		ck_assert_int_eq(pre_fault(kernel, vcpu, i << 20, PAGE, NULL), -EFAULT);
	}
	kernel->ops->destroy(kernel);
}
END_TEST

/* Another user took the page out of the direct map: clear_highpage() oopses. */
START_TEST(user_fault_oops)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int vm = new_vm(kernel, 0), fd = new_gmem(kernel, vm, T, 3);
	const char *log;
	uint64_t pfn;
	char *memory;

	fallocate_at(kernel, fd, KEEP, 0, T);
	pfn = (uint64_t)gmem_sim_file_pfn(kernel, fd, 0);
	gmem_sim_set_read_only(kernel, pfn);
	kernel->ops->mmap(kernel, T, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, (void **)&memory);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), -GMEM_KERNEL_OOPS);
	ck_assert(gmem_sim_oopsed(kernel));
	log = kernel->ops->log(kernel);
	ck_assert_ptr_nonnull(strstr(log, "BUG: unable to handle page fault for address: "));
	ck_assert_ptr_nonnull(strstr(log, "#PF: supervisor write access in kernel mode\n"));
	ck_assert_ptr_nonnull(strstr(log, "#PF: error_code(0x0003) - permissions violation\n"));
	ck_assert_ptr_nonnull(strstr(log, "kvm_gmem_fault_user_mapping+"));
	ck_assert_int_eq(fallocate_at(kernel, fd, PUNCH, 0, T), -GMEM_KERNEL_OOPS);
	ck_assert_int_eq(kernel->ops->close(kernel, fd), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

SIM_MAIN("sim_gmem", create, offered_flags, fallocate_rules, allocation_fails_half_way, mmap_rules,
	 page_faults, munmap_pieces, names_and_stat, path_descriptor_keeps_pages,
	 policy_of_a_private_file, direct_map_removal, gup_refused, user_fault_oops)
