// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which reader of kernel memory is open, and why not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/error.h"
#include "kmem/direct_map.h"
#include "kmem/reader.h"
#include "procfs/ram.h"

static const struct {
	enum gmem_reader reader;
	enum gmem_evidence evidence;
	const char *name;
} readers[] = {
	/* In the order in which they are tried. */
	{ GMEM_READER_BPF, GMEM_EVIDENCE_BPF, "bpf" },
	{ GMEM_READER_KCORE, GMEM_EVIDENCE_KCORE, "kcore" },
	/* Of a dump, which has no other. */
	{ GMEM_READER_DUMP, GMEM_EVIDENCE_DUMP, "dump" },
};

#define READERS (sizeof(readers) / sizeof(readers[0]))
#define LIVE_READERS (READERS - 1)

static void close_reader(struct gmem_ctx *ctx)
{
	gmem_image_free(ctx->image);
	ctx->image = NULL;
	ctx->evidence = GMEM_EVIDENCE_NONE;
	ctx->control = -EINPROGRESS;
}

static int open_one(struct gmem_ctx *ctx, size_t index)
{
	char why[256] = "";
	int ret =
		ctx->kernel->ops->reader_open(ctx->kernel, readers[index].reader, why, sizeof(why));

	if (ret) {
		gmem_log(ctx, GMEM_LOG_INFO, "reader %s: refused: %s", readers[index].name,
			 *why ? why : gmem_error_words(ret));
		return gmem_fail(ctx, ret, "reader %s: %s", readers[index].name,
				 *why ? why : gmem_error_words(ret));
	}
	ctx->evidence = readers[index].evidence;
	ret = gmem_image_new(ctx, &ctx->image);
	if (ret) {
		gmem_explain_error(ctx, ret, why, sizeof(why));
		gmem_log(ctx, GMEM_LOG_INFO, "reader %s: of no use: %s", readers[index].name, why);
		close_reader(ctx);
	} else {
		gmem_log(ctx, GMEM_LOG_INFO, "reader %s: open", readers[index].name);
	}
	return ret;
}

/*
 * Opens the first reader that works. If none does, the explanation has every reason, and the
 * mildest errno is returned.
 */
static int open_any(struct gmem_ctx *ctx)
{
	char reasons[GMEM_EXPLANATION_MAX] = "", reason[400];
	int ret = -ENOTSUP;

	if (ctx->kernel->ops->dump)
		return open_one(ctx, LIVE_READERS);
	for (size_t i = 0; i < LIVE_READERS; i++) {
		size_t used = strlen(reasons);
		int error = open_one(ctx, i);

		if (!error)
			return 0;
		if (i == 0 || error == -EPERM || error == -EACCES)
			ret = error;
		gmem_explain_error(ctx, error, reason, sizeof(reason));
		if (strstr(reasons, reason))
			continue; /* if both lack it, it is missing in the kernel, not in a
				   * reader */
		snprintf(reasons + used, sizeof(reasons) - used, "%s%.400s", used ? "; " : "",
			 reason);
	}
	return gmem_fail(ctx, ret, "no reader of kernel memory: %s", reasons);
}

static int no_such_reader(struct gmem_ctx *ctx)
{
	return gmem_fail(ctx, -EINVAL, "there is no reader for that kind of evidence");
}

static int open_this(struct gmem_ctx *ctx, enum gmem_evidence which)
{
	close_reader(ctx);
	for (size_t i = 0; i < READERS; i++)
		if (readers[i].evidence == which)
			return open_one(ctx, i);
	return no_such_reader(ctx);
}

/* Opens the reader that was chosen, now (choice) or before, and never another one instead. */
static int open_chosen(struct gmem_ctx *ctx, const enum gmem_evidence *choice)
{
	enum gmem_evidence which;
	int ret;

	if (ctx->reader_forbidden)
		return gmem_fail(ctx, -ENOTSUP, "the caller forbids reading kernel memory");
	ret = gmem_image_known(ctx);
	if (ret)
		return ret;
	pthread_mutex_lock(&ctx->learning);
	if (choice)
		ctx->chosen = *choice;
	which = ctx->chosen;
	if (!ctx->image || (which != GMEM_EVIDENCE_NONE && which != ctx->evidence))
		ret = which == GMEM_EVIDENCE_NONE ? open_any(ctx) : open_this(ctx, which);
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}

int gmem_reader_open(struct gmem_ctx *ctx, enum gmem_evidence which)
{
	bool known = which == GMEM_EVIDENCE_NONE;

	gmem_begin(ctx);
	for (size_t i = 0; i < READERS; i++)
		known = known || readers[i].evidence == which;
	if (!known)
		return no_such_reader(ctx);
	return open_chosen(ctx, &which);
}

void gmem_reader_forbid(struct gmem_ctx *ctx, bool forbid)
{
	ctx->reader_forbidden = forbid;
}

int gmem_reader_image(struct gmem_ctx *ctx, const struct gmem_image **image)
{
	int ret = open_chosen(ctx, NULL);

	*image = ret ? NULL : ctx->image;
	return ret;
}

int gmem_reader_bounds(struct gmem_ctx *ctx, const struct gmem_image **image, uint64_t *pfn_limit)
{
	int ret = gmem_pfn_limit(ctx, pfn_limit);

	return ret ? ret : gmem_reader_image(ctx, image);
}

enum gmem_evidence gmem_reader_evidence(const struct gmem_ctx *ctx)
{
	if (ctx->kernel->ops->snapshot)
		return GMEM_EVIDENCE_SNAPSHOT;
	return ctx->reader_forbidden ? GMEM_EVIDENCE_NONE : ctx->evidence;
}
