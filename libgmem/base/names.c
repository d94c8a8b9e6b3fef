// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words for every enum of the public API: written once, here. */
#include <errno.h>
#include <string.h>
#include <gmem/gmem.h>

#include "base/context.h"

#define NAME_OF(table, index) \
	((size_t)(index) < sizeof(table) / sizeof((table)[0]) ? (table)[index] : NULL)

static const char *const vm_types[GMEM_VM_TYPES] = {
	[GMEM_VM_DEFAULT] = "default",
	[GMEM_VM_SW_PROTECTED] = "sw-protected",
	[GMEM_VM_SEV] = "sev",
	[GMEM_VM_SEV_ES] = "sev-es",
	[GMEM_VM_SNP] = "snp",
	[GMEM_VM_TDX] = "tdx",
	[GMEM_VM_ARM_PROTECTED] = "protected",
};

static const char *const memory_flags[] = { "mmap", "init-shared", "no-direct-map" };
static const char *const direct_maps[] = {
	[GMEM_DIRECT_MAP_UNKNOWN] = "unknown",
	[GMEM_DIRECT_MAP_MAPPED] = "mapped",
	[GMEM_DIRECT_MAP_UNMAPPED] = "unmapped",
};
static const char *const evidences[] = {
	[GMEM_EVIDENCE_NONE] = "none",
	[GMEM_EVIDENCE_BPF] = "page-tables/bpf",
	[GMEM_EVIDENCE_KCORE] = "page-tables/kcore",
	[GMEM_EVIDENCE_INFERRED] = "inferred",
	[GMEM_EVIDENCE_SNAPSHOT] = "snapshot",
	[GMEM_EVIDENCE_DUMP] = "page-tables/dump",
};
/*
 * Indexed by the power of 2: base pages of 4K, 16K and 64K, and the sizes that their page tables
 * map.
 */
static const char *const sizes[] = {
	[12] = "4K",   [14] = "16K", [16] = "64K", [21] = "2M", [25] = "32M",
	[29] = "512M", [30] = "1G",  [36] = "64G", [42] = "4T",
};
static const char *const accesses[] = {
	[GMEM_ACCESS_CLFLUSH] = "clflush",
	[GMEM_ACCESS_READ] = "read",
	[GMEM_ACCESS_WRITE] = "write",
	[GMEM_ACCESS_CACHE] = "cache",
};
static const char *const verdicts[] = {
	[GMEM_VERDICT_SAFE] = "safe",
	[GMEM_VERDICT_FAULTS] = "faults",
	[GMEM_VERDICT_NOT_APPLICABLE] = "not-applicable",
	[GMEM_VERDICT_UNKNOWN] = "unknown",
};
static const char *const check_results[] = {
	[GMEM_CHECK_PASS] = "pass",
	[GMEM_CHECK_FAIL] = "fail",
	[GMEM_CHECK_SKIP] = "skip",
	[GMEM_CHECK_CANNOT_TELL] = "cannot-tell",
};
static const char *const purposes[] = {
	[GMEM_FOR_GUEST_MEMFD] = "guest-memfd",
	[GMEM_FOR_PRIVATE] = "private",
	[GMEM_FOR_TDX] = "tdx",
	[GMEM_FOR_SNP] = "snp",
};
static const char *const answers[] = {
	[GMEM_ANSWER_YES] = "yes",
	[GMEM_ANSWER_NO] = "no",
	[GMEM_ANSWER_CANNOT_TELL] = "cannot-tell",
};
static const char *const populate_methods[] = {
	[GMEM_POPULATE_BEST] = "best",
	[GMEM_POPULATE_ALLOCATE] = "allocate",
	[GMEM_POPULATE_HOST] = "host",
	[GMEM_POPULATE_PRE_FAULT] = "pre-fault",
};

static const char *const change_kinds[] = {
	[GMEM_CHANGE_NEW] = "new",	     [GMEM_CHANGE_GONE] = "gone",
	[GMEM_CHANGE_POPULATE] = "populate", [GMEM_CHANGE_PUNCH] = "punch",
	[GMEM_CHANGE_SPLIT] = "split",	     [GMEM_CHANGE_COLLAPSE] = "collapse",
};

