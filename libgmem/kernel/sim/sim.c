// SPDX-License-Identifier: LGPL-2.1-or-later
/* The simulated kernel's side of the port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sim/kvm/kvm.h"
#include "kernel/sim/mm/mmap.h"

/* The open file for an operation that O_PATH descriptors do not have. */
static struct sim_file *usable_file(const struct gmem_sim *sim, int fd)
{
	struct sim_file *file = sim_fd_file(sim, fd);

	return file && !file->path_only ? file : NULL;
}

static int op_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	int err = sim_call(kernel, GMEM_SIM_OPEN, 0, path);

	return err ? err : sim_open_path(to_sim(kernel), path, flags);
}

static int op_close(struct gmem_kernel *kernel, int fd)
{
	int err = sim_call(kernel, GMEM_SIM_CLOSE, 0, NULL);
	int ret = sim_fd_close(to_sim(kernel), fd);

	return err ? err : ret;
}

static int op_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	struct sim_file *file = usable_file(to_sim(kernel), fd);
	int err = sim_call(kernel, GMEM_SIM_IOCTL, request, NULL);

	if (err)
		return err;
	if (!file)
		return -EBADF;
	return file->type->ioctl ? file->type->ioctl(to_sim(kernel), file, request, arg) : -ENOTTY;
}

static int op_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		   uint64_t offset, void **out)
{
	int err = sim_call(kernel, GMEM_SIM_MMAP, 0, NULL);

	return err ? err : sim_mmap(to_sim(kernel), length, prot, flags, fd, offset, out);
}

static int op_munmap(struct gmem_kernel *kernel, void *address, size_t length)
{
	int err = sim_call(kernel, GMEM_SIM_MUNMAP, 0, NULL);
	int ret = sim_munmap(to_sim(kernel), address, length);

	return err ? err : ret;
}

static int op_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice)
{
	int err = sim_call(kernel, GMEM_SIM_MADVISE, 0, NULL);

	return err ? err : sim_madvise(to_sim(kernel), address, length, advice);
}

static int op_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
		    const unsigned long *nodemask, unsigned long maxnode, unsigned int flags)
{
	int err = sim_call(kernel, GMEM_SIM_MBIND, 0, NULL);

	return err ? err
		   : sim_mbind(to_sim(kernel), address, length, mode, nodemask, maxnode, flags);
}

static int op_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			uint64_t length)
{
	struct sim_file *file = usable_file(to_sim(kernel), fd);
	int err = sim_call(kernel, GMEM_SIM_FALLOCATE, 0, NULL);

	if (err)
		return err;
	if (!file)
		return -EBADF;
	if (!file->type->fallocate)
		return -ENODEV;
	return file->type->fallocate(to_sim(kernel), file, mode, offset, length);
}

static int op_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	const struct sim_file *file = sim_fd_file(to_sim(kernel), fd);
	int err = sim_call(kernel, GMEM_SIM_FSTAT, 0, NULL);

	if (err)
		return err;
	if (!file)
		return -EBADF;
	memset(st, 0, sizeof(*st));
	st->st_dev = sim_inode_device(file->inode);
	st->st_ino = file->inode->ino;
	st->st_mode = file->inode->mode;
	st->st_nlink = 1;
	st->st_size = (off_t)file->inode->size;
	st->st_blksize = (blksize_t)to_sim(kernel)->page_size;
	st->st_mtim = file->inode->changed;
	st->st_ctim = file->inode->changed;
	return 0;
}

static int op_fs_magic(struct gmem_kernel *kernel, int fd, bool ask, uint64_t *magic)
{
	const struct sim_file *file = sim_fd_file(to_sim(kernel), fd);
	int err = sim_call(kernel, GMEM_SIM_FS_MAGIC, 0, NULL);

	(void)ask;
	if (err)
		return err;
	if (!file)
		return -EBADF;
	*magic = sim_fs_magic(to_sim(kernel), file->inode->fs);
	return 0;
}

static ssize_t op_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			uint64_t offset)
{
	struct sim_file *file = usable_file(to_sim(kernel), fd);
	int err = sim_call(kernel, GMEM_SIM_PREAD, 0, NULL);

	if (err)
		return err;
	if (!file)
		return -EBADF;
	if (file->type->pread)
		return file->type->pread(to_sim(kernel), file, buffer, length, offset);
	/* A guest_memfd has no FMODE_PREAD, other files no read. */
	return file->inode->is_gmem ? -ESPIPE : -EINVAL;
}

