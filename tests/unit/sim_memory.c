// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated kernel's memory: page tables, vmcoreinfo, control pages, files of /proc. */
#include "sim_test.h"

#include "kernel/sim/internal.h"

START_TEST(every_model_boots)
{
	const char *name;
	size_t i;

	for (i = 0; (name = gmem_kernel_sim_model_name(i)); i++) {
		struct gmem_kernel *kernel = sim_open(name);

		ck_assert_str_eq(kernel->ops->model(kernel), name);
		ck_assert_str_eq(kernel->ops->log(kernel), "");
		ck_assert_ptr_nonnull(gmem_kernel_sim_model_summary(i));
		kernel->ops->destroy(kernel);
	}
	ck_assert_uint_ge(i, 11);
	ck_assert_ptr_null(gmem_kernel_sim_model_summary(i));
}
END_TEST

START_TEST(unknown_model)
{
	struct gmem_kernel *kernel;

	ck_assert_int_eq(gmem_kernel_sim_new("no-such", &kernel), -EINVAL);
}
END_TEST

static bool is_arm64(struct gmem_kernel *kernel)
{
	return !strcmp(kernel->ops->machine, "aarch64");
}

/*
 * Returns the place of physical address 0. On arm64 PHYS_OFFSET is at
 * PAGE_OFFSET, here with 52 bits.
 */
static uint64_t base_of(struct gmem_kernel *kernel)
{
	if (is_arm64(kernel))
		return (~0ull << 52) - variable(kernel, "memstart_addr");
	return variable(kernel, "page_offset_base");
}

