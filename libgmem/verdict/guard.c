// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The guard: would a kernel path that a call is about to run take a page fault? The table decides
 * first. So a call that cannot fault costs only a look at some rows, and opens no reader.
 *
 * The guard refuses what it knows to fault. Where a row is unknown the call goes on, and the log
 * function gets a message. For the caches of arm64, where KVM does not tell whether the CPU has
 * Force Write-Back (stage2-map, stage2-unmap), that is right for three reasons. This is unknown
 * only where CTR_EL0.DIC is 0 and kernel memory does not tell it, and there stage2-map-exec is
 * known to fault, so that pages outside the direct map are refused on their way in anyway. What is
 * left is their way out, which they also take when the memory is closed or its process dies; the
 * guard cannot refuse that, so refusing a punch would only put it off. And the posted series, which
 * takes pages out, does so only on CPUs with Force Write-Back (v12), where a refusal would keep
 * memory that is safe to free.
 */
#include "verdict/guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/advice.h"
#include "base/error.h"
#include "kmem/reader.h"
#include "pages/target.h"
#include "verdict/facts.h"
#include "verdict/flush.h"

struct asking {
	struct gmem_ctx *ctx;
	const struct gmem_touched *touched;
	struct gmem_flush_subject subject;
	struct gmem_flush_facts facts;
	/* Of the paths that would run: */
	bool any;
	bool looks_at_new;		      /* one touches pages that are not up to date only */
	bool may_be_gone;		      /* one touches pages that KVM may have removed */
	const struct gmem_flush_path *leaves; /* one comes behind the removal, by the flag */
	/* One that would fault, and one for which this is unknown. path NULL: none was found. */
	struct gmem_flush_row row, unknown;
};

/* Both are asked once, because KVM's offer does not change while it has a VM. */
static int vm_types(struct gmem_ctx *ctx)
{
	struct gmem_flush_facts facts;
	int types;

	pthread_mutex_lock(&ctx->learning);
	if (ctx->guard.vm_types < 0) {
		gmem_flush_ask_kvm(ctx, &facts);
		/*
		 * A VM type that may stand behind a number that is not believed may run its paths,
		 * too.
		 */
		ctx->guard.vm_types = facts.vm_types < 0 ? facts.vm_types
							 : facts.vm_types | (int)facts.behind_types;
	}
	types = ctx->guard.vm_types;
	pthread_mutex_unlock(&ctx->learning);
	return types;
}

static int partial_write(struct gmem_ctx *ctx)
{
	int has;

	pthread_mutex_lock(&ctx->learning);
	if (ctx->guard.partial_write < 0)
		ctx->guard.partial_write = gmem_flush_partial_write(ctx);
	has = ctx->guard.partial_write;
	pthread_mutex_unlock(&ctx->learning);
	return has;
}

static void caches(struct gmem_ctx *ctx, struct gmem_flush_facts *facts)
{
	pthread_mutex_lock(&ctx->learning);
	if (ctx->guard.fwb == -EINPROGRESS) {
		gmem_flush_ask_caches(ctx, facts);
		ctx->guard.fwb = facts->fwb;
		ctx->guard.dic = facts->dic;
	}
	facts->fwb = ctx->guard.fwb;
	facts->dic = ctx->guard.dic;
	pthread_mutex_unlock(&ctx->learning);
}

/*
 * Whether a VM of that type could run the path at all; *certain: it is known to run it. Asks of the
 * host only what that takes.
 */
static bool applies(struct asking *asking, const struct gmem_flush_rule *rule, bool *certain)
{
	struct gmem_flush_facts *facts = &asking->facts;
	enum gmem_verdict verdict;
	const char *reason;

	if (!gmem_flush_is_of(rule, facts) || !(rule->touches & asking->touched->touch))
		return false;
	if (facts->vm_type < 0)
		facts->vm_types = vm_types(asking->ctx);
	else if (!(rule->vm_types & 1u << facts->vm_type))
		return false;
	if (rule->needs_pw_mce)
		facts->partial_write = partial_write(asking->ctx);
	if (rule->skipped_by_fwb || rule->skipped_by_dic)
		caches(asking->ctx, facts);
	verdict = gmem_flush_applies(rule, facts, &reason);
	*certain = !reason;
	return verdict == GMEM_VERDICT_SAFE;
}

