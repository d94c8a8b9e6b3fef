// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Checks the header of a dump file before libkdumpfile sees it. libkdumpfile believes a header, and
 * a wrong one can make libkdumpfile 0.5.1 read memory that is not its own.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/dump/header.h"

#define BLOCK 4096u
#define SEGMENTS_MAX (1u << 20)

struct reading {
	int fd;
	uint64_t length; /* bytes of the file */
	char *why;
	size_t size;
};

static bool read_at(const struct reading *reading, uint64_t offset, void *buffer, size_t length)
{
	return offset <= INT64_MAX &&
	       pread(reading->fd, buffer, length, (off_t)offset) == (ssize_t)length;
}

static bool is_inside(const struct reading *reading, uint64_t offset, uint64_t length)
{
	return offset <= reading->length && length <= reading->length - offset;
}

static int refuse(const struct reading *reading, int error, const char *why)
{
	snprintf(reading->why, reading->size, "%s", why);
	return error;
}

static int truncated(const struct reading *reading)
{
	return refuse(reading, -EBADMSG,
		      "it is truncated, or damaged: its header tells of more than there is");
}

/* Where there are more segments than fit its own field, the first section has their number. */
static bool count_segments(const struct reading *reading, const Elf64_Ehdr *elf, uint64_t *count)
{
	Elf64_Shdr section;

	*count = elf->e_phnum;
	if (elf->e_phnum != PN_XNUM)
		return true;
	if (!read_at(reading, elf->e_shoff, &section, sizeof(section)))
		return false;
	*count = section.sh_info;
	return *count <= SEGMENTS_MAX;
}

/* QEMU 7.2 gets e_ehsize wrong, which does no harm. */
static int check_elf(const struct reading *reading)
{
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	uint64_t count;

	if (!read_at(reading, 0, &elf, sizeof(elf)))
		return truncated(reading);
	if (elf.e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(
			reading, -ENOTSUP,
			"it is of a machine of 32 bits, and only dumps of x86-64 and arm64 can be read");
	if ((elf.e_shoff &&
	     !is_inside(reading, elf.e_shoff, (uint64_t)elf.e_shnum * elf.e_shentsize)) ||
	    (elf.e_shnum && elf.e_shentsize != sizeof(Elf64_Shdr)) ||
	    elf.e_phentsize != sizeof(segment) || !count_segments(reading, &elf, &count) ||
	    !is_inside(reading, elf.e_phoff, count * sizeof(segment)))
		return truncated(reading);
	for (uint64_t i = 0; i < count; i++)
		if (!read_at(reading, elf.e_phoff + i * sizeof(segment), &segment,
			     sizeof(segment)) ||
		    !is_inside(reading, segment.p_offset, segment.p_filesz))
			return truncated(reading);
	return 0;
}

/* struct disk_dump_header of makedumpfile's diskdump_mod.h, on x86-64. */
struct kdump_header {
	char signature[8];
	int32_t version;
	char utsname[6][65];
	char pad[6];
	uint64_t timestamp[2];
	uint32_t status;
	int32_t block_size;
	int32_t sub_header_blocks;
	uint32_t bitmap_blocks;
	uint32_t max_mapnr;
};

_Static_assert(offsetof(struct kdump_header, block_size) == 0x1ac, "diskdump_mod.h");

#define MAX_MAPNR_64 0x60 /* of struct kdump_sub_header, version 6 */

/* Two bitmaps stand behind the headers, with a bit for each page. */
static int check_kdump(const struct reading *reading)
{
	struct kdump_header header;
	uint64_t pages, blocks;

	if (!read_at(reading, 0, &header, sizeof(header)))
		return truncated(reading);
	if (header.block_size != BLOCK)
		return refuse(reading, -ENOTSUP,
			      "it has blocks that are no pages of 4096 bytes, and only compressed "
			      "dumps of x86-64 can be read");
	pages = header.max_mapnr;
	if (header.version >= 6 && !read_at(reading, BLOCK + MAX_MAPNR_64, &pages, sizeof(pages)))
		return truncated(reading);
	blocks = header.bitmap_blocks;
	if (header.sub_header_blocks < 1 ||
	    !is_inside(reading, 0, (1 + (uint64_t)header.sub_header_blocks + blocks) * BLOCK) ||
	    pages > blocks / 2 * BLOCK * 8)
		return truncated(reading);
	return 0;
}

int gmem_dump_header_check(int fd, uint64_t length, char *why, size_t size)
{
	const struct reading reading = { .fd = fd, .length = length, .why = why, .size = size };
	char begins[12] = "";

	if (!read_at(&reading, 0, begins, sizeof(begins)))
		return refuse(&reading, -EBADMSG, "it is not a dump of a kernel, or it is damaged");
	if (!memcmp(begins, ELFMAG, SELFMAG))
		return check_elf(&reading);
	if (!memcmp(begins, "KDUMP   ", 8))
		return check_kdump(&reading);
	if (!memcmp(begins, "makedumpfile", 12))
		return refuse(&reading, -EBADMSG,
			      "it is a flattened dump: 'makedumpfile -R NEWFILE < FILE' writes one "
			      "that can be read");
	return refuse(&reading, -EBADMSG, "it is not a dump of a kernel, or it is damaged");
}