static int op_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	int err = sim_call(kernel, GMEM_SIM_READLINK, 0, NULL);

	return err ? err : sim_read_link(to_sim(kernel), path, buffer, size);
}

static int op_list_directory(struct gmem_kernel *kernel, const char *path, gmem_directory_fn fn,
			     void *arg)
{
	int err = sim_call(kernel, GMEM_SIM_LIST_DIRECTORY, 0, NULL);

	return err ? err : sim_list_directory(to_sim(kernel), path, fn, arg);
}

/* The model has one thread. */
static int op_compare(struct gmem_kernel *kernel, pid_t a, pid_t b, enum gmem_compared what)
{
	int err = sim_call(kernel, GMEM_SIM_COMPARE, 0, NULL);

	(void)what;
	return err ? err : (a != b) + (a > b);
}

static int op_set_cloexec(struct gmem_kernel *kernel, int fd)
{
	int err = sim_call(kernel, GMEM_SIM_SET_CLOEXEC, 0, NULL);

	return err ? err : sim_fd_set_cloexec(to_sim(kernel), fd);
}

static int op_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	int err = sim_call(kernel, GMEM_SIM_CREATE_FILE, 0, NULL);

	return err ? err : sim_create_file(to_sim(kernel), kind, size);
}

static int op_touch(struct gmem_kernel *kernel, void *address)
{
	const struct sim_vma *vma = sim_vma_at(to_sim(kernel), (uintptr_t)address);
	int err = sim_call(kernel, GMEM_SIM_TOUCH, 0, NULL);

	if (err)
		return err;
	if (!vma || !(vma->prot & 2 /* PROT_WRITE */))
		return -EFAULT;
	return sim_vma_fault(to_sim(kernel), vma, (uintptr_t)address);
}

static int op_reader_open(struct gmem_kernel *kernel, enum gmem_reader reader, char *why,
			  size_t size)
{
	struct gmem_sim *sim = to_sim(kernel);
	int err = sim_call(kernel, GMEM_SIM_READER_OPEN, 0, NULL);

	if (err)
		return err;
	if (reader > GMEM_READER_KCORE)
		return -EINVAL;
	err = sim->reader_error[reader];
	if (err) {
		snprintf(why, size, "this reader was made to fail: %s", strerror(-err));
		return err;
	}
	sim->reader = reader;
	return 0;
}

static int op_read_kmem(struct gmem_kernel *kernel, struct gmem_kmem_request *requests, size_t n)
{
	int err = sim_call(kernel, GMEM_SIM_READ_KMEM, 0, NULL);

	if (!err)
		err = sim_read_kmem(to_sim(kernel), requests, n);
	if (!err)
		sim_call_requests(kernel, requests, n);
	return err;
}

static int op_current_task(struct gmem_kernel *kernel, uint64_t *address)
{
	int err = sim_call(kernel, GMEM_SIM_CURRENT_TASK, 0, NULL);

	if (err)
		return err;
	*address = to_sim(kernel)->boot.task;
	return 0;
}

static int op_direct_map_hint(struct gmem_kernel *kernel, uint64_t *address, uint64_t *physical)
{
	int err = sim_call(kernel, GMEM_SIM_DIRECT_MAP_HINT, 0, NULL);

	if (err)
		return err;
	(void)address;
	(void)physical;
	return -ENODATA;
}

static int op_symbol(struct gmem_kernel *kernel, const char *name, uint64_t *address)
{
	int err = sim_call(kernel, GMEM_SIM_SYMBOL, 0, NULL);

	return err ? err : sim_symbol(to_sim(kernel), name, address);
}

static int op_offset_of(struct gmem_kernel *kernel, const char *type, const char *member,
			size_t *offset)
{
	const struct sim_model *asked = to_sim(kernel)->model;
	int err = sim_call(kernel, GMEM_SIM_OFFSET_OF, 0, NULL);

	if (!err && !asked->attributes && !strcmp(type, "kvm") && !strcmp(member, "mem_attr_array"))
		return -ENOENT;
	return err ? err : sim_layout_offset(asked->layout, type, member, offset);
}

