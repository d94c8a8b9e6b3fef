/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A context on a model whose port can be told to fail: the n-th call, or every call of a kind.
 * Needs libgmem's internal headers.
 */
#ifndef PORT_H
#define PORT_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "kernel/sim/sim.h"

static struct {
	const struct gmem_kernel_ops *real;
	struct gmem_kernel_ops ops;
	unsigned int calls;    /* since port_fail_at() */
	unsigned int fail_at;  /* 1 is the next call, 0 none */
	int fail_error;	       /* negative errno */
	unsigned long request; /* refused ioctl, 0 none */
	const char *path;      /* refused open */
	const char *operation; /* another refused operation, by name */
	int refusal;	       /* negative errno */
} port;

static inline bool port_fails(const char *operation, int *error)
{
	port.calls++;
	*error = port.fail_error;
	if (port.calls == port.fail_at)
		return true;
	*error = port.refusal;
	return port.operation && !strcmp(port.operation, operation);
}

static int port_open(struct gmem_kernel *kernel, const char *path, int flags)
{
	int error;

	if (port_fails("open", &error))
		return error;
	if (port.path && !strcmp(port.path, path))
		return port.refusal;
	return port.real->open(kernel, path, flags);
}

static int port_ioctl(struct gmem_kernel *kernel, int fd, unsigned long request, uintptr_t arg)
{
	int error;

	if (port_fails("ioctl", &error))
		return error;
	if (port.request == request)
		return port.refusal;
	return port.real->ioctl(kernel, fd, request, arg);
}

static int port_mmap(struct gmem_kernel *kernel, size_t length, int prot, int flags, int fd,
		     uint64_t offset, void **out)
{
	int error;

	if (port_fails("mmap", &error))
		return error;
	return port.real->mmap(kernel, length, prot, flags, fd, offset, out);
}

static int port_madvise(struct gmem_kernel *kernel, void *address, size_t length, int advice)
{
	int error;

	if (port_fails("madvise", &error))
		return error;
	return port.real->madvise(kernel, address, length, advice);
}

static int port_mbind(struct gmem_kernel *kernel, void *address, size_t length, int mode,
		      const unsigned long *nodemask, unsigned long maxnode, unsigned int flags)
{
	int error;

	if (port_fails("mbind", &error))
		return error;
	return port.real->mbind(kernel, address, length, mode, nodemask, maxnode, flags);
}

static int port_fallocate(struct gmem_kernel *kernel, int fd, int mode, uint64_t offset,
			  uint64_t length)
{
	int error;

	if (port_fails("fallocate", &error))
		return error;
	return port.real->fallocate(kernel, fd, mode, offset, length);
}

static int port_fstat(struct gmem_kernel *kernel, int fd, struct stat *st)
{
	int error;

	if (port_fails("fstat", &error))
		return error;
	return port.real->fstat(kernel, fd, st);
}

static int port_fs_magic(struct gmem_kernel *kernel, int fd, uint64_t *magic)
{
	int error;

	if (port_fails("fs_magic", &error))
		return error;
	return port.real->fs_magic(kernel, fd, magic);
}

static ssize_t port_pread(struct gmem_kernel *kernel, int fd, void *buffer, size_t length,
			  uint64_t offset)
{
	int error;

	if (port_fails("pread", &error))
		return error;
	return port.real->pread(kernel, fd, buffer, length, offset);
}

static int port_readlink(struct gmem_kernel *kernel, const char *path, char *buffer, size_t size)
{
	int error;

	if (port_fails("readlink", &error))
		return error;
	return port.real->readlink(kernel, path, buffer, size);
}

static int port_set_cloexec(struct gmem_kernel *kernel, int fd)
{
	int error;

	if (port_fails("set_cloexec", &error))
		return error;
	return port.real->set_cloexec(kernel, fd);
}

static int port_create_file(struct gmem_kernel *kernel, enum gmem_file_kind kind, uint64_t size)
{
	int error;

	if (port_fails("create_file", &error))
		return error;
	return port.real->create_file(kernel, kind, size);
}

/* Forgets all refusals; the n-th call from now on fails with error, once. 0: none does. */
static inline void port_fail_at(unsigned int n, int error)
{
	port.calls = 0;
	port.fail_at = n;
	port.fail_error = error;
	port.request = 0;
	port.path = NULL;
	port.operation = NULL;
	port.refusal = 0;
}

/* Whether a failure was injected since port_fail_at(). */
static inline bool port_failed(void)
{
	return port.fail_at && port.calls >= port.fail_at;
}

static inline struct gmem_ctx *port_ctx(const char *model)
{
	struct gmem_ctx *ctx;

	ck_assert_int_eq(gmem_ctx_new_simulated(model, &ctx), 0);
	port_fail_at(0, 0);
	port.real = ctx->kernel->ops;
	port.ops = *port.real;
	port.ops.open = port_open;
	port.ops.ioctl = port_ioctl;
	port.ops.mmap = port_mmap;
	port.ops.madvise = port_madvise;
	port.ops.mbind = port_mbind;
	port.ops.fallocate = port_fallocate;
	port.ops.fstat = port_fstat;
	port.ops.fs_magic = port_fs_magic;
	port.ops.pread = port_pread;
	port.ops.readlink = port_readlink;
	port.ops.set_cloexec = port_set_cloexec;
	port.ops.create_file = port_create_file;
	ctx->kernel->ops = &port.ops;
	return ctx;
}

/* Frees a context that nothing may have been left open in. */
static inline void port_ctx_free(struct gmem_ctx *ctx, unsigned int fds, uint64_t pages)
{
	ck_assert_uint_eq(gmem_sim_open_fds(ctx->kernel), fds);
	ck_assert_uint_eq(gmem_sim_pages_in_use(ctx->kernel), pages);
	ctx->kernel->ops = port.real;
	gmem_ctx_free(ctx);
}

/* The explanation must contain text. */
static inline void port_said(struct gmem_ctx *ctx, const char *text)
{
	char words[GMEM_EXPLANATION_MAX];

	gmem_explain(ctx, words, sizeof(words));
	ck_assert_msg(strstr(words, text) != NULL, "\"%s\" is not in \"%s\"", text, words);
}

#endif
