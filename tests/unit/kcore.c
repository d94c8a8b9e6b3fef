// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of /proc/kcore, on core files that this test makes. */
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/linux/linux.h"

#define DIRECT 0xff11000040000000ull
#define IMAGE 0xffffffff81000000ull

static struct {
	Elf64_Ehdr elf;
	Elf64_Phdr headers[4];
	Elf64_Nhdr note;
	char name[8];
	char task[16];
	char image[64];
	char direct[8192];
} core;

static char path[] = "/tmp/gmem-kcore-XXXXXX";

static void make_core(void)
{
	memset(&core, 0, sizeof(core));
	memcpy(core.elf.e_ident, ELFMAG, SELFMAG);
	core.elf.e_ident[EI_CLASS] = ELFCLASS64;
	core.elf.e_type = ET_CORE;
	core.elf.e_phoff = offsetof(__typeof__(core), headers);
	core.elf.e_phentsize = sizeof(Elf64_Phdr);
	core.elf.e_phnum = 4;
	core.headers[0] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = offsetof(__typeof__(core), note),
		.p_filesz = sizeof(core.note) + sizeof(core.name) + sizeof(core.task),
	};
	core.headers[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = offsetof(__typeof__(core), image),
		.p_vaddr = IMAGE,
		.p_paddr = 0x1000000,
		.p_memsz = sizeof(core.image),
	};
	core.headers[2] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = 0x1000, .p_paddr = -1ull };
	core.headers[3] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = offsetof(__typeof__(core), direct),
		.p_vaddr = DIRECT,
		.p_paddr = 0x40000000,
		.p_memsz = sizeof(core.direct),
	};
	core.note = (Elf64_Nhdr){ .n_namesz = 5, .n_descsz = sizeof(core.task), .n_type = 4 };
	strcpy(core.name, "CORE");
	memset(core.task, 0x42, sizeof(core.task));
	memset(core.direct, 0x17, sizeof(core.direct));
}

static int open_core(size_t length, struct gmem_kcore **kcore)
{
	char why[256] = "";
	int fd, ret;

	strcpy(path, "/tmp/gmem-kcore-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, &core, length), (int)length);
	close(fd);
	ret = gmem_kcore_new(path, kcore, why, sizeof(why));
	unlink(path);
	ck_assert_int_eq(ret != 0, why[0] != '\0');
	return ret;
}

START_TEST(reads_within_segments)
{
	unsigned char buffer[4096];
	struct gmem_kmem_request requests[] = {
		{ .address = DIRECT, .buffer = buffer, .length = 4096 },
		{ .address = DIRECT + 8192 - 8, .buffer = buffer, .length = 8 },
		{ .address = DIRECT + 8192 - 7, .buffer = buffer, .length = 8 },
		{ .address = DIRECT - 1, .buffer = buffer, .length = 8 },
		{ .address = UINT64_MAX - 3, .buffer = buffer, .length = 8 },
	};
	static const int results[] = { 0, 0, -EFAULT, -EFAULT, -EFAULT };
	uint64_t address, physical;
	struct gmem_kcore *kcore;
	const void *task;
	size_t size;

	make_core();
	ck_assert_int_eq(open_core(sizeof(core), &kcore), 0);
	ck_assert_int_eq(gmem_kcore_read(kcore, requests, 5), 0);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(requests[i].result, results[i]);
	ck_assert_int_eq(buffer[0], 0x17);
	ck_assert_int_eq(gmem_kcore_direct_map(kcore, &address, &physical), 0);
	ck_assert_uint_eq(address - physical, DIRECT - 0x40000000);
	ck_assert_int_eq(gmem_kcore_task(kcore, &task, &size), 0);
	ck_assert_uint_eq(size, sizeof(core.task));
	ck_assert_int_eq(*(const char *)task, 0x42);
	gmem_kcore_free(kcore);
}
END_TEST

START_TEST(wrong_files)
{
	struct gmem_kcore *kcore;
	char why[64];

	ck_assert_int_eq(gmem_kcore_new("/nowhere/kcore", &kcore, why, sizeof(why)), -ENOTSUP);
	make_core();
	ck_assert_int_ne(open_core(0, &kcore), 0);
	ck_assert_int_ne(open_core(sizeof(core.elf) - 1, &kcore), 0);
	ck_assert_int_ne(open_core(sizeof(core.elf) + 100, &kcore), 0);
	core.elf.e_phnum = 0;
	ck_assert_int_ne(open_core(sizeof(core), &kcore), 0);
	core.elf.e_phnum = 0xffff;
	ck_assert_int_ne(open_core(sizeof(core), &kcore), 0);
	make_core();
	core.elf.e_type = ET_EXEC;
	ck_assert_int_ne(open_core(sizeof(core), &kcore), 0);
	make_core();
	core.headers[0].p_filesz = 1ull << 40;
	ck_assert_int_ne(open_core(sizeof(core), &kcore), 0);
	make_core();
	core.headers[1].p_type = PT_NOTE;
	ck_assert_int_ne(open_core(sizeof(core), &kcore), 0);
}
END_TEST

/* If a note's size leads out of the file, or to something else, the search ends. */
START_TEST(wrong_notes)
{
	static const uint32_t sizes[] = { 0xffffffff, 0xfffffff0, 17, 0x80000000 };
	struct gmem_kcore *kcore;
	const void *task;
	size_t size;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make_core();
		core.note.n_descsz = sizes[i];
		ck_assert_int_eq(open_core(sizeof(core), &kcore), 0);
		ck_assert_int_eq(gmem_kcore_task(kcore, &task, &size), -ENODATA);
		gmem_kcore_free(kcore);
		make_core();
		core.note.n_namesz = sizes[i];
		ck_assert_int_eq(open_core(sizeof(core), &kcore), 0);
		ck_assert_int_eq(gmem_kcore_task(kcore, &task, &size), -ENODATA);
		gmem_kcore_free(kcore);
	}
}
END_TEST

UNIT_MAIN("kcore", reads_within_segments, wrong_files, wrong_notes)
