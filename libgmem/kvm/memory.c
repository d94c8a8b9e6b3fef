// SPDX-License-Identifier: LGPL-2.1-or-later
/* A guest_memfd: creating it, wrapping one, its pages, its mapping, its NUMA policy. */
#include "kvm/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "kvm/explain/explain.h"
#include "kvm/guard.h"
#include "kvm/kvm.h"
#include "procfs/fd.h"

static struct gmem_memory *memory_alloc(struct gmem_ctx *ctx, int fd, uint64_t flags)
{
	struct gmem_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->ctx = ctx;
	memory->fd = fd;
	memory->vm_type = -1;
	memory->flags = flags;
	return memory;
}

/* The kernel gives the descriptor without FD_CLOEXEC, and a leaked one keeps the VM alive. */
static int create_fd(struct gmem_vm *vm, const struct gmem_memory_options *options)
{
	struct gmem_kvm_create_guest_memfd create = {
		.size = options->memory_size,
		.flags = options->flags,
	};
	struct gmem_facts facts = {
		.ctx = vm->ctx,
		.vm = vm,
		.size = options->memory_size,
		.flags = options->flags,
	};
	struct gmem_kernel *kernel = vm->ctx->kernel;
	int fd, ret;

	fd = gmem_kvm_ioctl(vm->ctx, vm->fd, gmem_call_create_guest_memfd.name,
			    GMEM_KVM_CREATE_GUEST_MEMFD, (uintptr_t)&create);
	if (fd < 0)
		return gmem_explain_call(&gmem_call_create_guest_memfd, &facts, fd);
	ret = kernel->ops->set_cloexec(kernel, fd);
	if (!ret)
		return fd;
	kernel->ops->close(kernel, fd);
	return gmem_explain_call(&gmem_call_set_cloexec, &facts, ret);
}

int gmem_memory_new(struct gmem_vm *vm, const struct gmem_memory_options *given,
		    struct gmem_memory **out)
{
	struct gmem_kernel *kernel = vm->ctx->kernel;
	struct gmem_memory_options options;
	struct gmem_memory *memory;
	struct stat st;
	int fd, ret;

	gmem_begin(vm->ctx);
	ret = gmem_options_copy(vm->ctx, "gmem_memory_options", &options, sizeof(options), given);
	if (ret)
		return ret;
	fd = create_fd(vm, &options);
	if (fd < 0)
		return fd;
	memory = memory_alloc(vm->ctx, fd, options.flags);
	if (!memory) {
		kernel->ops->close(kernel, fd);
		return gmem_no_memory(vm->ctx, "a guest_memfd");
	}
	memory->owned = true;
	memory->size = options.memory_size;
	memory->vm = vm;
	memory->vm_type = (int)vm->type;
	/* The inode serves explanations only. */
	if (!kernel->ops->fstat(kernel, fd, &st))
		memory->inode = st.st_ino;
	*out = memory;
	return 0;
}

int gmem_memory_from_fd(struct gmem_ctx *ctx, int fd, uint64_t flags, struct gmem_memory **out)
{
	struct gmem_facts facts = { .ctx = ctx, .fd = fd, .flags = flags };
	struct gmem_memory *memory;
	struct stat st;
	int ret;

	gmem_begin(ctx);
	ret = gmem_memory_flag_unknown(flags) ? -EINVAL : gmem_is_guest_memfd(ctx, fd, true);
	if (!ret)
		ret = -EINVAL;
	/*
	 * It has the name of a guest_memfd, and the caller says that it is one. The next check asks
	 * KVM.
	 */
	if (ret > 0 || ret == -ENODATA)
		ret = ctx->kernel->ops->fstat(ctx->kernel, fd, &st);
	if (!ret && gmem_fd_is_path(ctx, fd))
		ret = -EBADF;
	if (ret < 0)
		return gmem_explain_call(&gmem_call_wrap_guest_memfd, &facts, ret);
	memory = memory_alloc(ctx, fd, flags);
	if (!memory)
		return gmem_no_memory(ctx, "a guest_memfd");
	memory->size = (uint64_t)st.st_size;
	memory->inode = st.st_ino;
	*out = memory;
	return 0;
}

