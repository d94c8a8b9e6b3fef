/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's direct map, read from its page tables: is a page frame in it, and at which level.
 *
 * The answer is true for the moment of the walk. Tables may change during the walk; what stays
 * inconsistent after a bounded number of retries is GMEM_DIRECT_MAP_UNKNOWN.
 */
#ifndef GMEM_DIRECTMAP_H
#define GMEM_DIRECTMAP_H

#include <gmem/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the direct map has a page frame. Since: 0.1 */
enum gmem_direct_map {
	GMEM_DIRECT_MAP_UNKNOWN,
	GMEM_DIRECT_MAP_MAPPED,
	GMEM_DIRECT_MAP_UNMAPPED,
};

/* "mapped", "unmapped", "unknown". Since: 0.1 */
GMEM_API const char *gmem_direct_map_name(enum gmem_direct_map state);

/*
 * Says who may access a page. That does not depend on whether the direct map has it. The direct map
 * has the private pages of a TD and of an SNP guest, and on arm64 those of a protected VM, and
 * still the host must not touch them. It follows from the type of the VM. Since: 0.1
 */
enum gmem_access_owner {
	GMEM_ACCESS_OWNER_UNKNOWN,
	GMEM_ACCESS_OWNER_HOST,
	GMEM_ACCESS_OWNER_GUEST,
};

/* "unknown", "host" or "guest"; NULL where there is no such owner. Static storage. Since: 0.1 */
GMEM_API const char *gmem_access_owner_name(enum gmem_access_owner owner);

/* Where an answer of enum gmem_direct_map comes from. Since: 0.1 */
enum gmem_evidence {
	GMEM_EVIDENCE_NONE,
	GMEM_EVIDENCE_BPF,	/* page tables, read through BPF */
	GMEM_EVIDENCE_KCORE,	/* page tables, read through /proc/kcore */
	GMEM_EVIDENCE_INFERRED, /* creation flags and kernel version only */
	GMEM_EVIDENCE_SNAPSHOT, /* files of another host: no page tables are there to be read */
	GMEM_EVIDENCE_DUMP,	/* page tables in the dump of a kernel */
};

/* "page-tables/bpf", "page-tables/kcore", "page-tables/dump", "inferred", "snapshot", "none".
 * Since: 0.1 */
GMEM_API const char *gmem_evidence_name(enum gmem_evidence evidence);

/*
 * Level of the page table entry that maps a page, in the kernel's words. How large the mappings of
 * a level are depends on the machine and on its base page: gmem_level_bytes() tells. Since: 0.1
 */
enum gmem_level {
	GMEM_LEVEL_NONE,
	GMEM_LEVEL_PTE, /* a page: 4K; on arm64 also 16K or 64K */
	GMEM_LEVEL_PMD, /* with 4K pages 2M, with 16K 32M, with 64K 512M */
	GMEM_LEVEL_PUD, /* with 4K pages 1G, with 16K 64G, with 64K 4T */
};

/*
 * Number of entries in arrays by level: there is room for future levels, which are 0 until then.
 * Since: 0.1
 */
#define GMEM_LEVEL_ROOM 8

/*
 * Bytes of a mapping of that level on the kernel that ctx talks to. 0 for GMEM_LEVEL_NONE, for a
 * number that is not a level, and for a level on which this kernel maps no memory. Since: 0.1
 */
GMEM_API uint64_t gmem_level_bytes(const struct gmem_ctx *ctx, enum gmem_level level);

/*
 * The same as a word: "4K", "2M", "1G" on x86-64. "-" for GMEM_LEVEL_NONE, NULL where there is no
 * such level. Static storage. Since: 0.1
 */
GMEM_API const char *gmem_level_name(const struct gmem_ctx *ctx, enum gmem_level level);

/*
 * Opens a reader of kernel memory: the one that which names, or for GMEM_EVIDENCE_NONE the first
 * that works (BPF, then /proc/kcore; of a dump, the dump). The calls below open a reader
 * themselves; call this to choose one, before other threads use ctx. If the chosen reader cannot be
 * opened, they do not take another. Errors: EACCES or EPERM (capability, lockdown), ENOTSUP (kernel
 * or build without it), ENODATA (direct map not found); of a dump EIO (it is truncated or damaged),
 * ESTALE (it changed while it was read). Since: 0.1
 */
GMEM_API int gmem_reader_open(struct gmem_ctx *ctx, enum gmem_evidence which);

/*
 * Forbids to read kernel memory, or allows it again. While it is forbidden, calls that would read
 * it fail with ENOTSUP, gmem_reader_open() too. Call this before other threads use ctx. Since: 0.1
 */
GMEM_API void gmem_reader_forbid(struct gmem_ctx *ctx, bool forbid);

/*
 * The open reader; GMEM_EVIDENCE_NONE before one is open and while reading is forbidden;
 * GMEM_EVIDENCE_SNAPSHOT if ctx is on the files of another host. Since: 0.1
 */
GMEM_API enum gmem_evidence gmem_reader_evidence(const struct gmem_ctx *ctx);

