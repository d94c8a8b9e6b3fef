// SPDX-License-Identifier: LGPL-2.1-or-later
/* The operations: each counts, then fails or asks the kernel behind it. */
#include "kernel/faulty/faulty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct faulty {
	struct gmem_kernel kernel; /* first: the port */
	struct gmem_kernel *inner;
	struct gmem_fault fault;
	uint64_t calls[GMEM_FAULTY_KINDS];
	uint64_t matched; /* calls that the fault is about */
	uint64_t struck;
};

static struct faulty *to_faulty(const struct gmem_kernel *kernel)
{
	return (struct faulty *)(uintptr_t)kernel;
}

struct gmem_kernel *gmem_faulty_inner(struct gmem_kernel *faulty)
{
	return to_faulty(faulty)->inner;
}

/* Whether the call that the fault is about, just counted, is one that fails. */
static bool strikes(struct faulty *faulty)
{
	const struct gmem_fault *fault = &faulty->fault;

	faulty->matched++;
	if (!fault->at || faulty->matched < fault->at)
		return false;
	if (faulty->matched > fault->at && !fault->lasting)
		return false;
	faulty->struck++;
	return true;
}

/* Counts a call: 0, or the error that it fails with. */
static int count(struct gmem_kernel *kernel, enum gmem_faulty_kind kind, unsigned long request,
		 const char *path)
{
	struct faulty *faulty = to_faulty(kernel);
	const struct gmem_fault *fault = &faulty->fault;

	faulty->calls[kind]++;
	faulty->calls[GMEM_FAULTY_ANY]++;
	if (fault->kind != GMEM_FAULTY_ANY && fault->kind != kind)
		return 0;
	if (fault->request && fault->request != request)
		return 0;
	if (fault->path && (!path || strcmp(fault->path, path)))
		return 0;
	return strikes(faulty) ? fault->error : 0;
}

static int call(struct gmem_kernel *kernel, enum gmem_faulty_kind kind)
{
	return count(kernel, kind, 0, NULL);
}

static int faulty_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = count(kernel, GMEM_FAULTY_OPEN, 0, path);

	return err ? err : inner->ops->open(inner, path, flags);
}

static int faulty_close(struct gmem_kernel *kernel, int fd)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_CLOSE);
	int ret = inner->ops->close(inner, fd);

	return err ? err : ret;
}

static int faulty_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = count(kernel, GMEM_FAULTY_IOCTL, request, NULL);

	return err ? err : inner->ops->ioctl(inner, fd, request, arg);
}

static int faulty_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		       uint64_t offset, void **out)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_MMAP);

	return err ? err : inner->ops->mmap(inner, length, prot, flags, fd, offset, out);
}

static int faulty_munmap(struct gmem_kernel *kernel, void *address, size_t length)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_MUNMAP);
	int ret = inner->ops->munmap(inner, address, length);

	return err ? err : ret;
}

static int faulty_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_MADVISE);

	return err ? err : inner->ops->madvise(inner, address, length, advice);
}

static int faulty_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
			const unsigned long *nodemask, unsigned long maxnode, unsigned int flags)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_MBIND);

	return err ? err
		   : inner->ops->mbind(inner, address, length, mode, nodemask, maxnode, flags);
}

static int faulty_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			    uint64_t length)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_FALLOCATE);

	return err ? err : inner->ops->fallocate(inner, fd, mode, offset, length);
}

static int faulty_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_FSTAT);

	return err ? err : inner->ops->fstat(inner, fd, st);
}

static int faulty_fs_magic(struct gmem_kernel *kernel, int fd, uint64_t *magic)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_FS_MAGIC);

	return err ? err : inner->ops->fs_magic(inner, fd, magic);
}

static ssize_t faulty_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			    uint64_t offset)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_PREAD);

	return err ? err : inner->ops->pread(inner, fd, buffer, length, offset);
}

static int faulty_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_READLINK);

	return err ? err : inner->ops->readlink(inner, path, buffer, size);
}

static int faulty_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
				 void *arg)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_LIST_DIRECTORY);

	return err ? err : inner->ops->list_directory(inner, path, fn, arg);
}

static int faulty_same_files(struct gmem_kernel *kernel, pid_t a, pid_t b)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_SAME_FILES);

	return err ? err : inner->ops->same_files(inner, a, b);
}

static int faulty_set_cloexec(struct gmem_kernel *kernel, int fd)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_SET_CLOEXEC);

	return err ? err : inner->ops->set_cloexec(inner, fd);
}

static int faulty_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_CREATE_FILE);

	return err ? err : inner->ops->create_file(inner, kind, size);
}

static int faulty_touch(struct gmem_kernel *kernel, void *address)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_TOUCH);

	return err ? err : inner->ops->touch(inner, address);
}

