// SPDX-License-Identifier: LGPL-2.1-or-later
/* The snapshot's side of the port: its life, files and descriptors. */
#include "kernel/snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KVM "/dev/kvm"

/* The configuration may be there unpacked. */
#define CONFIG "/proc/config.gz"
#define CONFIG_UNPACKED "/proc/config"

static struct gmem_snapshot *to_snapshot(struct gmem_kernel *kernel)
{
	return (struct gmem_snapshot *)kernel; /* kernel is its first member */
}

/* KVM's answers tell that the device was there; the index may tell it, too. */
static int open_kvm(struct gmem_snapshot *snapshot, const struct gmem_index_line *line, int flags)
{
	struct gmem_snapshot_open what = { .kind = GMEM_OPEN_KVM };
	int ret;

	if (line)
		what.there = *line;
	if (line && line->kind == GMEM_INDEX_ERROR)
		return line->error;
	if (!line && !snapshot->answers.known)
		return -GMEM_KERNEL_NOT_RECORDED;
	ret = gmem_answers_get(&snapshot->answers, GMEM_ASKED_KVM, GMEM_ASKED_OPEN);
	if (!(flags & O_PATH) && ret < 0 && ret != -GMEM_KERNEL_NOT_RECORDED)
		return ret;
	return gmem_snapshot_take(snapshot, &what);
}

static int open_indexed(struct gmem_snapshot *snapshot, const char *path, int flags)
{
	const struct gmem_index_line *line = gmem_index_find(&snapshot->index, path);
	struct gmem_snapshot_open what = { .kind = GMEM_OPEN_THERE };

	if (!strcmp(path, KVM))
		return open_kvm(snapshot, line, flags);
	if (!line)
		return -GMEM_KERNEL_NOT_RECORDED;
	if (line->kind == GMEM_INDEX_ERROR)
		return line->error;
	what.there = *line;
	return gmem_snapshot_take(snapshot, &what);
}

static int open_file(const struct gmem_snapshot *snapshot, const char *path)
{
	int fd = gmem_snapshot_file_open(snapshot, path, GMEM_SNAPSHOT_FILE_MAX);

	if (fd == -ENOENT && !strcmp(path, CONFIG))
		fd = gmem_snapshot_file_open(snapshot, CONFIG_UNPACKED, GMEM_SNAPSHOT_FILE_MAX);
	return fd;
}

/*
 * Only the index tells of paths that were not regular files on the host, whatever lies below DIR.
 */
static int op_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	struct gmem_snapshot *snapshot = to_snapshot(kernel);
	struct gmem_snapshot_open what = { .kind = GMEM_OPEN_FILE };
	int fd = open_file(snapshot, path), ret;

	if (fd == -ENOENT || fd == -EXDEV)
		return open_indexed(snapshot, path, flags);
	if (fd == -ENOTSUP) {
		ret = open_indexed(snapshot, path, flags);
		return ret == -GMEM_KERNEL_NOT_RECORDED ? -ENOTSUP : ret;
	}
	if (fd < 0)
		return fd;
	what.fd = fd;
	ret = gmem_snapshot_take(snapshot, &what);
	if (ret < 0)
		close(fd);
	return ret;
}

static int op_close(struct gmem_kernel *kernel, int fd)
{
	struct gmem_snapshot_open *open = gmem_snapshot_get(to_snapshot(kernel), fd);

	if (!open)
		return -EBADF;
	if (open->kind == GMEM_OPEN_FILE)
		close(open->fd);
	open->kind = GMEM_OPEN_NOTHING;
	return 0;
}

static int op_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	const struct gmem_snapshot_open *open = gmem_snapshot_get(to_snapshot(kernel), fd);

	if (!open)
		return -EBADF;
	if (!open->there.has_mode) /* mode and owner below DIR are not those of the host */
		return -GMEM_KERNEL_NOT_RECORDED;
	memset(st, 0, sizeof(*st));
	st->st_mode = open->there.mode;
	st->st_uid = open->there.uid;
	st->st_gid = open->there.gid;
	return 0;
}

static ssize_t op_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			uint64_t offset)
{
	const struct gmem_snapshot_open *open = gmem_snapshot_get(to_snapshot(kernel), fd);
	ssize_t got;

	if (!open)
		return -EBADF;
	if (open->kind != GMEM_OPEN_FILE)
		return -GMEM_KERNEL_NOT_RECORDED;
	got = pread(open->fd, buffer, length, (off_t)offset);
	return got < 0 ? -errno : got;
}

static int op_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	struct gmem_snapshot *snapshot = to_snapshot(kernel);
	int ret = gmem_snapshot_file_link(snapshot, path, buffer, size);
	const struct gmem_index_line *line;

	if (ret >= 0)
		return ret;
	line = gmem_index_find(&snapshot->index, path);
	if (!line || line->kind == GMEM_INDEX_THERE)
		return -GMEM_KERNEL_NOT_RECORDED;
	if (line->kind == GMEM_INDEX_ERROR)
		return line->error;
	ret = snprintf(buffer, size, "%s", line->text);
	return ret < (int)size ? ret : (int)size - 1;
}

