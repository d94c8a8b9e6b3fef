// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads kernel memory through /proc/kcore, an ELF core file. Good for page tables and structures
 * only: where a page is not mapped, read_kcore_iter() (fs/proc/kcore.c) gives zeros and success,
 * so content read by it proves nothing about the direct map.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/linux/linux.h"

#define KCORE_SEGMENTS_MAX 4096
#define KCORE_NOTES_MAX (1u << 20)
#define KERNEL_IMAGE_BASE 0xffffffff80000000ull /* of x86-64 */
#define NOTE_TASKSTRUCT 4			/* NT_TASKSTRUCT of include/uapi/linux/elf.h */

struct kcore_segment {
	uint64_t address;
	uint64_t length;
	uint64_t offset;
	uint64_t physical; /* UINT64_MAX where the kernel does not say */
};

struct gmem_kcore {
	int fd;
	struct kcore_segment *segments;
	size_t segment_count;
	unsigned char *notes; /* room for notes_length bytes */
	size_t notes_length;
	uint64_t notes_offset;
};

static int read_exactly(int fd, void *buffer, size_t length, uint64_t offset)
{
	ssize_t got = pread(fd, buffer, length, (off_t)offset);

	if (got < 0)
		return -errno;
	return (size_t)got == length ? 0 : -EILSEQ;
}

static int read_notes(struct gmem_kcore *kcore, const Elf64_Phdr *header)
{
	int ret;

	if (kcore->notes || header->p_filesz > KCORE_NOTES_MAX)
		return -EILSEQ;
	kcore->notes = malloc(header->p_filesz + 1);
	if (!kcore->notes)
		return -ENOMEM;
	ret = read_exactly(kcore->fd, kcore->notes, header->p_filesz, header->p_offset);
	if (!ret)
		kcore->notes_length = header->p_filesz;
	kcore->notes_offset = header->p_offset;
	return ret;
}

static int read_headers(struct gmem_kcore *kcore, const Elf64_Ehdr *elf)
{
	Elf64_Phdr *headers = calloc(elf->e_phnum, sizeof(*headers));
	int ret;

	kcore->segments = calloc(elf->e_phnum, sizeof(*kcore->segments));
	if (!headers || !kcore->segments) {
		ret = -ENOMEM;
		goto out;
	}
	ret = read_exactly(kcore->fd, headers, elf->e_phnum * sizeof(*headers), elf->e_phoff);
	for (size_t i = 0; !ret && i < elf->e_phnum; i++) {
		const Elf64_Phdr *header = &headers[i];

		if (header->p_type == PT_NOTE)
			ret = read_notes(kcore, header);
		if (header->p_type != PT_LOAD)
			continue;
		kcore->segments[kcore->segment_count++] = (struct kcore_segment){
			.address = header->p_vaddr,
			.length = header->p_memsz,
			.offset = header->p_offset,
			.physical = header->p_paddr,
		};
	}
out:
	free(headers);
	return ret;
}

static int read_elf(struct gmem_kcore *kcore)
{
	Elf64_Ehdr elf;
	int ret = read_exactly(kcore->fd, &elf, sizeof(elf), 0);

	if (ret)
		return ret;
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_type != ET_CORE || elf.e_phentsize != sizeof(Elf64_Phdr) || elf.e_phnum == 0 ||
	    elf.e_phnum > KCORE_SEGMENTS_MAX)
		return -EILSEQ;
	return read_headers(kcore, &elf);
}

static int open_failed(int error, const char *path, char *why, size_t size)
{
	switch (error) {
	case -ENOENT:
		snprintf(why, size, "there is no %s (CONFIG_PROC_KCORE is off)", path);
		return -ENOTSUP;
	case -EACCES:
	case -EPERM:
		snprintf(why, size, "reading %s needs root and CAP_SYS_RAWIO", path);
		return -EPERM;
	case -EILSEQ:
		snprintf(why, size, "%s is not a kernel's core file", path);
		return -ENODATA;
	default:
		snprintf(why, size, "%s cannot be used: %s", path, strerror(-error));
		return error;
	}
}

int gmem_kcore_new(const char *path, struct gmem_kcore **out, char *why, size_t size)
{
	struct gmem_kcore *kcore;
	int ret = gmem_linux_lockdown(why, size);

	if (ret)
		return ret;
	kcore = calloc(1, sizeof(*kcore));
	if (!kcore)
		return -ENOMEM;
	kcore->fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = kcore->fd < 0 ? -errno : read_elf(kcore);
	if (ret) {
		gmem_kcore_free(kcore);
		return open_failed(ret, path, why, size);
	}
	*out = kcore;
	return 0;
}

void gmem_kcore_free(struct gmem_kcore *kcore)
{
	if (!kcore)
		return;
	if (kcore->fd >= 0)
		close(kcore->fd);
	free(kcore->segments);
	free(kcore->notes);
	free(kcore);
}

static const struct kcore_segment *find_segment(const struct gmem_kcore *kcore, uint64_t address,
						size_t length)
{
	for (size_t i = 0; i < kcore->segment_count; i++) {
		const struct kcore_segment *segment = &kcore->segments[i];

		if (address >= segment->address && length <= segment->length &&
		    address - segment->address <= segment->length - length)
			return segment;
	}
	return NULL;
}

int gmem_kcore_read(struct gmem_kcore *kcore, struct gmem_kmem_request *requests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct gmem_kmem_request *request = &requests[i];
		const struct kcore_segment *segment =
			find_segment(kcore, request->address, request->length);

		request->result = -EFAULT;
		if (!segment)
			continue;
		request->result =
			read_exactly(kcore->fd, request->buffer, request->length,
				     segment->offset + request->address - segment->address)
				? -EFAULT
				: 0;
	}
	return 0;
}

int gmem_kcore_task(struct gmem_kcore *kcore, const void **content, size_t *size)
{
	size_t at = 0;

	/* The note is made anew for each read: it is the reader's task as it is now. */
	if (kcore->notes &&
	    read_exactly(kcore->fd, kcore->notes, kcore->notes_length, kcore->notes_offset))
		return -ENODATA;
	while (at + sizeof(Elf64_Nhdr) <= kcore->notes_length) {
		Elf64_Nhdr note;
		size_t body, next;

		memcpy(&note, kcore->notes + at, sizeof(note));
		body = at + sizeof(note) + (((size_t)note.n_namesz + 3) & ~(size_t)3);
		next = body + (((size_t)note.n_descsz + 3) & ~(size_t)3);
		if (next > kcore->notes_length || next <= at)
			break;
		if (note.n_type == NOTE_TASKSTRUCT) {
			*content = kcore->notes + body;
			*size = note.n_descsz;
			return 0;
		}
		at = next;
	}
	return -ENODATA;
}

int gmem_kcore_direct_map(const struct gmem_kcore *kcore, uint64_t *address, uint64_t *physical)
{
	const struct kcore_segment *lowest = NULL;

	/*
	 * The kernel image has a physical address too (KCORE_TEXT), but it lies above the direct
	 * map, on x86-64 and on arm64. So that segment does not tell where the direct map is.
	 */
	for (size_t i = 0; i < kcore->segment_count; i++) {
		const struct kcore_segment *segment = &kcore->segments[i];

		if (segment->physical != UINT64_MAX &&
		    (!lowest || segment->address < lowest->address))
			lowest = segment;
	}
	if (!lowest || lowest->address >= KERNEL_IMAGE_BASE)
		return -ENODATA;
	*address = lowest->address;
	*physical = lowest->physical;
	return 0;
}