/* fs/proc/page.c, include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h */
static const char *const page_flags[] = {
	[0] = "locked",		[1] = "error",	    [2] = "referenced",	  [3] = "uptodate",
	[4] = "dirty",		[5] = "lru",	    [6] = "active",	  [7] = "slab",
	[8] = "writeback",	[9] = "reclaim",    [10] = "buddy",	  [11] = "mmap",
	[12] = "anon",		[13] = "swapcache", [14] = "swapbacked",  [15] = "compound-head",
	[16] = "compound-tail", [17] = "huge",	    [18] = "unevictable", [19] = "hwpoison",
	[20] = "nopage",	[21] = "ksm",	    [22] = "thp",	  [23] = "offline",
	[24] = "zero-page",	[25] = "idle",	    [26] = "pgtable",	  [32] = "reserved",
	[33] = "mlocked",	[34] = "owner-2",   [35] = "private",	  [36] = "private-2",
	[37] = "owner-private", [38] = "arch",	    [40] = "soft-dirty",  [41] = "arch-2",
	[42] = "arch-3",
};

static int index_of(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (table[i] && name && !strcmp(table[i], name))
			return (int)i;
	return -EINVAL;
}

const char *gmem_vm_type_name(enum gmem_vm_type type)
{
	return NAME_OF(vm_types, type);
}

int gmem_vm_type_at(size_t index)
{
	for (int type = 0; type < GMEM_VM_TYPES; type++)
		if (vm_types[type] && !index--)
			return type;
	return -ENOENT;
}

int gmem_vm_type_from_name(const char *name, enum gmem_vm_type *type)
{
	int i = index_of(vm_types, GMEM_VM_TYPES, name);

	if (i < 0)
		return i;
	*type = (enum gmem_vm_type)i;
	return 0;
}

const char *gmem_memory_flag_name(unsigned int bit)
{
	return NAME_OF(memory_flags, bit);
}

int gmem_memory_flag_from_name(const char *name, uint64_t *flag)
{
	int i = index_of(memory_flags, sizeof(memory_flags) / sizeof(memory_flags[0]), name);

	if (i < 0)
		return i;
	*flag = 1ull << i;
	return 0;
}

const char *gmem_direct_map_name(enum gmem_direct_map state)
{
	return NAME_OF(direct_maps, state);
}

const char *gmem_access_owner_name(enum gmem_access_owner owner)
{
	static const char *const owners[] = {
		[GMEM_ACCESS_OWNER_UNKNOWN] = "unknown",
		[GMEM_ACCESS_OWNER_HOST] = "host",
		[GMEM_ACCESS_OWNER_GUEST] = "guest",
	};

	return NAME_OF(owners, owner);
}

const char *gmem_evidence_name(enum gmem_evidence evidence)
{
	return NAME_OF(evidences, evidence);
}

/* Bytes as a power of 2, or 0. */
static unsigned int level_shift(const struct gmem_ctx *ctx, enum gmem_level level)
{
	if (level <= GMEM_LEVEL_NONE || level >= GMEM_LEVELS)
		return 0;
	return ctx->page_shift + ((unsigned int)level - GMEM_LEVEL_PTE) * (ctx->page_shift - 3);
}

uint64_t gmem_page_size(const struct gmem_ctx *ctx)
{
	return 1ull << ctx->page_shift;
}

bool gmem_page_size_known(const struct gmem_ctx *ctx)
{
	return !ctx->page_unknown;
}

uint64_t gmem_level_bytes(const struct gmem_ctx *ctx, enum gmem_level level)
{
	unsigned int shift = level_shift(ctx, level);

	return shift ? 1ull << shift : 0;
}

const char *gmem_level_name(const struct gmem_ctx *ctx, enum gmem_level level)
{
	return level == GMEM_LEVEL_NONE ? "-" : NAME_OF(sizes, level_shift(ctx, level));
}

const char *gmem_change_kind_name(enum gmem_change_kind kind)
{
	return NAME_OF(change_kinds, kind);
}

const char *gmem_access_name(enum gmem_access access)
{
	return NAME_OF(accesses, access);
}

const char *gmem_verdict_name(enum gmem_verdict verdict)
{
	return NAME_OF(verdicts, verdict);
}

const char *gmem_check_result_name(enum gmem_check_result result)
{
	return NAME_OF(check_results, result);
}

const char *gmem_populate_method_name(enum gmem_populate_method method)
{
	return NAME_OF(populate_methods, method);
}

const char *gmem_page_flag_name(unsigned int bit)
{
	return NAME_OF(page_flags, bit);
}

const char *gmem_version(void)
{
	return GMEM_VERSION;
}

const char *gmem_purpose_name(enum gmem_purpose purpose)
{
	return NAME_OF(purposes, purpose);
}

int gmem_purpose_from_name(const char *name, enum gmem_purpose *purpose)
{
	int i = index_of(purposes, sizeof(purposes) / sizeof(purposes[0]), name);

	if (i < 0)
		return i;
	*purpose = (enum gmem_purpose)i;
	return 0;
}

const char *gmem_answer_name(enum gmem_answer_kind kind)
{
	return NAME_OF(answers, kind);
}
