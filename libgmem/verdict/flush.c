// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verdict: for each kernel path, would it fault on the pages given to it.
 *
 * A clflush or a read faults where the direct map has no present entry; permissions do not matter
 * to it. A write also needs RW. The kernel cannot handle such a fault: it oopses
 * (kernelmode_fixup_or_oops() in arch/x86/mm/fault.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "kernel/uapi.h"
#include "verdict/facts.h"
#include "verdict/flush.h"

struct row {
	const struct gmem_flush_rule *rule;
	enum gmem_verdict applies; /* SAFE: it does */
	const char *reason;	   /* why not; or why it is not certain that it does */
	uint64_t touched;
	uint64_t faults;
	uint64_t unknown;
	uint64_t first_fault;
	uint64_t first_unknown;
	bool unknown_has_pfn; /* whether that is one: not where the page cache was not read */
	const char *faults_reason;
	const char *unknown_reason;
};

struct gmem_flush {
	struct gmem_ctx *ctx;
	bool is_guest_memory;
	bool leaves; /* the memory leaves the direct map on the way into the guest */
	uint64_t pages, in_direct_map, not_in_direct_map, unknown;
	size_t row_count;
	struct row rows[]; /* as many as there are rules, of which row_count count */
};

static const char reason_no_page[] = "no page was there to judge";
static const char reason_cleared[] = "every page is up to date already";
static const char reason_faults[] = "a page is not in the direct map";
static const char reason_leaves[] =
	"memory with the flag no-direct-map leaves the direct map before this path touches it "
	"(inferred from the flag)";
static const char reason_read_only[] = "a page is read-only in the direct map";
static const char reason_safe[] = "every page is in the direct map";
static const char reason_flags[] = "whether the page is up to date is not known "
				   "(/proc/kpageflags)";
static const char reason_snapshot[] = "a snapshot has no page tables to read";
static const char reason_pfn[] = "the page frame or its state is not known";

int gmem_flush_make(struct gmem_ctx *ctx, const struct gmem_flush_subject *subject,
		    const struct gmem_flush_facts *facts, unsigned int touch,
		    struct gmem_flush **out)
{
	const struct gmem_flush_rule *rule;
	struct gmem_flush *flush;
	size_t rules = 0;

	while (gmem_flush_rule_at(rules))
		rules++;
	flush = calloc(1, sizeof(*flush) + rules * sizeof(flush->rows[0]));
	if (!flush)
		return gmem_no_memory(ctx, "a verdict");
	flush->ctx = ctx;
	flush->is_guest_memory = subject->is_guest_memory;
	flush->leaves =
		subject->has_memory_flags && (subject->memory_flags & GMEM_MEMORY_NO_DIRECT_MAP);
	for (size_t i = 0; (rule = gmem_flush_rule_at(i)); i++) {
		struct row *row = &flush->rows[flush->row_count];

		if (!gmem_flush_is_of(rule, facts) || (touch && !(rule->touches & touch)))
			continue;
		row->rule = rule;
		row->applies = gmem_flush_applies(rule, facts, &row->reason);
		flush->row_count++;
	}
	*out = flush;
	return 0;
}

int gmem_flush_new(struct gmem_ctx *ctx, const struct gmem_flush_subject *subject,
		   struct gmem_flush **out)
{
	struct gmem_flush_subject wanted;
	struct gmem_flush_facts facts;
	int ret;

	gmem_begin(ctx);
	ret = gmem_options_copy(ctx, "gmem_flush_subject", &wanted, sizeof(wanted), subject);
	if (ret)
		return ret;
	if (wanted.vm_type != -1 && !gmem_vm_type_name(wanted.vm_type))
		return gmem_fail(ctx, -EINVAL, "there is no VM type %d", wanted.vm_type);
	gmem_flush_ask_kvm(ctx, &facts);
	facts.vm_type = wanted.vm_type;
	/* The number means something else here, so the VM's type is not known. */
	if (wanted.vm_type >= 0 && facts.doubted_types & 1u << wanted.vm_type)
		facts.vm_type = -1;
	facts.partial_write = gmem_flush_partial_write(ctx);
	gmem_flush_ask_caches(ctx, &facts);
	facts.shared = gmem_flush_is_shared(&wanted);
	return gmem_flush_make(ctx, &wanted, &facts, 0, out);
}

void gmem_flush_free(struct gmem_flush *flush)
{
	free(flush);
}

/* What an access does on pages in that state. */
static enum gmem_verdict access_verdict(enum gmem_access access, const struct gmem_extent *extent)
{
	if (extent->direct_map == GMEM_DIRECT_MAP_UNKNOWN)
		return GMEM_VERDICT_UNKNOWN;
	if (extent->direct_map == GMEM_DIRECT_MAP_UNMAPPED)
		return GMEM_VERDICT_FAULTS;
	if (access == GMEM_ACCESS_WRITE && !extent->writable)
		return GMEM_VERDICT_FAULTS;
	return GMEM_VERDICT_SAFE;
}

static void add_to_row(const struct gmem_flush *flush, struct row *row,
		       const struct gmem_extent *extent)
{
	enum gmem_verdict verdict = access_verdict(row->rule->path.access, extent);
	const char *reason = extent->reason				      ? extent->reason
			     : verdict != GMEM_VERDICT_FAULTS		      ? reason_pfn
			     : extent->direct_map == GMEM_DIRECT_MAP_UNMAPPED ? reason_faults
									      : reason_read_only;

	/* Mapped as it is now, but kvm_gmem_get_pfn() takes it out on the way to this path. */
	if (flush->leaves && row->rule->after_removal &&
	    extent->direct_map == GMEM_DIRECT_MAP_MAPPED) {
		verdict = GMEM_VERDICT_FAULTS;
		reason = reason_leaves;
	}
	if (row->rule->pages == GMEM_FLUSH_NOT_UPTODATE) {
		if (extent->has_page_flags && (extent->page_flags & GMEM_KPF_UPTODATE))
			return;
		/* Bare page frames are judged like new pages of guest memory. */
		if (!extent->has_page_flags && flush->is_guest_memory &&
		    verdict == GMEM_VERDICT_FAULTS) {
			verdict = GMEM_VERDICT_UNKNOWN;
			reason = reason_flags;
		}
	}
	row->touched += extent->pages;
	if (verdict == GMEM_VERDICT_FAULTS) {
		if (!row->faults) {
			row->first_fault = extent->pfn;
			row->faults_reason = reason;
		}
		row->faults += extent->pages;
	} else if (verdict == GMEM_VERDICT_UNKNOWN) {
		if (!row->unknown) {
			row->first_unknown = extent->pfn;
			row->unknown_has_pfn = extent->has_pfn;
			row->unknown_reason = reason;
		}
		row->unknown += extent->pages;
	}
}

void gmem_flush_take(struct gmem_flush *flush, const struct gmem_extent *extent)
{
	flush->pages += extent->pages;
	*(extent->direct_map == GMEM_DIRECT_MAP_MAPPED	   ? &flush->in_direct_map
	  : extent->direct_map == GMEM_DIRECT_MAP_UNMAPPED ? &flush->not_in_direct_map
							   : &flush->unknown) += extent->pages;
	for (size_t i = 0; i < flush->row_count; i++)
		if (flush->rows[i].applies == GMEM_VERDICT_SAFE)
			add_to_row(flush, &flush->rows[i], extent);
}

int gmem_flush_add(struct gmem_flush *flush, const struct gmem_extent *given)
{
	struct gmem_extent extent;
	int ret;

	gmem_begin(flush->ctx);
	ret = gmem_options_copy(flush->ctx, "gmem_extent", &extent, sizeof(extent), given);
	if (!ret)
		gmem_flush_take(flush, &extent);
	return ret;
}

static int add_run(const struct gmem_directmap_run *run, void *arg)
{
	struct gmem_extent extent = {
		.pfn = run->pfn,
		.pages = run->pages,
		.direct_map = run->direct_map,
		.level = run->level,
		.writable = run->writable,
		.reason = run->reason,
		.has_pfn = true,
	};

	gmem_flush_take(arg, &extent);
	return 0;
}

/* A snapshot has rows, and what they say of its kernel, but no direct map. */
int gmem_flush_add_pfns(struct gmem_flush *flush, uint64_t pfn, uint64_t pages)
{
	const struct gmem_extent unseen = {
		.pfn = pfn,
		.pages = pages,
		.has_pfn = true,
		.direct_map = GMEM_DIRECT_MAP_UNKNOWN,
		.reason = reason_snapshot,
	};
	int ret;

	gmem_begin(flush->ctx);
	if (!pages)
		return gmem_fail(flush->ctx, -EINVAL, "a range of no page frames cannot be judged");
	ret = gmem_directmap_walk(flush->ctx, pfn, pages, add_run, flush);
	if (ret != -GMEM_ENOTRECORDED)
		return ret;
	gmem_flush_take(flush, &unseen);
	return 0;
}

int gmem_flush_row_at(const struct gmem_flush *flush, size_t index, struct gmem_flush_row *out)
{
	struct gmem_flush_row found;
	const struct row *row;

	gmem_begin(flush->ctx);
	if (index >= flush->row_count)
		return -ENOENT;
	row = &flush->rows[index];
	found = (struct gmem_flush_row){
		.path = &row->rule->path,
		.faults_pages = row->faults,
		.unknown_pages = row->unknown,
		.first_pfn = row->faults ? row->first_fault : row->first_unknown,
		.has_first_pfn = row->faults || (row->unknown && row->unknown_has_pfn),
	};
	if (row->applies != GMEM_VERDICT_SAFE) {
		found.verdict = row->applies;
		found.reason = row->reason;
	} else if (row->faults && row->reason) {
		found.verdict = GMEM_VERDICT_UNKNOWN;
		found.reason = row->reason;
		found.unknown_pages += row->faults;
		found.faults_pages = 0;
	} else if (row->faults) {
		found.verdict = GMEM_VERDICT_FAULTS;
		found.reason = row->faults_reason;
	} else if (row->unknown) {
		found.verdict = GMEM_VERDICT_UNKNOWN;
		found.reason = row->unknown_reason;
	} else if (!row->touched) {
		found.verdict = GMEM_VERDICT_NOT_APPLICABLE;
		found.reason = flush->pages ? reason_cleared : reason_no_page;
	} else {
		found.verdict = GMEM_VERDICT_SAFE;
		found.reason = reason_safe;
	}
	return GMEM_FILL_OUT(flush->ctx, gmem_flush_row, has_first_pfn, out, &found);
}

enum gmem_verdict gmem_flush_verdict_now(const struct gmem_flush *flush)
{
	if (flush->not_in_direct_map)
		return GMEM_VERDICT_FAULTS;
	if (flush->unknown)
		return GMEM_VERDICT_UNKNOWN;
	return flush->pages ? GMEM_VERDICT_SAFE : GMEM_VERDICT_NOT_APPLICABLE;
}

enum gmem_verdict gmem_flush_verdict_on_map(const struct gmem_flush *flush)
{
	enum gmem_verdict worst = GMEM_VERDICT_NOT_APPLICABLE;
	struct gmem_flush_row row = { .size = sizeof(row) };

	if (!flush->is_guest_memory)
		return worst;
	for (size_t i = 0; !gmem_flush_row_at(flush, i, &row); i++) {
		if (!(flush->rows[i].rule->touches & GMEM_TOUCH_MAP) ||
		    row.verdict == GMEM_VERDICT_NOT_APPLICABLE)
			continue;
		if (row.verdict == GMEM_VERDICT_FAULTS)
			return row.verdict;
		if (row.verdict == GMEM_VERDICT_UNKNOWN || worst == GMEM_VERDICT_NOT_APPLICABLE)
			worst = row.verdict;
	}
	return worst;
}

void gmem_flush_counts(const struct gmem_flush *flush, uint64_t *pages, uint64_t *in_direct_map,
		       uint64_t *not_in_direct_map, uint64_t *unknown)
{
	if (pages)
		*pages = flush->pages;
	if (in_direct_map)
		*in_direct_map = flush->in_direct_map;
	if (not_in_direct_map)
		*not_in_direct_map = flush->not_in_direct_map;
	if (unknown)
		*unknown = flush->unknown;
}
