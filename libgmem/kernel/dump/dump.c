// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The dump's side of the port: opening and closing it, and its answers. Like a snapshot, it has no
 * answer to questions that need a live kernel.
 */
#include "kernel/dump/dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/image/kallsyms.h"
#include "kernel/snapshot/snapshot.h"
#include "kernel/uapi.h"

#define FIRST_FD 0x10000 /* so that none is mistaken for one of the process */

static struct gmem_dump *to_dump(struct gmem_kernel *kernel)
{
	return (struct gmem_dump *)kernel; /* kernel is its first member */
}

static struct gmem_dump_text *text_of(struct gmem_dump *dump, int fd)
{
	if (fd < FIRST_FD || fd >= FIRST_FD + GMEM_DUMP_TEXTS || !dump->texts[fd - FIRST_FD].text)
		return NULL;
	return &dump->texts[fd - FIRST_FD];
}

static int op_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	struct gmem_dump *dump = to_dump(kernel);
	int ret, i = 0;

	(void)flags;
	while (i < GMEM_DUMP_TEXTS && dump->texts[i].text)
		i++;
	if (i == GMEM_DUMP_TEXTS)
		return -EMFILE;
	ret = gmem_dump_text_of(dump, path, &dump->texts[i].text);
	if (ret) {
		dump->texts[i].text = NULL;
		return ret;
	}
	dump->texts[i].length = strlen(dump->texts[i].text);
	dump->texts[i].is_kvm = !strcmp(path, "/dev/kvm");
	return FIRST_FD + i;
}

static int op_close(struct gmem_kernel *kernel, int fd)
{
	struct gmem_dump_text *text = text_of(to_dump(kernel), fd);

	if (!text)
		return -EBADF;
	free(text->text);
	text->text = NULL;
	return 0;
}

static ssize_t op_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			uint64_t offset)
{
	const struct gmem_dump_text *text = text_of(to_dump(kernel), fd);

	if (!text)
		return -EBADF;
	if (offset >= text->length)
		return 0;
	if (length > text->length - offset)
		length = text->length - offset;
	memcpy(buffer, text->text + offset, length);
	return (ssize_t)length;
}

static int op_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	const struct gmem_dump_text *text = text_of(to_dump(kernel), fd);

	if (!text)
		return -EBADF;
	if (!text->is_kvm || request != GMEM_KVM_CHECK_EXTENSION)
		return -GMEM_KERNEL_NOT_RECORDED;
	return gmem_dump_check_extension(to_dump(kernel), arg);
}

static int op_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	(void)kernel;
	(void)fd;
	(void)st;
	return -GMEM_KERNEL_NOT_RECORDED;
}

static int op_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	(void)kernel;
	(void)path;
	(void)buffer;
	(void)size;
	return -GMEM_KERNEL_NOT_RECORDED;
}

static int op_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
			     void *arg)
{
	(void)kernel;
	(void)path;
	(void)fn;
	(void)arg;
	return -GMEM_KERNEL_NOT_RECORDED;
}

static int op_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	(void)kernel;
	(void)kind;
	(void)size;
	return -GMEM_KERNEL_NOT_RECORDED;
}

static int op_reader_open(struct gmem_kernel *kernel, enum gmem_reader reader, char *why,
			  size_t size)
{
	(void)kernel;
	if (reader == GMEM_READER_DUMP)
		return 0;
	snprintf(why, size, "a dump is no running kernel");
	return -ENOTSUP;
}

/*
 * If the file is damaged or has changed, the whole call fails. A page that was left out of the dump
 * fails only its own range.
 */
static int op_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	struct gmem_dump *dump = to_dump(kernel);

	for (size_t i = 0; i < n; i++) {
		struct gmem_kmem_request *request = &requests[i];

		if (!request->length || request->length > GMEM_KMEM_REQUEST_MAX)
			return -EINVAL;
		request->result =
			gmem_dump_read(dump, request->address, request->buffer, request->length);
		if (request->result == -EIO || request->result == -ESTALE)
			return request->result;
	}
	return 0;
}

static int op_direct_map_hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	*address = to_dump(kernel)->image.layout.page_offset_base;
	*physical = 0;
	return 0;
}

static int op_symbol(struct gmem_kernel *kernel, const char *name, uint64_t *address)
{
	if (!strcmp(name, "init_task"))
		return gmem_dump_find_init_task(to_dump(kernel), address);
	return gmem_dump_symbol(to_dump(kernel), name, address);
}

static int op_offset_of(struct gmem_kernel *kernel, const char *type, const char *member,
			size_t *offset)
{
	return gmem_dump_offset_of(to_dump(kernel), type, member, offset);
}

