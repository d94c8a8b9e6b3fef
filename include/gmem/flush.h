/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Will the flush fault? The kernel paths that touch guest memory through the direct map, and
 * what each would do with given page frames.
 */
#ifndef GMEM_FLUSH_H
#define GMEM_FLUSH_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <gmem/extents.h>
#include <gmem/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gmem_access {
	GMEM_ACCESS_CLFLUSH, /* faults where the page is not present */
	GMEM_ACCESS_READ,    /* likewise */
	GMEM_ACCESS_WRITE,   /* faults where it is not present, or read-only */
	GMEM_ACCESS_CACHE,   /* arm64: a cache maintenance instruction; faults like a read */
};

/* "clflush", "read", "write", "cache". Since: 0.1 */
GMEM_API const char *gmem_access_name(enum gmem_access access);

enum gmem_verdict {
	GMEM_VERDICT_SAFE,
	GMEM_VERDICT_FAULTS,
	GMEM_VERDICT_NOT_APPLICABLE,
	GMEM_VERDICT_UNKNOWN,
};

/* "safe", "faults", "not-applicable", "unknown". Since: 0.1 */
GMEM_API const char *gmem_verdict_name(enum gmem_verdict verdict);

/* A kernel path. All strings have static storage. Since: 0.1 */
struct gmem_flush_path {
	size_t size;	       /* sizeof(struct gmem_flush_path) */
	const char *name;      /* "tdx-page-add" */
	const char *function;  /* kernel functions, outer first: "tdh_mem_page_add > …" */
	const char *trigger;   /* what makes it run, from userspace */
	const char *condition; /* which kernels and VMs have it */
	const char *source;    /* where in the kernel, and the version it was read in */
	enum gmem_access access;
};

/* The index-th path, in the order of first touch, or NULL past the last. Since: 0.1 */
GMEM_API const struct gmem_flush_path *gmem_flush_path_at(size_t index);

/* What the pages belong to; it decides which paths can reach them. Since: 0.1 */
struct gmem_flush_subject {
	size_t size;	       /* sizeof(struct gmem_flush_subject) */
	int vm_type;	       /* enum gmem_vm_type, or -1: not known, or of no VM */
	uint64_t memory_flags; /* creation flags of the guest_memfd */
	bool has_memory_flags;
	bool is_guest_memory; /* false: bare page frames */
};

struct gmem_flush;

/*
 * Makes an empty verdict for that subject: add pages to it, then ask it. Asks the kernel for its VM
 * types, version and CPU bugs; on arm64 it also creates and closes a VM, to ask for a capability.
 * Errors: ENOMEM; if /dev/kvm cannot be asked, rows are unknown, and it is not an error.
 * Since: 0.1
 */
GMEM_API int gmem_flush_new(struct gmem_ctx *ctx, const struct gmem_flush_subject *subject,
			    struct gmem_flush **out);

/* Frees what gmem_flush_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_flush_free(struct gmem_flush *flush);

/*
 * Rows about memory with GMEM_MEMORY_NO_DIRECT_MAP say what happens on the way into the guest.
 * Pages that are still in the direct map leave it before the TDX and SNP paths touch them. So these
 * rows say faults, with that reason. gmem_flush_verdict_now() is about the pages as they are.
 *
 * Adds pages: direct_map, level, writable and (where has_page_flags) page_flags of extent count.
 * Errors: EINVAL, E2BIG (size of extent). Since: 0.1
 */
GMEM_API int gmem_flush_add(struct gmem_flush *flush, const struct gmem_extent *extent);

/* Adds [pfn, pfn + pages) as the direct map has them. Errors: as gmem_directmap_walk(). */
GMEM_API int gmem_flush_add_pfns(struct gmem_flush *flush, uint64_t pfn, uint64_t pages);

/* The verdict of one path on the pages added. Since: 0.1 */
struct gmem_flush_row {
	size_t size; /* sizeof(struct gmem_flush_row) */
	const struct gmem_flush_path *path;
	enum gmem_verdict verdict;
	uint64_t faults_pages;	/* pages on which it would fault */
	uint64_t unknown_pages; /* pages for which this is unknown */
	uint64_t first_pfn;	/* the first page that decided the verdict, if has_first_pfn */
	const char *reason;	/* why, one line; static, or owned by flush */
	bool has_first_pfn;	/* the verdict is faults or unknown, and the page frame is known */
};

