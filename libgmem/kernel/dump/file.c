// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A dump file, through libkdumpfile. It is asked for physical memory only. It translates virtual
 * addresses by arithmetic, and so would also read a page that has left the direct map.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/dump/dump.h"
#include "kernel/dump/header.h"
#include "kernel/dump/kdump.h"

#define VMCOREINFO_MAX 65536u

struct handle {
	int fd;
	struct stat opened; /* size and times, to detect a change */
	bool is_elf;
	struct gmem_kdump kdump;
	kdump_ctx_t *ctx;
};

#pragma weak __lsan_ignore_object
void __lsan_ignore_object(const void *object);

/*
 * Does not free a context that cannot be freed: after a failed open, and for each compressed dump,
 * kdump_free() of 0.5.1 writes to memory that it has freed already. LeakSanitizer is told about it,
 * if it runs.
 */
static void leave(kdump_ctx_t *kdump)
{
	if (__lsan_ignore_object)
		__lsan_ignore_object(kdump);
}

static void close_file(void *arg)
{
	struct handle *handle = arg;

	if (handle->ctx && handle->is_elf)
		handle->kdump.free(handle->ctx);
	else if (handle->ctx)
		leave(handle->ctx);
	if (handle->fd >= 0)
		close(handle->fd);
	free(handle);
}

static bool has_changed(const struct handle *handle)
{
	const struct stat *was = &handle->opened;
	struct stat st;

	return fstat(handle->fd, &st) || st.st_size != was->st_size ||
	       st.st_mtim.tv_sec != was->st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

/*
 * Behind the end of an ELF dump libkdumpfile reads zeros and reports no error. So what was read
 * counts only if the file still has its old length.
 */
static int read_file(void *arg, uint64_t physical, void *buffer, size_t length)
{
	struct handle *handle = arg;
	size_t got = length;
	kdump_status status =
		handle->kdump.read(handle->ctx, KDUMP_KPHYSADDR, physical, buffer, &got);

	/* Otherwise libkdumpfile joins the texts of several errors. */
	if (status != KDUMP_OK)
		handle->kdump.clear_err(handle->ctx);
	if (has_changed(handle))
		return -ESTALE;
	if (status == KDUMP_OK && got == length)
		return 0;
	return status == KDUMP_OK || status == KDUMP_ERR_NODATA ? -GMEM_KERNEL_NOT_RECORDED : -EIO;
}

static int not_understood(const struct handle *handle, char *why, size_t size)
{
	snprintf(why, size, "it is a damaged dump, or one of a form that is not known (%s)",
		 handle->kdump.get_err(handle->ctx));
	return -EBADMSG;
}

static int open_fd(const char *path, struct handle *handle, char *why, size_t size)
{
	handle->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (handle->fd < 0 || fstat(handle->fd, &handle->opened)) {
		int error = errno;

		snprintf(why, size, "%s", strerror(error));
		return -error;
	}
	if (S_ISREG(handle->opened.st_mode))
		return 0;
	snprintf(why, size, "it is not a regular file");
	return -ENOTSUP;
}

/* Compressed dumps of arm64 were never read: makedumpfile 1.7.9 does not write them of 4K and 52
 * bits. */
static int check_machine(const struct handle *handle, const char **machine, char *why, size_t size)
{
	kdump_attr_t attr = { .type = KDUMP_STRING };

	if (handle->kdump.get_typed_attr(handle->ctx, KDUMP_ATTR_ARCH_NAME, &attr) != KDUMP_OK)
		return not_understood(handle, why, size);
	*machine = !strcmp(attr.val.string, KDUMP_ARCH_X86_64)	  ? "x86_64"
		   : !strcmp(attr.val.string, KDUMP_ARCH_AARCH64) ? "aarch64"
								  : NULL;
	if (!*machine)
		snprintf(why, size,
			 "it is a dump of %.32s, and only those of x86-64 and arm64 can be read",
			 attr.val.string);
	else if (!strcmp(*machine, "aarch64") && !handle->is_elf)
		snprintf(
			why, size,
			"it is a compressed dump of arm64, and of arm64 only ELF dumps can be read");
	else
		return 0;
	return -ENOTSUP;
}

static int read_vmcoreinfo(const struct handle *handle, char **out, char *why, size_t size)
{
	char *raw = NULL;

	if (handle->kdump.vmcoreinfo_raw(handle->ctx, &raw) == KDUMP_OK && raw &&
	    strlen(raw) <= VMCOREINFO_MAX) {
		*out = raw;
		return 0;
	}
	free(raw);
	snprintf(why, size,
		 "it has no vmcoreinfo, without which nothing in it can be found; for a guest of "
		 "QEMU, that takes -device vmcoreinfo and the guest's module qemu_fw_cfg");
	return -ENODATA;
}

static int open_dump(struct handle *handle, struct gmem_dump_file *out, char *why, size_t size)
{
	kdump_attr_t format = { .type = KDUMP_STRING };
	kdump_attr_t linux_os = { .type = KDUMP_STRING, .val.string = "linux" };
	kdump_attr_t no_mmap = { .type = KDUMP_NUMBER, .val.number = KDUMP_MMAP_NEVER };
	int ret;

	handle->ctx = handle->kdump.new();
	if (!handle->ctx) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	/*
	 * By default it uses mmap(2), and then a file that is truncated meanwhile ends the process.
	 */
	if (handle->kdump.set_attr(handle->ctx, KDUMP_ATTR_FILE_MMAP_POLICY, &no_mmap) != KDUMP_OK)
		return not_understood(handle, why, size);
	if (handle->kdump.open_fdset(handle->ctx, 1, &handle->fd) != KDUMP_OK) {
		ret = not_understood(handle, why, size);
		leave(handle->ctx);
		handle->ctx = NULL;
		return ret;
	}
	if (handle->kdump.get_typed_attr(handle->ctx, KDUMP_ATTR_FILE_FORMAT, &format) == KDUMP_OK)
		handle->is_elf = !strcmp(format.val.string, "elf");
	ret = check_machine(handle, &out->machine, why, size);
	/* Without it neither vmcoreinfo nor physical memory is read. */
	if (!ret && handle->kdump.set_attr(handle->ctx, KDUMP_ATTR_OSTYPE, &linux_os) != KDUMP_OK)
		ret = not_understood(handle, why, size);
	return ret ? ret : read_vmcoreinfo(handle, &out->vmcoreinfo, why, size);
}

int gmem_dump_file_open(const char *path, struct gmem_dump_file *out, char *why, size_t size)
{
	struct handle *handle;
	int ret;

	handle = calloc(1, sizeof(*handle));
	if (!handle) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	*out = (struct gmem_dump_file){ .read = read_file, .close = close_file, .handle = handle };
	handle->fd = -1;
	ret = open_fd(path, handle, why, size);
	if (!ret)
		ret = gmem_dump_header_check(handle->fd, (uint64_t)handle->opened.st_size, why,
					     size);
	if (!ret)
		ret = gmem_kdump_load(&handle->kdump, why, size);
	if (!ret)
		ret = open_dump(handle, out, why, size);
	if (ret) {
		free(out->vmcoreinfo);
		close_file(handle);
	}
	return ret;
}