/* What the table says before any page is looked at. */
static void ask_table(struct asking *asking)
{
	const struct gmem_flush_rule *rule;
	bool removed = asking->subject.has_memory_flags &&
		       asking->subject.memory_flags & GMEM_MEMORY_NO_DIRECT_MAP;
	bool certain;

	asking->any = asking->looks_at_new = asking->may_be_gone = false;
	asking->leaves = NULL;
	for (size_t i = 0; (rule = gmem_flush_rule_at(i)); i++) {
		if (!applies(asking, rule, &certain))
			continue;
		asking->any = true;
		/* KVM removes a page from the direct map only when the page is up to date. */
		if (rule->pages == GMEM_FLUSH_NOT_UPTODATE)
			asking->looks_at_new = true;
		else
			asking->may_be_gone = true;
		if (removed && rule->after_removal && certain && !asking->leaves)
			asking->leaves = &rule->path;
	}
}

static void describe(struct asking *asking, int vm_type, uint64_t flags, bool has_flags)
{
	asking->subject = (struct gmem_flush_subject){
		.size = sizeof(asking->subject),
		.vm_type = vm_type,
		.memory_flags = flags,
		.has_memory_flags = has_flags,
		.is_guest_memory = true,
	};
	asking->facts = (struct gmem_flush_facts){
		.vm_type = vm_type,
		.vm_types = -1,
		.guest_memfd = -1,
		.partial_write = -1,
		.arm64 = !strcmp(asking->ctx->kernel->ops->machine, "aarch64"),
		.fwb = -1,
		.dic = -1,
		.shared = gmem_flush_is_shared(&asking->subject),
	};
	ask_table(asking);
}

static int add_extent(const struct gmem_extent *extent, void *arg)
{
	gmem_flush_take(arg, extent);
	return 0;
}

/* Looks once. *settled tells that flags of the pages would not add anything. */
static int look_once(struct asking *asking, struct gmem_target *target, uint64_t offset,
		     uint64_t length, unsigned int want, bool *settled)
{
	struct gmem_flush_row row = { .size = sizeof(row) };
	struct gmem_flush *flush;
	int ret = gmem_flush_make(asking->ctx, &asking->subject, &asking->facts,
				  asking->touched->touch, &flush);

	if (ret)
		return ret;
	ret = gmem_target_extents(target, offset, length, want, add_extent, flush);
	*settled = true;
	for (size_t i = 0; !ret && !gmem_flush_row_at(flush, i, &row); i++) {
		if (row.verdict == GMEM_VERDICT_UNKNOWN) {
			*settled = false;
			asking->unknown = row;
		}
		if (row.verdict != GMEM_VERDICT_FAULTS || asking->row.path)
			continue;
		asking->row = row;
		if (row.path == asking->leaves) /* and those that are not there yet */
			asking->row.faults_pages = gmem_page_of(asking->ctx, length);
	}
	gmem_flush_free(flush);
	return ret;
}

/*
 * Whether pages are up to date is asked only where a page is found that is not in the direct map:
 * then it decides, or says which path comes first.
 */
static int look(struct asking *asking, struct gmem_target *target, uint64_t offset, uint64_t length)
{
	struct gmem_flush_row found;
	bool settled;
	int ret = look_once(asking, target, offset, length, GMEM_EXTENT_DIRECT_MAP, &settled);

	found = asking->row;
	if (ret || !asking->looks_at_new || (settled && !found.path))
		return ret;
	asking->row.path = asking->unknown.path = NULL;
	ret = look_once(asking, target, offset, length, GMEM_EXTENT_DIRECT_MAP | GMEM_EXTENT_FLAGS,
			&settled);
	if (!asking->row.path)
		asking->row = found;
	return ret;
}

/* Memory of a VM that the caller did not name: the kernel knows its type. */
static void learn_type(struct asking *asking, struct gmem_target *target)
{
	const struct gmem_flush_subject *subject = &asking->subject;

	if (subject->vm_type < 0 && !gmem_target_read_bindings(target))
		describe(asking, target->vm_type, subject->memory_flags, subject->has_memory_flags);
}

static int look_at_memory(struct asking *asking)
{
	const struct gmem_touched *touched = asking->touched;
	struct gmem_target *target;
	int ret = gmem_target_open(asking->ctx, 0, touched->fd, &target);

	if (ret)
		return ret;
	learn_type(asking, target);
	if (asking->any)
		ret = look(asking, target, touched->offset, touched->length);
	gmem_target_free(target);
	return ret;
}

static void refuse_by_flag(struct asking *asking, uint64_t length)
{
	if (!asking->row.path && asking->leaves)
		asking->row = (struct gmem_flush_row){
			.path = asking->leaves,
			.faults_pages = gmem_page_of(asking->ctx, length),
		};
}

static int look_at_bound(struct gmem_target *target, uint64_t offset, uint64_t length, void *arg)
{
	struct asking *asking = arg;
	uint64_t flags = 0;
	bool has_flags = !gmem_target_flags(target, &flags);
	int ret;

	describe(asking, asking->touched->vm_type, flags, has_flags);
	ret = look(asking, target, offset, length);
	refuse_by_flag(asking, length);
	return asking->row.path ? 1 : ret;
}

