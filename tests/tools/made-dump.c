// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the made-up dump of tests/made as an ELF file, for tests of the command: made-dump
 * x86_64|aarch64 FILE
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made/dump.h"

#define NAME_SIZE 12 /* "VMCOREINFO", padded to words */
#define RAM_AT 8192u /* behind headers and note */

static struct made made;

static void put(FILE *file, const void *bytes, size_t size)
{
	if (fwrite(bytes, size, 1, file) != 1)
		abort();
}

static void write_headers(FILE *file, uint16_t machine, size_t info)
{
	const Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	const Elf64_Phdr segments[2] = {
		{ .p_type = PT_NOTE,
		  .p_offset = sizeof(header) + sizeof(segments),
		  .p_filesz = sizeof(Elf64_Nhdr) + NAME_SIZE + info },
		{ .p_type = PT_LOAD,
		  .p_offset = RAM_AT,
		  .p_vaddr = made.base,
		  .p_filesz = sizeof(made.ram),
		  .p_memsz = sizeof(made.ram) },
	};

	put(file, &header, sizeof(header));
	put(file, segments, sizeof(segments));
}

static void write_dump(FILE *file, uint16_t machine)
{
	size_t info = (strlen(made.vmcoreinfo) + 3) / 4 * 4;
	const Elf64_Nhdr note = { .n_namesz = sizeof("VMCOREINFO"), .n_descsz = (Elf64_Word)info };
	const char name[NAME_SIZE] = "VMCOREINFO";

	write_headers(file, machine, info);
	put(file, &note, sizeof(note));
	put(file, name, sizeof(name));
	put(file, made.vmcoreinfo, info);
	if (fseek(file, RAM_AT, SEEK_SET))
		abort();
	put(file, made.ram, sizeof(made.ram));
}

int main(int argc, char **argv)
{
	bool arm64 = argc == 3 && !strcmp(argv[1], made_arm64.name);
	FILE *file;

	if (argc != 3 || (!arm64 && strcmp(argv[1], made_x86.name) != 0)) {
		fprintf(stderr, "usage: made-dump x86_64|aarch64 FILE\n");
		return 64;
	}
	file = fopen(argv[2], "we");
	if (!file) {
		perror(argv[2]);
		return 2;
	}
	made_build_of(&made, arm64 ? &made_arm64 : &made_x86);
	write_dump(file, arm64 ? EM_AARCH64 : EM_X86_64);
	return fclose(file) ? 2 : 0;
}
