// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors: what a guest_memfd reports about itself, its pages, and closing it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "conformance.h"

/* From include/uapi/linux/falloc.h. */
static const struct name mode_names[] = {
	{ "keep-size", 0x1 },	   { "punch-hole", 0x2 },    { "no-hide-stale", 0x4 },
	{ "collapse-range", 0x8 }, { "zero-range", 0x10 },   { "insert-range", 0x20 },
	{ "unshare-range", 0x40 }, { "write-zeroes", 0x80 }, { NULL, 0 },
};

static const struct parameter fallocate_parameters[] = {
	{ "mode", mode_names, 0, PART_NONE, 0, 0 },
	{ "offset", NULL, 0, PART_NONE, 0, 0 },
	{ "length", NULL, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter pread_parameters[] = {
	{ "offset", NULL, 0, PART_NONE, 0, 0 },
	{ "length", NULL, 64, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter link_parameters[] = {
	{ "contains", text_value, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter path_parameters[] = {
	{ "path", text_value, 0, PART_NONE, 0, 0 },
	{ "flags", NULL, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter number_parameter[] = {
	{ "number", NULL, 0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter reopen_parameters[] = {
	{ "flags",
	  (const struct name[]){ { "read-only", O_RDONLY },
				 { "read-write", O_RDWR },
				 { "path", O_PATH },
				 { NULL, 0 } },
	  0, PART_NONE, 0, 0 },
	{ 0 },
};

static const struct parameter size_parameter[] = {
	{ "size", NULL, PAGE, PART_NONE, 0, 0 },
	{ 0 },
};

static int target_fd(const struct call *call)
{
	return (int)call->target->value;
}

static int64_t allocate(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;

	return kernel->ops->fallocate(kernel, target_fd(call), (int)call_value(call, "mode"),
				      call_value(call, "offset"), call_value(call, "length"));
}

static int64_t stat_file(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	struct stat st;
	int err = kernel->ops->fstat(kernel, target_fd(call), &st);

	if (err)
		return err;
	call_returns(call, "size", (uint64_t)st.st_size);
	call_returns(call, "blocks", (uint64_t)st.st_blocks);
	call_returns(call, "blksize", (uint64_t)st.st_blksize);
	call_returns(call, "mode", st.st_mode);
	call_returns(call, "nlink", st.st_nlink);
	call_returns(call, "ino", st.st_ino);
	return 0;
}

static int64_t file_system(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	uint64_t magic;
	int err = kernel->ops->fs_magic(kernel, target_fd(call), true, &magic);

	return err ? err : (int64_t)magic;
}

/* Whether the link in /proc/self/fd contains that text. */
static int64_t link_contains(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	char path[64], link[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target_fd(call));
	err = kernel->ops->readlink(kernel, path, link, sizeof(link));
	return err < 0 ? err : strstr(link, call_text(call, "contains")) != NULL;
}

static int64_t read_at(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	char buffer[PAGE];

	return kernel->ops->pread(kernel, target_fd(call), buffer, call_value(call, "length"),
				  call_value(call, "offset"));
}

/* Opens the same file through its link. */
static int64_t reopen(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target_fd(call));
	return kernel->ops->open(kernel, path, (int)call_value(call, "flags"));
}

/* A number that is not an open descriptor, for calls that must fail. */
static int64_t take_number(struct call *call)
{
	return (int64_t)call_value(call, "number");
}

static int64_t open_path(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;

	return kernel->ops->open(kernel, call_text(call, "path"), (int)call_value(call, "flags"));
}

static int64_t create_memfd(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;

	return kernel->ops->create_file(kernel, GMEM_FILE_ORDINARY, call_value(call, "size"));
}

static int64_t close_file(struct call *call)
{
	struct gmem_kernel *kernel = call->run->kernel;

	call->target->open = false;
	return kernel->ops->close(kernel, target_fd(call));
}

const struct operation file_operations[] = {
	{
		.name = "fallocate",
		.run = allocate,
		.targets = KIND_FD,
		.makes = KIND_NUMBER,
		.parameters = fallocate_parameters,
	},
	{ .name = "fstat", .run = stat_file, .targets = KIND_FD, .makes = KIND_NUMBER },
	{ .name = "fs-magic", .run = file_system, .targets = KIND_FD, .makes = KIND_NUMBER },
	{
		.name = "link",
		.run = link_contains,
		.targets = KIND_FD,
		.makes = KIND_NUMBER,
		.parameters = link_parameters,
	},
	{
		.name = "pread",
		.run = read_at,
		.targets = KIND_FD,
		.makes = KIND_NUMBER,
		.parameters = pread_parameters,
	},
	{
		.name = "reopen",
		.run = reopen,
		.targets = KIND_FD,
		.makes = KIND_FILE,
		.parameters = reopen_parameters,
	},
	{
		.name = "descriptor",
		.run = take_number,
		.makes = KIND_FILE,
		.parameters = number_parameter,
	},
	{ .name = "open", .run = open_path, .makes = KIND_FILE, .parameters = path_parameters },
	{ .name = "memfd", .run = create_memfd, .makes = KIND_FILE, .parameters = size_parameter },
	{ .name = "close", .run = close_file, .targets = KIND_FD, .makes = KIND_NUMBER },
	{ 0 },
};