/* A run of page frames that the direct map treats alike. Since: 0.1 */
struct gmem_directmap_run {
	size_t size; /* sizeof(struct gmem_directmap_run) */
	uint64_t pfn;
	uint64_t pages;
	enum gmem_direct_map direct_map;
	enum gmem_level level; /* GMEM_LEVEL_NONE if not in the direct map */
	bool writable;	       /* RW at every level */
	bool executable;       /* NX at no level */
	bool global;	       /* a base page's entry without it was once removed and restored */
	const char *reason;    /* why unknown, static storage; NULL otherwise */
};

typedef int (*gmem_directmap_fn)(const struct gmem_directmap_run *run, void *arg);

/*
 * Walks the direct map of [pfn, pfn + pages) and calls fn for each run, in ascending order,
 * without gaps. pages = 0 means to the end of the direct map's region. Memory does not grow
 * with the range. Errors: those of gmem_reader_open(); EINVAL (range beyond the physical
 * address width); ENOMEM; what fn returns. Since: 0.1
 */
GMEM_API int gmem_directmap_walk(struct gmem_ctx *ctx, uint64_t pfn, uint64_t pages,
				 gmem_directmap_fn fn, void *arg);

struct gmem_directmap_summary {
	size_t size;  /* sizeof(struct gmem_directmap_summary) */
	uint64_t ram; /* bytes: System RAM of /proc/iomem and what the low
					  megabyte has mapped besides */
	uint64_t in_direct_map[GMEM_LEVEL_ROOM]; /* bytes of that RAM, by level */
	uint64_t holes;				 /* bytes of that RAM not in the direct map */
	uint64_t unknown;			 /* bytes of that RAM with tables that stayed
						  * inconsistent */
	uint64_t outside[GMEM_LEVEL_ROOM];	 /* bytes in it that are not RAM, by level */
	uint64_t restored;			 /* bytes of base pages that were once removed */
	uint64_t meminfo[GMEM_LEVEL_ROOM];	 /* bytes, DirectMap lines of /proc/meminfo */
	bool has_meminfo;
};

/*
 * Adds up the whole direct map. fn, if not NULL, is called for each run of RAM, in ascending order;
 * the unmapped runs are the holes. All RAM is counted: ram = in_direct_map + holes + unknown, and
 * the runs add up to the same. Errors: as gmem_directmap_walk(); EACCES where /proc/iomem hides its
 * addresses. Since: 0.1
 */
GMEM_API int gmem_directmap_summarize(struct gmem_ctx *ctx, gmem_directmap_fn fn, void *arg,
				      struct gmem_directmap_summary *out);

/*
 * What the kernel counts since it booted (/proc/vmstat): large mappings of the direct map that were
 * split, and splits that were taken back. Index GMEM_LEVEL_PMD counts mappings of that level that
 * became mappings of GMEM_LEVEL_PTE, GMEM_LEVEL_PUD those that became mappings of GMEM_LEVEL_PMD.
 * Kernel source: split_page_count() and collapse_page_count() of arch/x86/mm/pat/set_memory.c.
 * Since: 0.1
 */
struct gmem_directmap_counters {
	size_t size; /* sizeof(struct gmem_directmap_counters) */
	uint64_t splits[GMEM_LEVEL_ROOM];
	uint64_t collapses[GMEM_LEVEL_ROOM];
	bool has_collapses; /* Linux 6.15 */
};

/* Errors: of reading the file; ENODATA (this kernel does not count them). Since: 0.1 */
GMEM_API int gmem_directmap_get_counters(struct gmem_ctx *ctx, struct gmem_directmap_counters *out);

/* Whether a page frame is System RAM in /proc/iomem: 1, 0, or a negative errno. Since: 0.1 */
GMEM_API int gmem_pfn_is_ram(struct gmem_ctx *ctx, uint64_t pfn);

/*
 * Like gmem_pfn_is_ram(), for a run: *pages gets the number of pages from pfn on that have the same
 * answer. Since: 0.1
 */
GMEM_API int gmem_pfn_ram_run(struct gmem_ctx *ctx, uint64_t pfn, uint64_t *pages);

/* NUMA node of a page frame from /proc/zoneinfo, or -ENODATA. Since: 0.1 */
GMEM_API int gmem_pfn_node(struct gmem_ctx *ctx, uint64_t pfn);

/*
 * First page frame past the physical address width: no page frame has this number or a higher one.
 * Since: 0.1
 */
GMEM_API int gmem_pfn_limit(struct gmem_ctx *ctx, uint64_t *pfn);

/*
 * Page frame of an address in the direct map, for example from an oops or a stack dump. The address
 * must be of the running boot: with KASLR the direct map begins elsewhere after each boot. Errors:
 * those of gmem_reader_open(); EINVAL: it is not an address of the direct map. The explanation says
 * what it is instead, and does not show the address. Kernel source: __pa() in
 * arch/x86/include/asm/page.h, Documentation/arch/x86/x86_64/mm.rst. Since: 0.1
 */
GMEM_API int gmem_pfn_of_address(struct gmem_ctx *ctx, uint64_t address, uint64_t *pfn);

/*
 * The reader proves itself on this kernel, now: one page of memfd_secret must be unmapped, one of
 * an ordinary memfd mapped. Returns 1 proven, 0 the reader was wrong, or a negative errno where it
 * cannot be asked (ENOSYS: no memfd_secret; EAGAIN: the tables kept changing; errors of
 * gmem_reader_open()). ctx keeps the result, so asking again costs nothing. Since: 0.1
 */
GMEM_API int gmem_reader_control(struct gmem_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
