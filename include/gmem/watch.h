/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes on a host from one look to the next: guest_memfds that come and go, pages that they get
 * and lose, large mappings of the direct map that are split. Between two looks no reference on a VM
 * is held. A change that is undone before the next look is not seen.
 */
#ifndef GMEM_WATCH_H
#define GMEM_WATCH_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <gmem/owners.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gmem_change_kind {
	GMEM_CHANGE_NEW,      /* a guest_memfd that was not there */
	GMEM_CHANGE_GONE,     /* a guest_memfd that no process holds any more */
	GMEM_CHANGE_POPULATE, /* pages were added: allocated, touched, or converted to private */
	GMEM_CHANGE_PUNCH,    /* pages were removed: punched, as a conversion to shared does it */
	GMEM_CHANGE_SPLIT,    /* mappings of the direct map were split */
	GMEM_CHANGE_COLLAPSE, /* mappings of the direct map were merged again */
};

/* "new", "gone", "populate", "punch", "split", "collapse"; NULL for an unknown one. Since: 0.1 */
GMEM_API const char *gmem_change_kind_name(enum gmem_change_kind kind);

/* One change. Since: 0.1 */
struct gmem_change {
	size_t size; /* sizeof(struct gmem_change) */
	enum gmem_change_kind kind;

	/* Of a guest_memfd; inode is 0 for the direct map. */
	uint64_t device;
	uint64_t inode;
	uint64_t memory_size; /* bytes */
	pid_t pid;	      /* of a process that holds it, or held it */
	const char *command;  /* its name, "" where unknown. Valid until fn returns */
	bool has_resident;
	uint64_t resident; /* bytes in memory: now, or for GONE when it was last seen */
	uint64_t bytes;	   /* bytes that were added or removed; for NEW and GONE the same as
			    * resident */
	uint64_t ranges;   /* ranges of the file that these bytes are in */
	uint64_t offset;   /* of the first of these ranges */

	/* Of the direct map. */
	enum gmem_level level; /* of the mappings that were split, or made */
	uint64_t count;	       /* how many */
};

typedef int (*gmem_change_fn)(const struct gmem_change *change, void *arg);

struct gmem_watch;

struct gmem_watch_options {
	size_t size;	  /* of this struct */
	bool no_mappings; /* as in struct gmem_owners_options */
	bool no_pages;	  /* no kernel memory is read: pages that come and go are not seen */
	unsigned int deadline_ms;   /* of each look, as in struct gmem_owners_options, and */
	const volatile int *cancel; /* likewise, and */
	volatile pid_t *at;	    /* likewise */
};

/* options may be NULL. Errors: ENOMEM, EINVAL, E2BIG. Since: 0.1 */
GMEM_API int gmem_watch_new(struct gmem_ctx *ctx, const struct gmem_watch_options *options,
			    struct gmem_watch **out);

/* Frees what gmem_watch_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_watch_free(struct gmem_watch *watch);

/*
 * Looks at the host and calls fn for each change since the look before: guest_memfds first, in the
 * order of device and inode. The first look only learns what is there. Pages of a guest_memfd are
 * gone through only if the kernel's count of them or the inode's time of change differs from the
 * last look (each fallocate(2) changes that time: kvm_gmem_fallocate()). The watch keeps the
 * resident ranges of each guest_memfd, 16 bytes for each range. If deadline_ms ended the scan
 * (struct gmem_owners_counts), what the scan did not reach is not reported as gone. Errors: those
 * of gmem_owners_new(), ECANCELED among them: the next look then reports what this one did not.
 * ENOMEM and what fn returns: the next look only learns again. Since: 0.1
 */
GMEM_API int gmem_watch_look(struct gmem_watch *watch, gmem_change_fn fn, void *arg);

/* What the last look went through. Since: 0.1 */
struct gmem_watch_counts {
	size_t size;				 /* sizeof(struct gmem_watch_counts) */
	const struct gmem_owners_counts *owners; /* owned by watch, until the next look */
	size_t unknown;	   /* number of guest_memfds of which the pages could not be read, and */
	const char *why;   /* of one of them. Owned by watch, until the next look; NULL for none */
	bool has_counters; /* splits are counted by this kernel */
};

/* Tells what the last look went through. Errors: EINVAL, E2BIG (size). Since: 0.1 */
GMEM_API int gmem_watch_get_counts(const struct gmem_watch *watch, struct gmem_watch_counts *out);

#ifdef __cplusplus
}
#endif
#endif