static int faulty_reader_open(struct gmem_kernel *kernel, enum gmem_reader reader, char *why,
			      size_t size)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_READER_OPEN);

	return err ? err : inner->ops->reader_open(inner, reader, why, size);
}

/* Reads all, then takes back what the requests that fail have read. */
static int faulty_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests,
			    size_t n)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	struct faulty *faulty = to_faulty(kernel);
	int err = call(kernel, GMEM_FAULTY_READ_KMEM);

	if (!err)
		err = inner->ops->read_kmem(inner, requests, n);
	if (err)
		return err;
	faulty->calls[GMEM_FAULTY_REQUEST] += n;
	for (size_t i = 0; faulty->fault.kind == GMEM_FAULTY_REQUEST && i < n; i++) {
		if (!strikes(faulty))
			continue;
		memset(requests[i].buffer, 0xfa, requests[i].length);
		requests[i].result = -EFAULT;
	}
	return 0;
}

static int faulty_current_task(struct gmem_kernel *kernel, uint64_t *address)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_CURRENT_TASK);

	return err ? err : inner->ops->current_task(inner, address);
}

static int faulty_direct_map_hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_DIRECT_MAP_HINT);

	return err ? err : inner->ops->direct_map_hint(inner, address, physical);
}

static int faulty_symbol(struct gmem_kernel *kernel, const char *name, uint64_t *address)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_SYMBOL);

	return err ? err : inner->ops->symbol(inner, name, address);
}

static int faulty_offset_of(struct gmem_kernel *kernel, const char *type, const char *member,
			    size_t *offset)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_OFFSET_OF);

	return err ? err : inner->ops->offset_of(inner, type, member, offset);
}

static int faulty_size_of(struct gmem_kernel *kernel, const char *type, size_t *size)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);
	int err = call(kernel, GMEM_FAULTY_SIZE_OF);

	return err ? err : inner->ops->size_of(inner, type, size);
}

static const char *faulty_model(const struct gmem_kernel *kernel)
{
	const struct gmem_kernel *inner = to_faulty(kernel)->inner;

	return inner->ops->model(inner);
}

static const char *faulty_log(const struct gmem_kernel *kernel)
{
	const struct gmem_kernel *inner = to_faulty(kernel)->inner;

	return inner->ops->log(inner);
}

static void faulty_destroy(struct gmem_kernel *kernel)
{
	struct gmem_kernel *inner = gmem_faulty_inner(kernel);

	inner->ops->destroy(inner);
	free(to_faulty(kernel));
}

static const struct gmem_kernel_ops faulty_ops = {
	.open = faulty_open,
	.close = faulty_close,
	.ioctl = faulty_ioctl,
	.mmap = faulty_mmap,
	.munmap = faulty_munmap,
	.madvise = faulty_madvise,
	.mbind = faulty_mbind,
	.fallocate = faulty_fallocate,
	.fstat = faulty_fstat,
	.fs_magic = faulty_fs_magic,
	.pread = faulty_pread,
	.readlink = faulty_readlink,
	.list_directory = faulty_list_directory,
	.same_files = faulty_same_files,
	.set_cloexec = faulty_set_cloexec,
	.create_file = faulty_create_file,
	.touch = faulty_touch,
	.reader_open = faulty_reader_open,
	.read_kmem = faulty_read_kmem,
	.current_task = faulty_current_task,
	.direct_map_hint = faulty_direct_map_hint,
	.symbol = faulty_symbol,
	.offset_of = faulty_offset_of,
	.size_of = faulty_size_of,
	.machine = "x86_64",
	.one_thread = true,
	.model = faulty_model,
	.log = faulty_log,
	.destroy = faulty_destroy,
};

bool gmem_kernel_is_faulty(const struct gmem_kernel *kernel)
{
	return kernel->ops == &faulty_ops;
}

int gmem_faulty_new(struct gmem_kernel *inner, struct gmem_kernel **out)
{
	struct faulty *faulty;

	if (!inner->ops->model)
		return -EINVAL;
	faulty = calloc(1, sizeof(*faulty));
	if (!faulty)
		return -ENOMEM;
	faulty->kernel.ops = &faulty_ops;
	faulty->inner = inner;
	*out = &faulty->kernel;
	return 0;
}

void gmem_faulty_set(struct gmem_kernel *kernel, const struct gmem_fault *fault)
{
	struct faulty *faulty = to_faulty(kernel);

	faulty->fault = fault ? *fault : (struct gmem_fault){ .at = 0 };
	memset(faulty->calls, 0, sizeof(faulty->calls));
	faulty->matched = 0;
	faulty->struck = 0;
}

uint64_t gmem_faulty_struck(const struct gmem_kernel *kernel)
{
	return to_faulty(kernel)->struck;
}

uint64_t gmem_faulty_calls(const struct gmem_kernel *kernel, enum gmem_faulty_kind kind)
{
	return to_faulty(kernel)->calls[kind];
}
