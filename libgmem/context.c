// SPDX-License-Identifier: LGPL-2.1-or-later
/* The context's life: it opens a kernel, and frees what was learnt of it. */
#include "base/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/error.h"
#include "kernel/record/record.h"
#include "kernel/sim/faults.h"
#include "kmem/direct_map.h"
#include "kmem/objects.h"
#include "kmem/struct_layout.h"
#include "procfs/file.h"
#include "procfs/page_shift.h"
#include "procfs/ram.h"
#include "verdict/guard.h"

static void init_locks(struct gmem_ctx *ctx)
{
	pthread_mutexattr_t recursive;

	pthread_mutex_init(&ctx->lock, NULL);
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&ctx->learning, &recursive);
	pthread_mutexattr_destroy(&recursive);
}

/* "Linux version 6.12.43+deb13-amd64 (who@where) …": linux_proc_banner in init/version.c. */
static int read_banner(struct gmem_ctx *ctx)
{
	static const char begins[] = "Linux version ";
	char line[512], *release = line + sizeof(begins) - 1;
	int ret = gmem_read_line(ctx, "/proc/version", line, sizeof(line));
	size_t length;

	if (ret)
		return ret;
	if (strncmp(line, begins, sizeof(begins) - 1))
		return -EBADMSG;
	length = strcspn(release, " ");
	if (!length || length >= sizeof(ctx->release))
		return -EBADMSG;
	memcpy(ctx->release, release, length);
	ctx->release[length] = '\0';
	return 0;
}

static void read_release(struct gmem_ctx *ctx)
{
	int ret = gmem_read_line(ctx, "/proc/sys/kernel/osrelease", ctx->release,
				 sizeof(ctx->release));

	/* What other programs collect of a host may have only one of the two files. */
	if (ret && ctx->kernel->ops->snapshot)
		ret = read_banner(ctx);
	if (ret)
		snprintf(ctx->release, sizeof(ctx->release), "unknown");
}

int gmem_ctx_on(struct gmem_kernel *kernel, struct gmem_ctx **out)
{
	struct gmem_ctx *ctx = calloc(1, sizeof(*ctx));
	int ret;

	if (!ctx) {
		kernel->ops->destroy(kernel);
		return -ENOMEM;
	}
	ctx->kernel = kernel;
	ctx->control = -EINPROGRESS;
	ctx->fwb = -EINPROGRESS;
	ctx->guard = (struct gmem_guard){
		.ask = gmem_flush_guard,
		.vm_types = -EINPROGRESS,
		.partial_write = -EINPROGRESS,
		.fwb = -EINPROGRESS,
	};
	init_locks(ctx);
	read_release(ctx);
	ret = gmem_page_shift_learn(ctx);
	if (ret)
		gmem_ctx_free(ctx);
	else
		*out = ctx;
	return ret;
}

_Static_assert(GMEM_ENOTRECORDED == GMEM_KERNEL_NOT_RECORDED, "the API's name of the port's errno");

int gmem_ctx_new(struct gmem_ctx **out)
{
	struct gmem_kernel *kernel;
	int ret = gmem_kernel_linux_new(&kernel);

	return ret ? ret : gmem_ctx_on(kernel, out);
}

int gmem_ctx_new_simulated(const char *model, struct gmem_ctx **out)
{
	struct gmem_sim_spec spec;
	struct gmem_kernel *kernel;
	char why[1];
	int ret = gmem_sim_parse(model, &spec, why, sizeof(why));

	if (!ret)
		ret = gmem_sim_open(&spec, &kernel);
	if (!ret)
		ret = gmem_ctx_on(kernel, out);
	if (!ret)
		(*out)->counts_calls = spec.count;
	return ret;
}

int gmem_ctx_save(struct gmem_ctx *ctx, int directory, gmem_saved_fn fn, void *arg)
{
	const struct gmem_record *record = gmem_record_of(ctx->kernel);
	int ret;

	gmem_begin(ctx);
	if (!record)
		return gmem_fail(ctx, -EINVAL, "this context was not opened with record");
	ret = gmem_record_save(record, directory, fn, arg);
	if (ret)
		return gmem_fail(ctx, ret, "what was recorded could not be written: %s",
				 gmem_error_words(ret));
	return record->incomplete;
}