/* As libgmem does: takes the note's physical address, and reads it through the direct map. */
START_TEST(note_is_where_sysfs_says)
{
	const char *name;

	for (size_t i = 0; (name = gmem_kernel_sim_model_name(i)); i++) {
		struct gmem_kernel *kernel = sim_open(name);
		unsigned long long physical, size;
		char text[128], note[512], release[64], line[128];
		uint32_t header[3];

		read_text(kernel, "/sys/kernel/vmcoreinfo", text, sizeof(text));
		ck_assert_int_eq(sscanf(text, "0x%llx %llx", &physical, &size), 2);
		ck_assert_int_eq(read_at(kernel, base_of(kernel) + physical, note, 512), 0);
		memcpy(header, note, sizeof(header));
		ck_assert_uint_eq(header[0], 11);
		ck_assert_uint_eq(header[2], 0);
		ck_assert_str_eq(note + 12, "VMCOREINFO");
		read_text(kernel, "/proc/sys/kernel/osrelease", release, sizeof(release));
		snprintf(line, sizeof(line), "OSRELEASE=%s", release);
		ck_assert_int_eq(memcmp(note + 24, line, strlen(line)), 0);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

/* The same for arm64: 5 levels of 4K tables with LPA2, or 3 levels of 16K tables for 47 bits. */
static uint64_t walk_arm64(struct gmem_kernel *kernel, uint64_t address, int *level)
{
	bool large = kernel->page_shift == 14;
	uint64_t table, entry = 0;

	ck_assert_int_eq(kernel->ops->symbol(kernel, "swapper_pg_dir", &table), 0);
	for (*level = large ? 3 : 5; *level; --*level) {
		int shift = large ? 14 + 11 * (*level - 1) : 12 + 9 * (*level - 1);
		uint64_t last = large ? 2047 : *level == 5 ? 15 : 511;

		entry = read_word(kernel, table + 8 * (address >> shift & last));
		if (!(entry & 1) || *level == 1 || !(entry & 2))
			break;
		table = base_of(kernel) + (entry & 0x0003fffffffff000 & ~(large ? 0x3000ull : 0));
	}
	return entry;
}

/* Walks a direct-map address by hand, from swapper_pg_dir. Returns the leaf, and its level. */
static uint64_t walk(struct gmem_kernel *kernel, uint64_t address, int *level)
{
	uint64_t base = base_of(kernel), sme, table, entry = 0;
	bool five = base < 0xffff000000000000;

	if (is_arm64(kernel))
		return walk_arm64(kernel, address, level);
	sme = variable(kernel, "sme_me_mask");
	ck_assert_int_eq(kernel->ops->symbol(kernel, "swapper_pg_dir", &table), 0);
	for (*level = five ? 5 : 4; *level; --*level) {
		int shift = 12 + 9 * (*level - 1);

		entry = read_word(kernel, table + 8 * (address >> shift & 511));
		if (!(entry & 1) || *level == 1 || (*level < 4 && entry & 0x80))
			break;
		table = base + (entry & 0x000ffffffffff000 & ~sme);
	}
	return entry;
}

/* Checks the entry after set_direct_map_invalid_noflush(), and after the way back. */
static void check_entry(struct gmem_kernel *kernel, uint64_t entry, uint64_t address, bool present)
{
	uint64_t frame = 0x000ffffffffff000;

	if (is_arm64(kernel)) {
		ck_assert_uint_eq(entry & 0xfff0000000000c03,
				  present ? 0x00e0000000000403 : 0x00e0000000000c02);
		ck_assert_uint_eq(entry & 0x0003fffffffff000, address);
		return;
	}
	frame &= ~variable(kernel, "sme_me_mask");
	ck_assert_uint_eq((present ? entry : ~entry) & frame, address);
	ck_assert_uint_eq(entry & 0x8000000000000fff,
			  present ? 0x8000000000000063 : 0x8000000000000020);
}

static void check_control(struct gmem_kernel *kernel, enum gmem_file_kind kind, bool present)
{
	uint64_t size = 1ull << kernel->page_shift, base = base_of(kernel);
	int fd = kernel->ops->create_file(kernel, kind, size);
	void *memory;
	int64_t pfn;
	uint64_t entry, word;
	int level;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		kernel->ops->mmap(kernel, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &memory),
		0);
	ck_assert_int_eq(gmem_sim_file_pfn(kernel, fd, 0), -ENOENT);
	ck_assert_uint_eq((uintptr_t)memory % size, 0);
	ck_assert_int_eq(kernel->ops->touch(kernel, memory), 0);
	*(char *)memory = 1;
	pfn = gmem_sim_file_pfn(kernel, fd, 0);
	ck_assert_int_gt(pfn, 0);
	entry = walk(kernel, base + (uint64_t)pfn * size, &level);
	ck_assert_int_eq(entry & 1, present);
	ck_assert_int_eq(read_at(kernel, base + (uint64_t)pfn * size, &word, 8),
			 present ? 0 : -EFAULT);
	if (!present) {
		ck_assert_int_eq(level, 1);
		check_entry(kernel, entry, (uint64_t)pfn * size, false);
	}
	ck_assert_int_eq(kernel->ops->munmap(kernel, memory, size), 0);
	ck_assert_int_eq(kernel->ops->close(kernel, fd), 0);
	entry = walk(kernel, base + (uint64_t)pfn * size, &level);
	if (!present)
		check_entry(kernel, entry, (uint64_t)pfn * size, true);
	ck_assert_uint_eq(entry & 1, 1);
	ck_assert_uint_eq(gmem_sim_pages_in_use(kernel), 0);
}

START_TEST(control_pages)
{
	const char *name;

	for (size_t i = 0; (name = gmem_kernel_sim_model_name(i)); i++) {
		struct gmem_kernel *kernel = sim_open(name);

		check_control(kernel, GMEM_FILE_ORDINARY, true);
		check_control(kernel, GMEM_FILE_SECRET, false);
		ck_assert_uint_eq(gmem_sim_open_fds(kernel), 0);
		kernel->ops->destroy(kernel);
	}
}
END_TEST

/* /proc/kcore returns zeros for a page that left the direct map, and no error. */
START_TEST(kcore_reads_zeros)
{
	struct gmem_kernel *kernel = sim_open("plain");
	uint64_t base = variable(kernel, "page_offset_base");
	uint64_t word = 1;
	char why[64];

	ck_assert_int_eq(gmem_sim_set_direct_map(kernel, 0x100001, false), 0);
	ck_assert_int_eq(read_at(kernel, base + 0x100001000, &word, 8), -EFAULT);
	ck_assert_int_eq(kernel->ops->reader_open(kernel, GMEM_READER_KCORE, why, 64), 0);
	ck_assert_int_eq(read_at(kernel, base + 0x100001000, &word, 8), 0);
	ck_assert_uint_eq(word, 0);
	/* The hole below 4 GiB is not RAM. */
	ck_assert_int_eq(read_at(kernel, base + 0xc0000000, &word, 8), -EFAULT);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(reader_may_fail)
{
	struct gmem_kernel *kernel = sim_open("plain");
	struct gmem_kmem_request request = { 0, NULL, 0, 0 };
	char why[64];

	gmem_sim_fail_reader(kernel, GMEM_READER_BPF, -EPERM);
	ck_assert_int_eq(kernel->ops->reader_open(kernel, GMEM_READER_BPF, why, 64), -EPERM);
	ck_assert_int_eq(kernel->ops->reader_open(kernel, GMEM_READER_NONE, why, 64), 0);
	ck_assert_int_eq(kernel->ops->read_kmem(kernel, &request, 1), -ENODEV);
	kernel->ops->destroy(kernel);
}
END_TEST

/* Splitting a gigabyte keeps the number of mapped bytes, and is counted. */
START_TEST(counters_follow_splits)
{
	struct gmem_kernel *kernel = sim_open("plain");
	unsigned long long k4, m2, g1, k4_after, m2_after, g1_after, splits2, splits3;
	char text[1024];

	read_text(kernel, "/proc/meminfo", text, sizeof(text));
	ck_assert_int_eq(sscanf(strstr(text, "DirectMap4k"),
				"DirectMap4k: %llu kB\nDirectMap2M: %llu kB\nDirectMap1G: %llu kB",
				&k4, &m2, &g1),
			 3);
	ck_assert_int_eq(gmem_sim_set_direct_map(kernel, 0x140000, false), 0);
	read_text(kernel, "/proc/meminfo", text, sizeof(text));
	ck_assert_int_eq(sscanf(strstr(text, "DirectMap4k"),
				"DirectMap4k: %llu kB\nDirectMap2M: %llu kB\nDirectMap1G: %llu kB",
				&k4_after, &m2_after, &g1_after),
			 3);
	ck_assert_uint_eq(k4_after, k4 + 2048);
	ck_assert_uint_eq(m2_after, m2 + 511 * 2048);
	ck_assert_uint_eq(g1_after, g1 - 1048576);
	read_text(kernel, "/proc/vmstat", text, sizeof(text));
	ck_assert_int_eq(sscanf(strstr(text, "direct_map_level2"),
				"direct_map_level2_splits %llu\ndirect_map_level3_splits %llu",
				&splits2, &splits3),
			 2);
	ck_assert_uint_eq(splits2, 1);
	ck_assert_uint_eq(splits3, 1);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(files_of_the_host)
{
	struct gmem_kernel *kernel = sim_open("tdx");
	char text[8192];

	read_text(kernel, "/proc/iomem", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "00000000-00000fff : Reserved\n"));
	ck_assert_ptr_nonnull(strstr(text, "00001000-0009efff : System RAM\n"));
	ck_assert_ptr_nonnull(strstr(text, "100000000-107fffffff : System RAM\n"));
	read_text(kernel, "/proc/cpuinfo", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "tdx_host_platform"));
	ck_assert_ptr_nonnull(strstr(text, "tdx_pw_mce"));
	read_text(kernel, "/proc/zoneinfo", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "Node 1, zone   Normal\n"));
	ck_assert_ptr_nonnull(strstr(text, "start_pfn:           8912896\n"));
	read_text(kernel, "/sys/module/kvm_intel/parameters/tdx", text, sizeof(text));
	ck_assert_str_eq(text, "Y\n");
	read_text(kernel, "/boot/config-7.3.4-sim-tdx", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "CONFIG_KVM_INTEL_TDX=y\n"));
	ck_assert_int_eq(kernel->ops->open(kernel, "/proc/config.gz", O_RDONLY), -ENOENT);
	kernel->ops->destroy(kernel);
}
END_TEST

