/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel paths that touch guest memory through the direct map, and when each applies. */
#ifndef GMEM_VERDICT_FLUSH_PATHS_H
#define GMEM_VERDICT_FLUSH_PATHS_H

#include "base/context.h"
#include "base/guard.h"

/* What decides whether a path can reach given pages. */
struct gmem_flush_facts {
	int vm_type;	   /* enum gmem_vm_type, or -1 */
	int vm_types;	   /* KVM_CAP_VM_TYPES, or -1 where KVM cannot be asked */
	int guest_memfd;   /* KVM_CAP_GUEST_MEMFD, likewise */
	int partial_write; /* the CPU has the bug tdx_pw_mce: 1, 0, or -1 not known */
	bool shared;	   /* the memory may be touched by userspace, or that is not known */
};

enum gmem_flush_pages {
	GMEM_FLUSH_ALL_PAGES,
	GMEM_FLUSH_NOT_UPTODATE, /* only pages that were not cleared or filled yet */
};

struct gmem_flush_rule {
	struct gmem_flush_path path;
	unsigned int vm_types; /* bits: VM types whose KVM has the path */
	unsigned int touches;  /* of enum gmem_touch: calls of libgmem that run through it */
	enum gmem_flush_pages pages;
	bool after_removal; /* memory without direct map has left it by then */
	bool needs_shared;  /* only memory that userspace may touch */
	bool needs_pw_mce;  /* only CPUs with the bug tdx_pw_mce */
};

/* The index-th rule, in the order of first touch; NULL past the last. */
const struct gmem_flush_rule *gmem_flush_rule_at(size_t index);

/* Whether the path can be reached: SAFE stands for yes. *reason is static and says why not. */
enum gmem_verdict gmem_flush_applies(const struct gmem_flush_rule *rule,
				     const struct gmem_flush_facts *facts, const char **reason);

#endif