static int ctx_open_snapshot(const struct gmem_ctx_options *options, struct gmem_ctx **out)
{
	struct gmem_kernel *kernel;
	int ret = gmem_kernel_snapshot_new(options->sysroot, options->why, options->why_size,
					   &kernel);

	return ret ? ret : gmem_ctx_on(kernel, out);
}

static int ctx_open_dump(const struct gmem_ctx_options *options, struct gmem_ctx **out)
{
	struct gmem_kernel *kernel;
	int ret = gmem_kernel_dump_new(options->core, options->why, options->why_size, &kernel);

	return ret ? ret : gmem_ctx_on(kernel, out);
}

static int ctx_choose(const struct gmem_ctx_options *options, struct gmem_ctx **out)
{
	int ret;

	if (!!options->model + !!options->sysroot + !!options->core > 1) {
		snprintf(
			options->why, options->why_size,
			"a context is on a simulated kernel, on files or on a dump, not on several");
		return -EINVAL;
	}
	if (options->core && options->record) {
		snprintf(options->why, options->why_size,
			 "a dump is a record already: what it is asked is not recorded");
		return -EINVAL;
	}
	if (options->core)
		return ctx_open_dump(options, out);
	if (options->sysroot)
		return ctx_open_snapshot(options, out);
	if (!options->model)
		return gmem_ctx_new(out);
	ret = gmem_model_check(options->model, options->why, options->why_size);
	return ret ? -EINVAL : gmem_ctx_new_simulated(options->model, out);
}

int gmem_ctx_open(const struct gmem_ctx_options *options, struct gmem_ctx **out)
{
	struct gmem_ctx_options wanted;
	char unread[1];
	int ret = gmem_options_take(&wanted, sizeof(wanted), options);

	if (ret)
		return ret;
	if (!wanted.why || !wanted.why_size) {
		wanted.why = unread;
		wanted.why_size = sizeof(unread);
	}
	*wanted.why = '\0';
	ret = ctx_choose(&wanted, out);
	if (ret || !wanted.record)
		return ret;
	ret = gmem_record_begin((*out)->kernel, wanted.redact);
	if (ret)
		gmem_ctx_free(*out);
	else
		read_release(*out); /* a second time, so that the record has it */
	return ret;
}

void gmem_ctx_free(struct gmem_ctx *ctx)
{
	if (!ctx)
		return;
	gmem_image_free(ctx->image);
	gmem_layout_free(ctx->layout);
	gmem_objects_free(ctx->objects);
	gmem_ram_free(ctx->ram);
	ctx->kernel->ops->destroy(ctx->kernel);
	pthread_mutex_destroy(&ctx->learning);
	pthread_mutex_destroy(&ctx->lock);
	free(ctx);
}

const char *gmem_model_name(size_t index)
{
	return gmem_kernel_sim_model_name(index);
}

const char *gmem_model_summary(size_t index)
{
	return gmem_kernel_sim_model_summary(index);
}

int gmem_model_check(const char *model, char *why, size_t size)
{
	struct gmem_sim_spec spec;
	const char *name;
	int ret = gmem_sim_parse(model, &spec, why, size);

	if (ret)
		return ret;
	for (size_t i = 0; (name = gmem_model_name(i)); i++)
		if (!strcmp(name, spec.model))
			return 0;
	snprintf(why, size, "no simulated kernel is named '%s'", spec.model);
	return -ENOENT;
}

const char *gmem_model_call_name(size_t index)
{
	return index < GMEM_SIM_CALLS ? gmem_sim_call_name((unsigned int)index) : NULL;
}

int gmem_ctx_calls(const struct gmem_ctx *ctx, size_t index, uint64_t *calls)
{
	if (!ctx->counts_calls || index >= GMEM_SIM_CALLS)
		return -ENOENT;
	*calls = gmem_sim_calls(ctx->kernel, (enum gmem_sim_call)index);
	return 0;
}