void gmem_memory_free(struct gmem_memory *memory)
{
	struct gmem_kernel *kernel;

	if (!memory)
		return;
	kernel = memory->ctx->kernel;
	if (memory->mapping)
		kernel->ops->munmap(kernel, memory->mapping, memory->size);
	if (memory->owned)
		kernel->ops->close(kernel, memory->fd);
	free(memory);
}

int gmem_memory_fd(const struct gmem_memory *memory)
{
	return memory->fd;
}

uint64_t gmem_memory_size(const struct gmem_memory *memory)
{
	return memory->size;
}

uint64_t gmem_memory_flags(const struct gmem_memory *memory)
{
	return memory->flags;
}

static int change_pages(struct gmem_memory *memory, const struct gmem_call *call, int mode,
			uint64_t offset, uint64_t length)
{
	struct gmem_facts facts = {
		.ctx = memory->ctx,
		.memory = memory,
		.offset = offset,
		.size = length,
		.flags = (unsigned int)mode,
	};
	struct gmem_kernel *kernel = memory->ctx->kernel;
	int ret = kernel->ops->fallocate(kernel, memory->fd, mode, offset, length);

	return ret ? gmem_explain_call(call, &facts, ret) : 0;
}

int gmem_memory_allocate(struct gmem_memory *memory, uint64_t offset, uint64_t length)
{
	gmem_begin(memory->ctx);
	return change_pages(memory, &gmem_call_allocate, FALLOC_FL_KEEP_SIZE, offset, length);
}

int gmem_memory_punch(struct gmem_memory *memory, uint64_t offset, uint64_t length)
{
	int ret;

	gmem_begin(memory->ctx);
	ret = gmem_guard_memory(memory, memory->vm_type, offset, length, GMEM_TOUCH_FREE,
				gmem_call_punch.name);
	return ret ? ret
		   : change_pages(memory, &gmem_call_punch,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int gmem_memory_map(struct gmem_memory *memory, void **out)
{
	struct gmem_facts facts = {
		.ctx = memory->ctx,
		.memory = memory,
		.size = memory->size,
	};
	struct gmem_kernel *kernel = memory->ctx->kernel;
	int ret;

	gmem_begin(memory->ctx);
	if (!memory->mapping) {
		ret = kernel->ops->mmap(kernel, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED,
					memory->fd, 0, &memory->mapping);
		if (ret) {
			memory->mapping = NULL;
			return gmem_explain_call(&gmem_call_mmap, &facts, ret);
		}
	}
	*out = memory->mapping;
	return 0;
}

/*
 * Before Linux 6.19 the mapping had no set_policy operation: mbind() succeeded, and the pages
 * came from wherever the allocating task's own policy said.
 */
static int refuse_policy(const struct gmem_memory *memory, uint64_t offset, uint64_t length)
{
	if (!(memory->flags & GMEM_MEMORY_MMAP) || gmem_kernel_heeds_policy(memory->ctx) <= 0)
		return -ENODEV;
	if (offset > memory->size || length > memory->size - offset)
		return -EINVAL;
	return 0;
}

int gmem_memory_bind_nodes(struct gmem_memory *memory, uint64_t offset, uint64_t length, int mode,
			   const unsigned long *nodemask, unsigned int nodes)
{
	struct gmem_facts facts = {
		.ctx = memory->ctx,
		.memory = memory,
		.offset = offset,
		.size = length,
		.mode = (unsigned int)mode,
		.nodes = nodes,
		.nodemask = nodemask,
	};
	struct gmem_kernel *kernel = memory->ctx->kernel;
	void *mapping;
	int ret;

	gmem_begin(memory->ctx);
	/* mbind() would round the length up. */
	ret = gmem_check_aligned(memory->ctx, "gmem_memory_bind_nodes", offset, length);
	if (ret)
		return ret;
	ret = refuse_policy(memory, offset, length);
	if (ret)
		return gmem_explain_refusal(&gmem_call_mbind, &facts, ret);
	ret = gmem_memory_map(memory, &mapping);
	if (ret)
		return ret;
	/* The system call's maxnode counts one bit more than it reads (get_nodes()). */
	ret = kernel->ops->mbind(kernel, (char *)mapping + offset, length, mode, nodemask,
				 (unsigned long)nodes + 1, 0);
	return ret ? gmem_explain_call(&gmem_call_mbind, &facts, ret) : 0;
}