/* task -> files -> fdtable -> file -> inode -> super block, for a table that has grown. */
START_TEST(fd_table_in_kernel_memory)
{
	struct gmem_kernel *kernel = sim_open("plain");
	uint64_t task, files, table, fds, file, inode, sb;
	int fd = -1;

	for (int i = 0; i < 100; i++)
		fd = kernel->ops->create_file(kernel, GMEM_FILE_SECRET, 4096);
	ck_assert_int_eq(fd, SIM_FIRST_FD + 99);
	ck_assert_int_eq(kernel->ops->current_task(kernel, &task), 0);
	files = read_word(kernel, task + member(kernel, "task_struct", "files"));
	table = read_word(kernel, files + member(kernel, "files_struct", "fdt"));
	ck_assert_uint_eq((uint32_t)read_word(kernel, table + member(kernel, "fdtable", "max_fds")),
			  SIM_FIRST_FD + 128);
	fds = read_word(kernel, table + member(kernel, "fdtable", "fd"));
	file = read_word(kernel, fds + 8 * (uint64_t)fd);
	inode = read_word(kernel, file + member(kernel, "file", "f_inode"));
	sb = read_word(kernel, inode + member(kernel, "inode", "i_sb"));
	ck_assert_uint_eq(read_word(kernel, sb + member(kernel, "super_block", "s_magic")),
			  0x5345434d);
	kernel->ops->close(kernel, fd);
	ck_assert_uint_eq(read_word(kernel, fds + 8 * (uint64_t)fd), 0);
	kernel->ops->destroy(kernel);
}
END_TEST

START_TEST(descriptors_run_out)
{
	struct gmem_kernel *kernel = sim_open("plain");
	int fd;

	do
		fd = kernel->ops->open(kernel, "/dev/kvm", O_RDWR);
	while (fd >= 0);
	ck_assert_int_eq(fd, -EMFILE);
	ck_assert_int_eq(kernel->ops->close(kernel, SIM_FIRST_FD + 4000), 0);
	ck_assert_int_eq(kernel->ops->open(kernel, "/dev/kvm", O_RDWR), SIM_FIRST_FD + 4000);
	kernel->ops->destroy(kernel);
}
END_TEST

SIM_MAIN("sim_memory", every_model_boots, unknown_model, note_is_where_sysfs_says, control_pages,
	 kcore_reads_zeros, reader_may_fail, counters_follow_splits, files_of_the_host,
	 fd_table_in_kernel_memory, descriptors_run_out)
