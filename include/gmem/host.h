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
	GMEM_CHECK_SKIP,	/* its parent did not pass, this hardware never has it, or the
				 * caller chose another reader, see gmem_reader_open() */
	GMEM_CHECK_CANNOT_TELL, /* not permitted to look, or the kernel does not say */
};

/* "pass", "fail", "skip", "cannot-tell". Since: 0.1 */
GMEM_API const char *gmem_check_result_name(enum gmem_check_result result);

struct gmem_check {
	const char *id;	    /* stable: "kvm.device", "tdx.module" */
	const char *parent; /* id of the check this one hangs on, or NULL */
	const char *title;  /* what is asked, for people */
	bool needed;	    /* a fail means the host cannot do guest_memfd's main job */
	enum gmem_check_result result;
	const char *detail; /* what was seen, and why the result */
	const char *fix;    /* next step, or NULL */
};

/*
 * Keys for confidential VMs: KeyIDs of TDX, ASIDs of SEV and SEV-ES (which SNP takes too). Each VM
 * holds one, also after its end while a guest_memfd descriptor of it is open. Since: 0.1
 */
struct gmem_keys {
	uint64_t capacity; /* for VMs, of the whole host: misc.capacity of the root cgroup */
	uint64_t used;	   /* misc.current there */
	bool has_used;	   /* the root cgroup has that file since Linux 6.9 */
};

/* The index-th sort, by its name in the misc cgroup: "tdx", "sev", "sev_es"; NULL past the last.
 * Static storage. Since: 0.1
 */
GMEM_API const char *gmem_keys_name(size_t index);

/* Errors: ENODATA (this kernel or CPU has none of that name), of reading the file. Since: 0.1 */
GMEM_API int gmem_keys_get(struct gmem_ctx *ctx, const char *name, struct gmem_keys *out);

struct gmem_host;

/*
 * Runs every check. Nothing is changed on the host; a VM of each offered type is created and
 * closed, and one memfd and one memfd_secret page are made for reader.control. Errors: ENOMEM.
 * Since: 0.1
 */
GMEM_API int gmem_host_new(struct gmem_ctx *ctx, struct gmem_host **out);

/* Frees what gmem_host_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_host_free(struct gmem_host *host);

/* The index-th check, parents before children; NULL past the last. Owned by host. Since: 0.1 */
GMEM_API const struct gmem_check *gmem_host_check(const struct gmem_host *host, size_t index);

#ifdef __cplusplus
}
#endif
#endif