/* The index-th row; 0, or -ENOENT past the last. Since: 0.1 */
GMEM_API int gmem_flush_row_at(const struct gmem_flush *flush, size_t index,
			       struct gmem_flush_row *out);

/*
 * Whether clflush_cache_range() on the direct-map address of these pages would fault now. It does
 * not matter whether a path of this kernel reaches them; the rows tell that.
 * GMEM_VERDICT_NOT_APPLICABLE if no page was added. Since: 0.1
 */
GMEM_API enum gmem_verdict gmem_flush_verdict_now(const struct gmem_flush *flush);

/*
 * What bringing these pages into the guest would do on this kernel: the worst verdict of the rows
 * that apply and are on the way into the guest, with the creation flags of the memory. A pre-flight
 * asks for this. GMEM_VERDICT_NOT_APPLICABLE if no such row applies, if no page was added, and for
 * bare page frames, which do not go into a guest. The exit status of gmemctl check is the worse of
 * this and gmem_flush_verdict_now(). Since: 0.1
 */
GMEM_API enum gmem_verdict gmem_flush_verdict_on_map(const struct gmem_flush *flush);

/*
 * Whether the creation flags alone tell that memory would fault on its way into a guest of that
 * type. It is true with GMEM_MEMORY_NO_DIRECT_MAP for TDX and SNP guests: the memory leaves the
 * direct map before the launch touches it there. Since: 0.1
 */
GMEM_API bool gmem_flush_known_by_flags(enum gmem_vm_type vm_type, uint64_t memory_flags);

/* What is going to be brought into a guest. Since: 0.1 */
struct gmem_preflight_options {
	size_t size;			  /* sizeof(struct gmem_preflight_options) */
	int vm_type;			  /* enum gmem_vm_type, or -1: not known */
	const struct gmem_memory *memory; /* of this process */
	uint64_t offset;		  /* bytes into memory */
	uint64_t length;		  /* bytes; 0 means to the end */
	gmem_extent_fn fn;		  /* gets each extent that was looked at; or NULL */
	void *arg;
};

/* The result of a pre-flight. Since: 0.1 */
struct gmem_preflight {
	size_t size;			    /* sizeof(struct gmem_preflight) */
	enum gmem_verdict verdict_on_map;   /* as gmem_flush_verdict_on_map() */
	const struct gmem_flush_path *path; /* the path that would fault first; or NULL */
	uint64_t faults_pages;		    /* pages on which that path would fault */
	uint64_t first_pfn;		    /* the first of them, if has_first_pfn */
	bool has_first_pfn;
	bool leaves;   /* they leave the direct map on the way into the guest */
	bool inferred; /* inferred from the flag: there is no reader, and no page was looked at */
};

/*
 * Asks before memory is brought into a guest whether a kernel path would fault on the pages that it
 * has now. The calls that map pages ask this themselves, see GMEM_EWOULDFAULT; call this to know it
 * earlier, or in more detail. *flush, if not NULL, gets the verdict with all its rows, which the
 * caller frees. After a failure it is the verdict on the pages that were seen until then; it is
 * NULL if no page was looked at. Errors: those of gmem_reader_open(), unless
 * gmem_flush_known_by_flags() gives the answer; of gmem_target_open() and gmem_target_extents();
 * what fn returns; EINVAL (offset or length is not page aligned, no memory), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_flush_preflight(struct gmem_ctx *ctx,
				  const struct gmem_preflight_options *options,
				  struct gmem_preflight *out, struct gmem_flush **flush);

/*
 * Pages added: all, those in the direct map, those not in it, and those of which it is unknown.
 * NULL pointers are skipped. Since: 0.1
 */
GMEM_API void gmem_flush_counts(const struct gmem_flush *flush, uint64_t *pages,
				uint64_t *in_direct_map, uint64_t *not_in_direct_map,
				uint64_t *unknown);

#ifdef __cplusplus
}
#endif
#endif
