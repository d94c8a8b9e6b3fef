/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is this host ready, and if not, which layer is wrong: a tree of checks with stable ids. */
#ifndef GMEM_HOST_H
#define GMEM_HOST_H

#include <gmem/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gmem_check_result {
	GMEM_CHECK_PASS,
	GMEM_CHECK_FAIL,
	GMEM_CHECK_SKIP,	/* its parent did not pass, this hardware does not have it, or
				 * the caller chose another reader, see gmem_reader_open() */
	GMEM_CHECK_CANNOT_TELL, /* not permitted to look, or the kernel does not say */
};

/* "pass", "fail", "skip", "cannot-tell". Since: 0.1 */
GMEM_API const char *gmem_check_result_name(enum gmem_check_result result);

struct gmem_check {
	size_t size;	    /* sizeof(struct gmem_check) */
	const char *id;	    /* stable: "kvm.device", "tdx.module" */
	const char *parent; /* id of the check that this one depends on, or NULL */
	const char *title;  /* what is asked, for people */
	bool needed;	    /* a fail means the host cannot do guest_memfd's main job */
	enum gmem_check_result result;
	const char *detail; /* what was seen, and why the result */
	const char *fix;    /* next step, or NULL */
};

/* What a host may be used for. */
enum gmem_purpose {
	GMEM_FOR_GUEST_MEMFD,
	GMEM_FOR_PRIVATE, /* guest_memfd with private memory, of any VM type */
	GMEM_FOR_TDX,
	GMEM_FOR_SNP,
};

/* "guest-memfd", "private", "tdx", "snp"; NULL for an unknown one. Since: 0.1 */
GMEM_API const char *gmem_purpose_name(enum gmem_purpose purpose);

/* Returns 0 or -EINVAL. Since: 0.1 */
GMEM_API int gmem_purpose_from_name(const char *name, enum gmem_purpose *purpose);

enum gmem_answer_kind {
	GMEM_ANSWER_YES,
	GMEM_ANSWER_NO,
	GMEM_ANSWER_CANNOT_TELL,
};

/* "yes", "no", "cannot-tell". Since: 0.1 */
GMEM_API const char *gmem_answer_name(enum gmem_answer_kind kind);

/* Whether the host is fit for a purpose, and the one cause. Strings are owned by the host. */
struct gmem_purpose_answer {
	size_t size; /* sizeof(struct gmem_purpose_answer) */
	enum gmem_answer_kind kind;
	const char *cause; /* one line; a yes has one, too */
	const char *check; /* id of the check that decided */
	const char *fix;   /* of that check, or NULL */
};

/*
 * Keys for confidential VMs: KeyIDs of TDX, ASIDs of SEV and SEV-ES (which SNP takes too). Each VM
 * holds one. After the end of the VM it still does, as long as a descriptor of its guest_memfd is
 * open. Since: 0.1
 */
struct gmem_keys {
	size_t size;	   /* sizeof(struct gmem_keys) */
	uint64_t capacity; /* for VMs, of the whole host: misc.capacity of the root cgroup */
	uint64_t used;	   /* misc.current of the cgroup that is seen as the root */
	uint64_t limit;	   /* misc.max there: UINT64_MAX where it is "max" */
	bool has_capacity; /* false inside a container, which can see only limit and used */
	bool has_used;	   /* the root cgroup has that file since Linux 6.9 */
	bool has_limit;	   /* only where has_capacity is false */
};

/* The index-th sort, by its name in the misc cgroup: "tdx", "sev", "sev_es"; NULL past the last.
 * Static storage. Since: 0.1
 */
GMEM_API const char *gmem_keys_name(size_t index);

/*
 * Errors: ENODATA (this kernel or CPU has no keys of that name), ENOENT (KVM's module says that it
 * has them, but no file tells how many), those of reading the file. Since: 0.1
 */
GMEM_API int gmem_keys_get(struct gmem_ctx *ctx, const char *name, struct gmem_keys *out);

struct gmem_host;

/*
 * Runs every check. Nothing on the host stays changed: the call creates and closes a VM of each
 * offered type, and makes one page of a memfd and one of memfd_secret for reader.control. Errors:
 * ENOMEM.
 * Since: 0.1
 */
GMEM_API int gmem_host_new(struct gmem_ctx *ctx, struct gmem_host **out);

/* Frees what gmem_host_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_host_free(struct gmem_host *host);

/* The index-th check, parents before children; NULL past the last. Owned by host. Since: 0.1 */
GMEM_API const struct gmem_check *gmem_host_check(const struct gmem_host *host, size_t index);

/*
 * Sums the checks up. In a virtual machine that may not nest, the nesting is the cause of each no.
 * Errors: EINVAL (no such purpose, size), E2BIG (size). Since: 0.1
 */
GMEM_API int gmem_host_answer(const struct gmem_host *host, enum gmem_purpose purpose,
			      struct gmem_purpose_answer *out);

#ifdef __cplusplus
}
#endif
#endif