/* DIR may have only some of the names. Only the index tells that there were no others. */
static int op_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
			     void *arg)
{
	struct gmem_snapshot *snapshot = to_snapshot(kernel);
	const struct gmem_index_line *line;
	bool listed;
	int ret = gmem_index_list(&snapshot->index, path, fn, arg, &listed);

	if (ret)
		return ret;
	ret = gmem_snapshot_file_list(snapshot, path, fn, arg);
	if (ret && ret != -ENOENT && ret != -EXDEV)
		return ret;
	if (listed)
		return 0;
	line = gmem_index_find(&snapshot->index, path);
	return line && line->kind == GMEM_INDEX_ERROR ? line->error : -GMEM_KERNEL_NOT_RECORDED;
}

static int op_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	(void)size;
	if (kind != GMEM_FILE_SECRET)
		return -GMEM_KERNEL_NOT_RECORDED;
	return open_indexed(to_snapshot(kernel), "memfd_secret", 0);
}

static int op_reader_open(struct gmem_kernel *kernel, enum gmem_reader reader, char *why,
			  size_t size)
{
	(void)kernel;
	(void)reader;
	snprintf(why, size, "a snapshot has no kernel memory to read");
	return -GMEM_KERNEL_NOT_RECORDED;
}

static const char *op_snapshot(const struct gmem_kernel *kernel)
{
	return ((const struct gmem_snapshot *)kernel)->name;
}

static void op_destroy(struct gmem_kernel *kernel)
{
	struct gmem_snapshot *snapshot = to_snapshot(kernel);

	for (int i = 0; i < GMEM_SNAPSHOT_OPEN_MAX; i++)
		if (snapshot->open[i].kind == GMEM_OPEN_FILE)
			close(snapshot->open[i].fd);
	gmem_index_free(&snapshot->index);
	gmem_answers_free(&snapshot->answers);
	if (snapshot->directory >= 0)
		close(snapshot->directory);
	free(snapshot->name);
	free(snapshot);
}

static const struct gmem_kernel_ops snapshot_ops = {
	.open = op_open,
	.close = op_close,
	.ioctl = gmem_snapshot_ioctl,
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
	.read_kmem = gmem_snapshot_read_kmem,
	.current_task = gmem_snapshot_current_task,
	.direct_map_hint = gmem_snapshot_direct_map_hint,
	.symbol = gmem_snapshot_symbol,
	.offset_of = gmem_snapshot_offset_of,
	.size_of = gmem_snapshot_size_of,
	.machine = "x86_64", /* where nothing tells another */
	.one_thread = true,
	.snapshot = op_snapshot,
	.destroy = op_destroy,
};

/* Reads one of the two texts about what is not a file, if the snapshot has it. */
static int read_text(const struct gmem_snapshot *snapshot, const char *name, char **text, char *why,
		     size_t size)
{
	int ret = gmem_snapshot_file_text(snapshot, name, GMEM_SNAPSHOT_TEXT_MAX, text);

	if (ret == -ENOENT)
		return 0;
	if (ret == -ENOTSUP)
		snprintf(why, size, "%s: it is not a regular file", name);
	else if (ret)
		snprintf(why, size, "%s: %s", name, strerror(-ret));
	return ret;
}

static int read_texts(struct gmem_snapshot *snapshot, char *why, size_t size)
{
	char *index = NULL, *answers = NULL;
	int ret = read_text(snapshot, "index", &index, why, size);

	if (!ret)
		ret = read_text(snapshot, "kvm-answers", &answers, why, size);
	if (!ret && index)
		ret = gmem_index_parse(&snapshot->index, index, why, size);
	if (!ret && answers)
		ret = gmem_answers_parse(&snapshot->answers, answers, why, size);
	free(index);
	free(answers);
	return ret;
}

static int stop_at_first(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return 1;
}

static int open_directory(struct gmem_snapshot *snapshot, char *why, size_t size)
{
	int ret;

	snapshot->directory = open(snapshot->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret = snapshot->directory < 0 ? -errno : 0;
	if (ret) {
		snprintf(why, size, "%s", strerror(-ret));
		return ret;
	}
	ret = gmem_snapshot_file_list(snapshot, ".", stop_at_first, NULL);
	if (ret == -ENOSYS)
		snprintf(
			why, size,
			"this kernel has no openat2(2), by which files are kept below DIR: it came "
			"with Linux 5.6");
	else if (ret < 0)
		snprintf(why, size, "%s", strerror(-ret));
	return ret < 0 ? ret : 0;
}

int gmem_kernel_snapshot_new(const char *directory, char *why, size_t size,
			     struct gmem_kernel **out)
{
	struct gmem_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int ret = -ENOMEM;

	if (!snapshot)
		return ret;
	snapshot->ops = snapshot_ops;
	snapshot->kernel.ops = &snapshot->ops;
	snapshot->kernel.page_shift = GMEM_SNAPSHOT_PAGE_SHIFT_MIN;
	snapshot->directory = -1;
	snapshot->name = strdup(directory);
	if (snapshot->name)
		ret = open_directory(snapshot, why, size);
	if (!ret)
		ret = read_texts(snapshot, why, size);
	if (!ret)
		ret = gmem_snapshot_find_machine(snapshot);
	if (ret)
		op_destroy(&snapshot->kernel);
	else
		*out = &snapshot->kernel;
	return ret;
}