static int op_size_of(struct gmem_kernel *kernel, const char *type, size_t *size)
{
	return gmem_dump_size_of(to_dump(kernel), type, size);
}

/* The value of all CPUs, as the kernel keeps it (arch/arm64/kernel/cpufeature.c). */
static int op_cache_type(struct gmem_kernel *kernel, uint64_t *ctr_el0)
{
	uint64_t at;
	size_t offset;
	int ret = op_offset_of(kernel, "arm64_ftr_reg", "sys_val", &offset);

	if (!ret)
		ret = op_symbol(kernel, "arm64_ftr_reg_ctrel0", &at);
	return ret ? ret : gmem_dump_read_word(to_dump(kernel), at + offset, ctr_el0);
}

static const char *op_dump(const struct gmem_kernel *kernel)
{
	return ((const struct gmem_dump *)kernel)->name;
}

static const char *op_vmcoreinfo(const struct gmem_kernel *kernel)
{
	return ((const struct gmem_dump *)kernel)->file.vmcoreinfo;
}

static void op_destroy(struct gmem_kernel *kernel)
{
	struct gmem_dump *dump = to_dump(kernel);

	for (int i = 0; i < GMEM_DUMP_TEXTS; i++)
		free(dump->texts[i].text);
	gmem_dump_types_free(dump);
	gmem_kallsyms_free(dump->kallsyms);
	dump->file.close(dump->file.handle);
	free(dump->file.vmcoreinfo);
	free(dump->tlb);
	free(dump->name);
	free(dump);
}

static const struct gmem_kernel_ops dump_ops = {
	.open = op_open,
	.close = op_close,
	.ioctl = op_ioctl,
	.mmap = gmem_snapshot_mmap,
	.munmap = gmem_snapshot_munmap,
	.madvise = gmem_snapshot_madvise,
	.mbind = gmem_snapshot_mbind,
	.fallocate = gmem_snapshot_fallocate,
	.fstat = op_fstat,
	.fs_magic = gmem_snapshot_fs_magic,
	.pread = op_pread,
	.readlink = op_readlink,
	.list_directory = op_list_directory,
	.compare = gmem_snapshot_compare,
	.set_cloexec = gmem_snapshot_set_cloexec,
	.create_file = op_create_file,
	.touch = gmem_snapshot_touch,
	.reader_open = op_reader_open,
	.read_kmem = op_read_kmem,
	.current_task = gmem_snapshot_current_task,
	.direct_map_hint = op_direct_map_hint,
	.symbol = op_symbol,
	.offset_of = op_offset_of,
	.size_of = op_size_of,
	.cache_type = op_cache_type,
	.one_thread = true,
	.dump = op_dump,
	.vmcoreinfo = op_vmcoreinfo,
	.destroy = op_destroy,
};

/* OSRELEASE=6.12.43+deb13-amd64 */
static int read_release(struct gmem_dump *dump, char *why, size_t size)
{
	static const char key[] = "OSRELEASE=";
	const char *at = strstr(dump->file.vmcoreinfo, key);
	size_t length = at ? strcspn(at + sizeof(key) - 1, "\n") : 0;

	if (!length || length >= sizeof(dump->release)) {
		snprintf(why, size, "its vmcoreinfo does not tell which kernel it is of");
		return -ENODATA;
	}
	memcpy(dump->release, at + sizeof(key) - 1, length);
	return 0;
}

int gmem_dump_new(const char *name, const struct gmem_dump_file *file, char *why, size_t size,
		  struct gmem_kernel **out)
{
	struct gmem_dump *dump = calloc(1, sizeof(*dump));
	int ret = -ENOMEM;

	if (!dump) {
		file->close(file->handle);
		free(file->vmcoreinfo);
		return ret;
	}
	dump->ops = dump_ops;
	dump->ops.machine = file->machine;
	dump->kernel.ops = &dump->ops;
	dump->file = *file;
	dump->name = strdup(name);
	dump->tlb = calloc(GMEM_DUMP_TLB, sizeof(*dump->tlb));
	if (dump->name && dump->tlb)
		ret = read_release(dump, why, size);
	if (!ret)
		ret = gmem_dump_image_read(dump, why, size);
	if (ret)
		op_destroy(&dump->kernel);
	else
		*out = &dump->kernel;
	return ret;
}

int gmem_kernel_dump_new(const char *path, char *why, size_t size, struct gmem_kernel **out)
{
	struct gmem_dump_file file;
	int ret = gmem_dump_file_open(path, &file, why, size);

	return ret ? ret : gmem_dump_new(path, &file, why, size, out);
}