static int op_size_of(struct gmem_kernel *kernel, const char *type, size_t *size)
{
	int err = sim_call(kernel, GMEM_SIM_SIZE_OF, 0, NULL);

	return err ? err : sim_layout_size(to_sim(kernel)->model->layout, type, size);
}

#define CTR_BASE 0x8444c004ull /* lines of 64 bytes, and what is always 1 */
#define CTR_IDC (1ull << 28)
#define CTR_DIC (1ull << 29)

/* Of arm64 only. A read of a register, which cannot fail. */
static int op_cache_type(struct gmem_kernel *kernel, uint64_t *ctr_el0)
{
	const struct sim_arm64 *arm64 = to_sim(kernel)->model->arm64;

	*ctr_el0 = CTR_BASE | (arm64->fwb ? CTR_IDC : 0) | (arm64->dic ? CTR_DIC : 0);
	return 0;
}

static const char *op_model(const struct gmem_kernel *kernel)
{
	return to_sim(kernel)->model->name;
}

static const char *op_log(const struct gmem_kernel *kernel)
{
	return to_sim(kernel)->dmesg.bytes ? to_sim(kernel)->dmesg.bytes : "";
}

static void op_destroy(struct gmem_kernel *kernel)
{
	struct gmem_sim *sim = to_sim(kernel);

	sim_vmas_exit(sim);
	sim_vms_exit(sim);
	sim_files_exit(sim);
	sim_inodes_exit(sim);
	sim_kmem_exit(sim);
	sim_physmem_exit(sim);
	sim_text_free(&sim->dmesg);
	free(sim);
}

static const struct gmem_kernel_ops ops = {
	.open = op_open,
	.close = op_close,
	.ioctl = op_ioctl,
	.mmap = op_mmap,
	.munmap = op_munmap,
	.madvise = op_madvise,
	.mbind = op_mbind,
	.fallocate = op_fallocate,
	.fstat = op_fstat,
	.fs_magic = op_fs_magic,
	.pread = op_pread,
	.readlink = op_readlink,
	.list_directory = op_list_directory,
	.compare = op_compare,
	.set_cloexec = op_set_cloexec,
	.create_file = op_create_file,
	.touch = op_touch,
	.reader_open = op_reader_open,
	.read_kmem = op_read_kmem,
	.current_task = op_current_task,
	.direct_map_hint = op_direct_map_hint,
	.symbol = op_symbol,
	.offset_of = op_offset_of,
	.size_of = op_size_of,
	.machine = "x86_64",
	.one_thread = true,
	.model = op_model,
	.log = op_log,
	.destroy = op_destroy,
};

static const struct sim_model *find_model(const char *name)
{
	const struct sim_model *model;

	for (unsigned long i = 0; (model = sim_model_at(i)); i++)
		if (!strcmp(model->name, name))
			return model;
	return NULL;
}

int gmem_kernel_sim_new(const char *model, struct gmem_kernel **out)
{
	struct gmem_sim *sim;
	int err;

	if (!model || !find_model(model))
		return -EINVAL;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return -ENOMEM;
	sim->model = find_model(model);
	sim->ops = ops;
	if (sim->model->arm64) {
		sim->ops.machine = "aarch64";
		sim->ops.cache_type = op_cache_type;
	}
	sim->kernel.ops = &sim->ops;
	sim->page_shift = sim->kernel.page_shift = sim->model->page_shift;
	sim->page_size = 1ull << sim->page_shift;
	sim->page_mask = sim->page_size - 1;
	sim->next_ino = 1000;
	err = sim_physmem_init(sim);
	if (!err)
		err = sim_kmem_init(sim);
	if (!err)
		err = sim_boot(sim);
	if (err) {
		op_destroy(&sim->kernel);
		return err;
	}
	*out = &sim->kernel;
	return 0;
}

const char *gmem_kernel_sim_model_name(size_t index)
{
	const struct sim_model *model = sim_model_at(index);

	return model ? model->name : NULL;
}

const char *gmem_kernel_sim_model_summary(size_t index)
{
	const struct sim_model *model = sim_model_at(index);

	return model ? model->summary : NULL;
}
