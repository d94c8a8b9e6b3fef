/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which page frames hold a guest_memfd: read from the page cache of its inode, so private memory
 * is seen too, in any process, without mapping or touching a page.
 */
#ifndef GMEM_EXTENTS_H
#define GMEM_EXTENTS_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A guest_memfd of any process on this host, opened without a reference on its VM: an O_PATH
 * descriptor of /proc/PID/fd/FD. The target keeps the inode and its pages alive: free it soon.
 */
struct gmem_target;

/*
 * Opens fd of process pid (0: this process). Errors: ESRCH (no such process), EBADF (no such fd),
 * EMEDIUMTYPE (it is not a guest_memfd), EACCES (no permission to look at it). Since: 0.1
 */
GMEM_API int gmem_target_open(struct gmem_ctx *ctx, pid_t pid, int fd, struct gmem_target **out);

/* Closes the descriptor, so that the inode is no longer kept. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_target_free(struct gmem_target *target);

/* Gets the number of a descriptor. Since: 0.1 */
typedef int (*gmem_target_fd_fn)(int fd, void *arg);

/*
 * Calls fn for the descriptors of pid that are guest_memfds, each inode once, by ascending fd.
 * Returns 0, or what fn returned. Errors: as gmem_target_open(), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_target_list(struct gmem_ctx *ctx, pid_t pid, gmem_target_fd_fn fn, void *arg);

/* A guest_memfd that a process has mapped and has no descriptor of. Since: 0.1 */
struct gmem_mapped {
	size_t size;	 /* sizeof(struct gmem_mapped) */
	uint64_t device; /* st_dev, and */
	uint64_t inode;	 /* st_ino: which one it is */
	uint64_t start;	 /* of the first mapping, and */
	uint64_t end;	 /* the address behind it */
	uint64_t mapped; /* bytes of address space that all its mappings take */
};

typedef int (*gmem_target_mapped_fn)(const struct gmem_mapped *mapped, void *arg);

/*
 * Calls fn for the guest_memfds that pid (0: this process) has mapped and holds no descriptor of,
 * each once, by ascending address: read from /proc/PID/maps, which takes the process's mmap_lock
 * for reading. Returns 0, or what fn returned. Errors: as gmem_target_open(), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_target_list_mapped(struct gmem_ctx *ctx, pid_t pid, gmem_target_mapped_fn fn,
				     void *arg);

/*
 * Opens one of these through /proc/PID/map_files. Errors: ESRCH (no such process, or something else
 * is mapped there by now), EMEDIUMTYPE (it is not a guest_memfd), EACCES (no permission to look at
 * it: proc_map_files_get_link() wants CAP_CHECKPOINT_RESTORE too), ENOMEM, EINVAL and E2BIG (size).
 * Since: 0.1
 */
GMEM_API int gmem_target_open_mapped(struct gmem_ctx *ctx, pid_t pid,
				     const struct gmem_mapped *mapped, struct gmem_target **out);

/* What is known of a guest_memfd. Since: 0.1 */
struct gmem_target_info {
	size_t size;	      /* sizeof(struct gmem_target_info) */
	uint64_t memory_size; /* bytes */
	uint64_t inode;	      /* i_ino */
	uint64_t resident;    /* bytes in the page cache (nrpages); needs a reader */
	bool has_resident;
	uint64_t flags; /* creation flags; needs a reader */
	bool has_flags;
	int vm_type;	     /* enum gmem_vm_type, or -1 where unknown */
	pid_t vm_pid;	     /* KVM's userspace_pid, or -1 where unknown */
	size_t slots;	     /* memslots bound */
	bool has_slots;	     /* bindings were read */
	uint64_t changed_ns; /* st_ctime: when fallocate(2) last changed it, by CLOCK_REALTIME */
	/*
	 * Of all pages that it has. GMEM_ACCESS_OWNER_GUEST: of a TDX or SNP VM, which has only
	 * private pages in its guest_memfd, or of a protected VM of arm64. A page that was
	 * allocated and not yet given to the guest counts as the guest's.
	 */
	enum gmem_access_owner access_owner;
	const char *access_reason; /* why access_owner is unknown, NULL otherwise; static storage */
};