/* If no reader could be opened once, no reader is tried again. */
static int open_reader(struct gmem_ctx *ctx)
{
	const struct gmem_image *image;
	int ret = -ENOTSUP;

	if (gmem_reader_evidence(ctx) != GMEM_EVIDENCE_NONE)
		return 0;
	pthread_mutex_lock(&ctx->learning);
	if (!ctx->guard.blind)
		ret = gmem_reader_image(ctx, &image);
	if (ret == -EPERM || ret == -EACCES || ret == -ENOTSUP || ret == -ENODATA)
		ctx->guard.blind = !ctx->reader_forbidden;
	pthread_mutex_unlock(&ctx->learning);
	return ret;
}

/*
 * The descriptor was noted when the memslot was set; since then it may have become another file's.
 */
static bool has_descriptor(const struct asking *asking)
{
	const struct gmem_touched *touched = asking->touched;
	struct gmem_kernel *kernel = asking->ctx->kernel;
	struct stat st;

	if (touched->fd < 0 || !touched->inode)
		return touched->fd >= 0;
	return !kernel->ops->fstat(kernel, touched->fd, &st) && st.st_ino == touched->inode;
}

static int look_at_all(struct asking *asking)
{
	const struct gmem_touched *touched = asking->touched;
	int ret = open_reader(asking->ctx);

	if (ret)
		return ret;
	if (has_descriptor(asking))
		return look_at_memory(asking);
	return gmem_target_each_bound(asking->ctx, touched->vm_fd, touched->gpa, touched->length,
				      look_at_bound, asking);
}

static bool is_told(struct gmem_ctx *ctx)
{
	bool told;

	pthread_mutex_lock(&ctx->learning);
	told = ctx->guard.told;
	ctx->guard.told = true;
	pthread_mutex_unlock(&ctx->learning);
	return told;
}

static void say_unknown(const struct asking *asking)
{
	const struct gmem_flush_row *row = &asking->unknown;

	if (!is_told(asking->ctx))
		gmem_log(asking->ctx, GMEM_LOG_INFO,
			 "%s goes on: whether %s (%s) would take a page fault on %llu of these "
			 "pages is not known (said once): %s",
			 asking->touched->call, row->path->name, row->path->function,
			 (unsigned long long)row->unknown_pages, row->reason);
}

static void say_unseen(struct gmem_ctx *ctx, const char *call)
{
	char why[GMEM_EXPLANATION_MAX];

	if (is_told(ctx))
		return;
	gmem_explain(ctx, why, sizeof(why));
	gmem_log(ctx, GMEM_LOG_INFO,
		 "%s goes on unguarded: whether the kernel would take a page fault on these pages "
		 "cannot be seen (said once): %.700s",
		 call, why);
}

static int refuse(const struct asking *asking)
{
	const struct gmem_flush_row *row = &asking->row;
	char first[48] = "";

	if (row->has_first_pfn)
		snprintf(first, sizeof(first), ", the first at PFN 0x%llx",
			 (unsigned long long)row->first_pfn);
	return gmem_fail(
		asking->ctx, -GMEM_EWOULDFAULT,
		"%s: not called: %s (%s) would take a page fault on %llu of these pages%s, and the "
		"kernel would oops: %s; %s, or go on anyway with "
		"%s",
		asking->touched->call, row->path->name, row->path->function,
		(unsigned long long)row->faults_pages, first,
		row->reason ? row->reason : "they leave the direct map on the way into the guest",
		row->path == asking->leaves ? "create the memory without the flag no-direct-map"
					    : "restore them to the direct map first",
		gmem_advice(asking->ctx, "allow-faults"));
}

int gmem_flush_guard(struct gmem_ctx *ctx, const struct gmem_touched *touched)
{
	struct asking asking = { .ctx = ctx, .touched = touched };
	struct gmem_explanation before;
	int ret;

	describe(&asking, touched->vm_type, touched->flags, touched->fd >= 0);
	if (!asking.any || (!asking.may_be_gone && gmem_reader_evidence(ctx) == GMEM_EVIDENCE_NONE))
		return 0;
	/* A failure of the look is not a failure of the call. */
	gmem_explanation_keep(ctx, &before);
	ret = look_at_all(&asking);
	refuse_by_flag(&asking, touched->length);
	if (asking.row.path)
		return refuse(&asking);
	if (ret < 0)
		say_unseen(ctx, touched->call);
	else if (asking.unknown.path)
		say_unknown(&asking);
	gmem_explanation_restore(ctx, &before);
	return 0;
}
