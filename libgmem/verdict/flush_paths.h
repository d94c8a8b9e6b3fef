/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel paths that touch guest memory through the direct map, and when each applies. */
#ifndef GMEM_VERDICT_FLUSH_PATHS_H
#define GMEM_VERDICT_FLUSH_PATHS_H

#include "base/context.h"
#include "base/guard.h"

/* What decides whether a path can reach given pages. */
struct gmem_flush_facts {
	int vm_type;  /* enum gmem_vm_type, or -1 */
	int vm_types; /* what is believed of KVM_CAP_VM_TYPES, or -1: KVM cannot be asked */
	unsigned int doubted_types; /* its numbers that are not believed, see procfs/vm_types.h, */
	unsigned int behind_types;  /* the types that may stand behind these, */
	const char *doubt;	    /* and why, or NULL */
	int guest_memfd;	    /* KVM_CAP_GUEST_MEMFD, likewise */
	int partial_write;	    /* the CPU has the bug tdx_pw_mce: 1, 0, or -1 not known */
	bool shared; /* the memory may be touched by userspace, or that is not known */
	bool arm64;  /* the kernel is one of arm64, else of x86-64 */
	/* Of an arm64 CPU, 1, 0, or -1 not known: */
	int fwb; /* FEAT_S2FWB: what a guest writes is seen through the linear map as it is */
	int dic; /* CTR_EL0.DIC: instructions are fetched without invalidation */
};

enum gmem_flush_machine {
	GMEM_FLUSH_ANY_MACHINE,
	GMEM_FLUSH_X86,
	GMEM_FLUSH_ARM64,
};

enum gmem_flush_pages {
	GMEM_FLUSH_ALL_PAGES,
	GMEM_FLUSH_NOT_UPTODATE, /* only pages that were not cleared or filled yet */
};

/*
 * How a path shows in the trace of an oops. Names stand with blanks between; a compiler may inline
 * a static function, so those around it are there, too.
 */
struct gmem_flush_trace {
	const char *at; /* any of these takes the fault */
	const char *in; /* and any of these is further out; NULL: no other is needed */
};

/* What is cleared and copied through: clear_highpage(), copy_to_user_page(), by CPU and version. */
#define GMEM_TRACE_CLEAR                                                                      \
	"clear_page clear_page_erms clear_page_rep clear_page_orig __clear_pages_unrolled "   \
	"clear_pages clear_highpage clear_highpage_kasan_tagged memset memset_orig __memset " \
	"memset_generic " /* arm64 */                                                         \
	"memset_erms clear_huge_page folio_zero_user "
#define GMEM_TRACE_COPY                                                                         \
	"memcpy memcpy_orig __memcpy memcpy_erms copy_page copy_page_regs __memcpy_flushcache " \
	"memcpy_generic " /* arm64 */
#define GMEM_TRACE_CLFLUSH "clflush_cache_range clflush_cache_range_opt "
#define GMEM_TRACE_DCACHE                                                        \
	"dcache_clean_inval_poc caches_clean_inval_pou clean_dcache_guest_page " \
	"__clean_dcache_guest_page "
#define GMEM_TRACE_ICACHE                                                       \
	"icache_inval_pou caches_clean_inval_pou invalidate_icache_guest_page " \
	"__invalidate_icache_guest_page "

struct gmem_flush_rule {
	struct gmem_flush_path path;
	struct gmem_flush_trace trace;
	enum gmem_flush_machine machine;
	unsigned int vm_types; /* bits: VM types for which KVM has the path */
	unsigned int touches;  /* of enum gmem_touch: calls of libgmem that run through it */
	enum gmem_flush_pages pages;
	bool any_memory;     /* it touches other memory, too: a trace does not tell which it was */
	bool after_removal;  /* memory without direct map has left it by then */
	bool needs_shared;   /* only memory that userspace may touch */
	bool needs_pw_mce;   /* only CPUs with the bug tdx_pw_mce */
	bool skipped_by_fwb; /* not on CPUs with FEAT_S2FWB */
	bool skipped_by_dic; /* not on CPUs with CTR_EL0.DIC */
};

/* Whether kernels of the facts' machine have the path. */
bool gmem_flush_is_of(const struct gmem_flush_rule *rule, const struct gmem_flush_facts *facts);

/* The index-th rule, in the order of first touch; NULL past the last. */
const struct gmem_flush_rule *gmem_flush_rule_at(size_t index);

/*
 * Whether the path can be reached: SAFE stands for yes. *reason is static and says why not; with
 * SAFE it says why that is not certain, or is NULL: then pages that are in the direct map are safe,
 * and others unknown.
 */
enum gmem_verdict gmem_flush_applies(const struct gmem_flush_rule *rule,
				     const struct gmem_flush_facts *facts, const char **reason);

#endif