/*
 * Tells what is known of target. A value that could not be read is marked in *out as not known;
 * that is not an error. Errors: EINVAL, E2BIG (size). Since: 0.1
 */
GMEM_API int gmem_target_get_info(struct gmem_target *target, struct gmem_target_info *out);

/* A memslot bound to a guest_memfd: offset <-> GPA. Since: 0.1 */
struct gmem_binding {
	size_t size;	 /* sizeof(struct gmem_binding) */
	uint64_t offset; /* bytes into the file */
	uint64_t gpa;
	uint64_t memory_size; /* bytes */
	uint64_t userspace_addr;
	uint32_t slot;
	uint32_t address_space;
	uint32_t flags; /* of struct kvm_memory_slot */
};

/* The index-th binding, by ascending offset. Returns 0, or -ENOENT past the last. Since: 0.1 */
GMEM_API int gmem_target_binding(struct gmem_target *target, size_t index,
				 struct gmem_binding *out);

/*
 * Adds up what the memory attributes of its VM say of target, in bytes. *bytes is how much of
 * target is bound to guest addresses that have KVM_MEMORY_ATTRIBUTE_PRIVATE, resident or not.
 * *stale is how much of target is resident at bound guest addresses without that attribute. A
 * conversion to shared leaves such pages behind if nobody punches a hole; the guest cannot reach
 * them. Both are 0 if nothing is bound, and for a VM type without private memory. *stale is 0 with
 * GMEM_MEMORY_MMAP, because then the guest's shared memory is in the file, too. While a guest
 * converts, attributes and pages are read at two different moments. Memory does not grow with the
 * file. Errors: ENODATA (not known: memslots, attributes or pages could not be read, or changed
 * meanwhile; or KVM converts in place, and then keeps in the guest_memfd what is private), those of
 * gmem_target_extents(), ENOMEM. Kernel source: kvm_get_memory_attributes() in
 * include/linux/kvm_host.h. Since: 0.1
 */
GMEM_API int gmem_target_private(struct gmem_target *target, uint64_t *bytes, uint64_t *stale);

#define GMEM_GPA_NONE 0xffffffffffffffffull /* an offset that no memslot binds */

/* A run of pages alike in every property shown here. Since: 0.1 */
struct gmem_extent {
	size_t size;	 /* sizeof(struct gmem_extent) */
	uint64_t offset; /* bytes into the file */
	uint64_t gpa;	 /* or GMEM_GPA_NONE */
	uint64_t pfn;
	uint64_t pages;
	unsigned int order; /* of the folios: each has 2^order pages */
	int node;	    /* NUMA node, or -1 unknown */
	enum gmem_direct_map direct_map;
	enum gmem_level level; /* of the direct map */
	bool writable;	       /* the direct map allows the kernel to write */
	const char *reason;    /* why direct_map, or the page frame, is unknown; NULL otherwise */
	uint64_t page_flags;   /* KPF_* bits of /proc/kpageflags, with GMEM_EXTENT_FLAGS: of a
				* single page all of them, of a run those that do not change from
				* page to page (uptodate, unevictable, hwpoison, huge, …) */
	bool has_page_flags;
	bool has_pfn; /* false: the page cache stayed inconsistent here, see reason */
};

typedef int (*gmem_extent_fn)(const struct gmem_extent *extent, void *arg);

/* What to look up for each page besides its page frame. Since: 0.1 */
enum gmem_extent_want {
	GMEM_EXTENT_DIRECT_MAP = 1u << 0, /* direct_map, level, writable */
	GMEM_EXTENT_FLAGS = 1u << 1,	  /* page_flags; needs /proc/kpageflags */
	GMEM_EXTENT_ONE_BY_ONE = 1u << 2, /* one extent for each page, except for unknown page
					   * frames */
};

/*
 * Calls fn for each extent of resident pages in [offset, offset + length), by ascending offset;
 * length = 0 means to the end. Memory does not grow with the file. Errors: those of
 * gmem_reader_open(), ENODATA (no struct offsets: kernel without BTF), EINVAL (offset or length is
 * not page aligned; a bit of want is unknown), what fn returns. Since: 0.1
 */
GMEM_API int gmem_target_extents(struct gmem_target *target, uint64_t offset, uint64_t length,
				 unsigned int want, gmem_extent_fn fn, void *arg);

/* A cursor over the extents of a guest_memfd, which can stop and go on. */
struct gmem_extents;

/* What a cursor goes through. Since: 0.1 */
struct gmem_extents_options {
	size_t size;		    /* sizeof(struct gmem_extents_options) */
	uint64_t offset;	    /* bytes into the file */
	uint64_t length;	    /* bytes; 0 means to the end */
	unsigned int want;	    /* of enum gmem_extent_want */
	const volatile int *cancel; /* of gmem_extents_next(), see gmem_cancel(); or NULL */
};

/*
 * Opens a cursor before the first extent. options may be NULL: then it goes through the page frames
 * of the whole file. Free the cursor before target. Errors: those of gmem_reader_open(), ENODATA
 * (no struct offsets: kernel without BTF), ENOMEM, EINVAL (options; as gmem_target_extents()) and
 * E2BIG (options). Since: 0.1
 */
GMEM_API int gmem_extents_new(struct gmem_target *target,
			      const struct gmem_extents_options *options,
			      struct gmem_extents **out);

/*
 * The next extent, as gmem_target_extents() would pass it on. Returns 1, or 0 behind the last
 * extent, or a negative errno. After an error, ECANCELED too, the next call goes on where this one
 * stopped.
 *
 * A call may look up extents ahead, of at most 256 MiB of pages; the answer for such an extent is
 * as old as that look. Nothing is locked or held between two calls. Changes between two calls are
 * seen where the cursor has not been yet. Memory does not grow with the file. Errors: as
 * gmem_target_extents(), ECANCELED, ENOMEM, EINVAL and E2BIG (size). Since: 0.1
 */
GMEM_API int gmem_extents_next(struct gmem_extents *extents, struct gmem_extent *out);

/*
 * The offset where the search for the next extent begins: the end of the last one that
 * gmem_extents_next() gave. Another cursor that begins there goes on as this one would. Since: 0.1
 */
GMEM_API uint64_t gmem_extents_offset(const struct gmem_extents *extents);

/* Frees what gmem_extents_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_extents_free(struct gmem_extents *extents);

/*
 * Gets how far a walk over target has come: offset of memory_size bytes. The offset may go back to
 * the beginning, because one call can need several walks. Since: 0.1
 */
typedef void (*gmem_target_progress_fn)(uint64_t offset, uint64_t memory_size, void *arg);

/*
 * From now on, walks that look up the direct map call fn: gmem_target_extents(),
 * gmem_extents_next(), gmem_usage_new() and gmem_usage_new_all(). They call it after at most
 * 262,144 pages, which take some milliseconds. fn runs in the thread that walks, and must not use
 * target. NULL ends it. Since: 0.1
 */
GMEM_API void gmem_target_set_progress(struct gmem_target *target, gmem_target_progress_fn fn,
				       void *arg);

/* Bits of page_flags that libgmem itself looks at (include/uapi/linux/kernel-page-flags.h). */
#define GMEM_KPF_UPTODATE (1ull << 3)
#define GMEM_KPF_HWPOISON (1ull << 19)

/* Name of a bit of /proc/kpageflags ("uptodate"), or NULL. Static storage. Since: 0.1 */
GMEM_API const char *gmem_page_flag_name(unsigned int bit);

#ifdef __cplusplus
}
#endif
#endif
