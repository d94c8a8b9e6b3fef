/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VM and its memory: guest_memfd, memslots, private and shared, populate.
 *
 * KVM takes VM and vCPU ioctls only from the process that created the VM; other processes get EIO
 * (kvm_vm_ioctl() in virt/kvm/kvm_main.c). The guest_memfd itself may be used from any process.
 */
#ifndef GMEM_VM_H
#define GMEM_VM_H

#include <gmem/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gmem_vm;
struct gmem_memory;

/*
 * Creates a VM (KVM_CREATE_VM). On arm64 it has guest addresses of 40 bits, or of as many as the
 * CPU has if those are less; with protected KVM, of as many as the CPU has. Linux 7.3 taints itself
 * when it makes its first GMEM_VM_ARM_PROTECTED. A process that owns one must not fork(), see
 * libgmem(3). Errors: ENOENT or ENXIO (no /dev/kvm), EACCES (not in its group), EINVAL (type not
 * offered by this kernel), EMFILE, ENFILE, ENOMEM. Since: 0.1
 */
GMEM_API int gmem_vm_new(struct gmem_ctx *ctx, enum gmem_vm_type type, struct gmem_vm **out);

/*
 * Wraps a VM fd that the caller has and keeps: the fd is never closed by libgmem. type is the one
 * that the caller created it with. KVM has no call that tells the type of a VM; it tells only which
 * types it offers, and on arm64 not even those. libgmem checks that fd is a VM by its link in
 * /proc/self/fd and by KVM_CHECK_EXTENSION on it (without /proc, by the latter alone). Errors:
 * EBADF (not open, or with O_PATH), EINVAL (no VM, or a type that is unknown or not offered), EIO
 * (another process's VM, or a dead one), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_vm_from_fd(struct gmem_ctx *ctx, int fd, enum gmem_vm_type type,
			     struct gmem_vm **out);

/* Closes the VM fd and the vCPU fds, if libgmem opened them. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_vm_free(struct gmem_vm *vm);

/* The VM fd; it stays owned by vm. Since: 0.1 */
GMEM_API int gmem_vm_fd(const struct gmem_vm *vm);

/* The type that vm was made or wrapped with. Since: 0.1 */
GMEM_API enum gmem_vm_type gmem_vm_type_of(const struct gmem_vm *vm);

/*
 * Creates a vCPU (KVM_CREATE_VCPU), owned by vm. Pre-faulting needs one. Errors: EEXIST, EINVAL
 * (id too large), EIO (TD before KVM_TDX_INIT_VM), ENOMEM, EMFILE. Since: 0.1
 */
GMEM_API int gmem_vm_add_vcpu(struct gmem_vm *vm, unsigned int id);

/*
 * Tells vm about a vCPU fd that the caller has and keeps: libgmem never closes it. libgmem checks
 * that fd is a vCPU by its link in /proc/self/fd (without /proc it believes the caller). Nothing
 * tells to which VM a vCPU belongs.
 * Errors: EBADF (not open, or with O_PATH), EINVAL (no vCPU), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_vm_add_vcpu_fd(struct gmem_vm *vm, int fd);

/*
 * The fd of the index-th vCPU, in the order they were added, or -ENOENT; it stays owned by vm.
 * Since: 0.1
 */
GMEM_API int gmem_vm_vcpu_fd(const struct gmem_vm *vm, unsigned int index);

struct gmem_memory_options {
	size_t size;	      /* sizeof(struct gmem_memory_options) */
	uint64_t memory_size; /* bytes, a multiple of gmem_page_size(), above 0 */
	uint64_t flags;	      /* of enum gmem_memory_flag */
};

/*
 * Creates a guest_memfd (KVM_CREATE_GUEST_MEMFD, kvm_gmem_create() in virt/kvm/guest_memfd.c)
 * and sets FD_CLOEXEC, which the kernel does not. Errors: EINVAL (size, or a flag that this VM
 * type does not offer), EIO (another process's VM, or a dead one), EMFILE, ENFILE, ENOMEM,
 * ENOTTY (kernel without guest_memfd). Since: 0.1
 */
GMEM_API int gmem_memory_new(struct gmem_vm *vm, const struct gmem_memory_options *options,
			     struct gmem_memory **out);

/*
 * Wraps a guest_memfd fd that the caller has and keeps. flags are those that it was created with.
 * The kernel has no call that tells them, so libgmem believes the caller. Errors: EBADF (not open,
 * or with O_PATH), EINVAL (not a guest_memfd, or a flag that is not of enum gmem_memory_flag),
 * ENOMEM. Since: 0.1
 */
GMEM_API int gmem_memory_from_fd(struct gmem_ctx *ctx, int fd, uint64_t flags,
				 struct gmem_memory **out);

/* Unmaps what gmem_memory_map() mapped, and closes the fd if libgmem opened it. Since: 0.1 */
GMEM_API void gmem_memory_free(struct gmem_memory *memory);

/* The guest_memfd; it stays owned by memory. Since: 0.1 */
GMEM_API int gmem_memory_fd(const struct gmem_memory *memory);

/* Size of the file in bytes. Since: 0.1 */
GMEM_API uint64_t gmem_memory_size(const struct gmem_memory *memory);

/* Creation flags, of enum gmem_memory_flag. Since: 0.1 */
GMEM_API uint64_t gmem_memory_flags(const struct gmem_memory *memory);

/*
 * Allocates pages without zeroing or mapping them (fallocate KEEP_SIZE, kvm_gmem_allocate()).
 * Pages that were allocated before a failure stay. Errors: EINVAL (unaligned, beyond the end),
 * ENOMEM, EINTR. Since: 0.1
 */
GMEM_API int gmem_memory_allocate(struct gmem_memory *memory, uint64_t offset, uint64_t length);

/*
 * Gives pages back (fallocate PUNCH_HOLE, kvm_gmem_punch_hole()); beyond the end is allowed.
 * Errors: EINVAL (unaligned), GMEM_EWOULDFAULT (paths tdx-reclaim, snp-reclaim). Since: 0.1
 */
GMEM_API int gmem_memory_punch(struct gmem_memory *memory, uint64_t offset, uint64_t length);

/*
 * Maps the whole file MAP_SHARED, read and write; *out stays owned by memory. Only memory with
 * GMEM_MEMORY_MMAP can be mapped. Only memory with GMEM_MEMORY_INIT_SHARED can be touched;
 * otherwise an access is a SIGBUS. Errors: ENODEV (no GMEM_MEMORY_MMAP), ENOMEM. Since: 0.1
 */
GMEM_API int gmem_memory_map(struct gmem_memory *memory, void **out);

/*
 * Sets the NUMA policy of a range for pages allocated from now on (mbind on a mapping, which this
 * call makes if the memory has no mapping yet; that also works for memory that may not be touched).
 * mode is MPOL_*, nodemask an array of unsigned long with nodes bits, any number of them. The
 * kernel uses the nodes that are there, have memory, and are in the cpuset of the process, and
 * ignores the others; gmem_nodes_at() tells which these are. Needs GMEM_MEMORY_MMAP. Errors: ENODEV
 * (no GMEM_MEMORY_MMAP, or a kernel before 6.19, which ignores the policy), EINVAL (offset or
 * length is not page aligned; mode; a mask of which no node is left). Since: 0.1
 */
GMEM_API int gmem_memory_bind_nodes(struct gmem_memory *memory, uint64_t offset, uint64_t length,
				    int mode, const unsigned long *nodemask, unsigned int nodes);

struct gmem_slot_options {
	size_t size;		    /* sizeof(struct gmem_slot_options) */
	uint32_t slot;		    /* memslot id, address space in bits 16.. */
	uint32_t flags;		    /* KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY; else 0 */
	uint64_t gpa;		    /* first guest-physical address */
	uint64_t memory_size;	    /* bytes */
	uint64_t userspace_addr;    /* shared side; 0 is allowed with a memory */
	struct gmem_memory *memory; /* NULL: a plain memslot */
	uint64_t memory_offset;	    /* bytes into memory */
};

/*
 * Creates or changes a memslot (KVM_SET_USER_MEMORY_REGION2, kvm_set_memory_region() in
 * virt/kvm/kvm_main.c). Errors: EINVAL, EEXIST (guest addresses or file range in use), EBADF,
 * EIO, ENOMEM. Since: 0.1
 */
GMEM_API int gmem_slot_set(struct gmem_vm *vm, const struct gmem_slot_options *options);

/*
 * Deletes a memslot. Errors: EINVAL (no such slot), EIO, ENOMEM, GMEM_EWOULDFAULT (path
 * tdx-reclaim, of memory that was bound through this vm). Since: 0.1
 */
GMEM_API int gmem_slot_delete(struct gmem_vm *vm, uint32_t slot);

/*
 * Makes a range of guest-physical addresses private or shared (KVM_SET_MEMORY_ATTRIBUTES). No
 * data is copied and no memory is freed by it. Errors: ENOTTY (kernel without attributes),
 * EINVAL (VM type without private memory, unaligned, wrap), EIO, ENOMEM; to shared also
 * GMEM_EWOULDFAULT (path tdx-reclaim).
 *
 * A series that is expected after Linux 7.3 ("guest_memfd in-place conversion", read as of its
 * posting v8; its numbers are not final) moves this from the VM to the guest_memfd, where memory
 * keeps its page when it is converted. libgmem converts that way only after
 * gmem_ctx_allow_unreleased(), and only if the kernel says that it does (module parameter
 * gmem_in_place_conversion of kvm, or vm_memory_attributes off). Then the range must lie in
 * memslots that were set through this vm, the descriptors of their memory must be open, and what
 * was converted before a failure stays converted. Errors then: EINVAL, EBADF, EAGAIN (something
 * still holds a reference on a page, after some attempts), EFAULT, ENOMEM. Since: 0.1
 */
GMEM_API int gmem_convert(struct gmem_vm *vm, uint64_t gpa, uint64_t length, bool to_private);

/*
 * Bytes of a range of guest-physical addresses that are private now. It counts conversions through
 * this object only, because KVM has no call that tells. Since: 0.1
 */
GMEM_API uint64_t gmem_vm_private_bytes(const struct gmem_vm *vm, uint64_t gpa, uint64_t length);

/* How pages are populated. Since: 0.1 */
enum gmem_populate_method {
	GMEM_POPULATE_BEST,	 /* the last method below that memory and kernel allow */
	GMEM_POPULATE_ALLOCATE,	 /* fallocate: page cache only, not zeroed, mapped nowhere */
	GMEM_POPULATE_HOST,	 /* MADV_POPULATE_WRITE on a host mapping, or page faults */
	GMEM_POPULATE_PRE_FAULT, /* KVM_PRE_FAULT_MEMORY: mapped in the guest's page tables */
};

/*
 * CPUs for a thread to run on, any number of them. This struct has no size and never grows: new
 * members about threads go into struct gmem_populate_options. Since: 0.1
 */
struct gmem_cpu_set {
	const unsigned long *mask; /* CPU n is bit n % BITS_PER_LONG of element n / BITS_PER_LONG */
	unsigned int words;	   /* entries of mask */
};

/*
 * Called during the work, in the caller's thread, about ten times a second or after every 4 MiB:
 * done of length bytes are populated. Since: 0.1
 */
typedef int (*gmem_populate_progress_fn)(uint64_t done, uint64_t length, void *arg);

struct gmem_populate_options {
	size_t size; /* sizeof(struct gmem_populate_options) */
	enum gmem_populate_method method;
	uint64_t offset; /* bytes into memory */
	uint64_t length; /* bytes; 0 means to the end */
	/*
	 * Guest-physical address at which offset is pre-faulted. 0 means the address at which this
	 * gmem_vm bound offset; if it did not bind it, address 0, for memslots that the caller set
	 * itself (EINVAL if this gmem_vm bound other memory there). GMEM_GPA_NONE: no pre-fault.
	 * GMEM_POPULATE_BEST pre-faults only what this gmem_vm bound there.
	 */
	uint64_t gpa;
	/*
	 * Number of threads that fallocate or fault pages in; 0 or 1: only the caller's own.
	 * KVM_PRE_FAULT_MEMORY uses one vCPU, and a simulated kernel one thread.
	 */
	unsigned int threads;
	unsigned int cpu_set_count;	     /* entries of cpu_sets */
	const struct gmem_cpu_set *cpu_sets; /* the threads run on these CPUs, in turn; or NULL */
	gmem_populate_progress_fn progress;  /* or NULL */
	void *progress_arg;
	const volatile int *cancel; /* see gmem_cancel(); or NULL */
	/*
	 * true: populate until the kernel has no memory left. false: populate at most MemAvailable
	 * of /proc/meminfo, less a thirty-second of all memory, so that the OOM killer does not
	 * run. It chooses by RSS, which counts only pages that the process has mapped: it would
	 * kill other processes.
	 */
	bool beyond_available;
};

/*
 * Populates a range of memory. GMEM_POPULATE_PRE_FAULT needs vm, with a vCPU (the first one is
 * used); otherwise vm may be NULL. *used, if not NULL, gets the method that was used. *done, if not
 * NULL, gets the bytes that were populated, on failure too. They are the beginning of the range;
 * but if one of several threads failed, *done is only their number. Errors: as fallocate, madvise
 * and KVM_PRE_FAULT_MEMORY give them; EOPNOTSUPP for GMEM_POPULATE_HOST on the memory of a
 * protected VM of arm64, which GMEM_POPULATE_BEST allocates; EINVAL for an offset or a length that
 * is not page aligned, for CPUs if the process may run on none of them, and where
 * GMEM_POPULATE_PRE_FAULT was given no address and the range is not bound as one piece; ENOMEM also
 * before anything is populated, or at a multiple of 64 MiB, where the host cannot spare as much;
 * ECANCELED where cancel ended it; what progress returned; GMEM_EWOULDFAULT before anything is
 * mapped (paths gmem-clear, gmem-user-clear, tdx-page-aug). While the launch of a TDX or SNP guest
 * that vm made is not finished, GMEM_POPULATE_BEST takes another method where a pre-fault would
 * fail. The range is looked at once, before its first page. Since: 0.1
 */
GMEM_API int gmem_populate(struct gmem_vm *vm, struct gmem_memory *memory,
			   const struct gmem_populate_options *options,
			   enum gmem_populate_method *used, uint64_t *done);

/* "best", "allocate", "host", "pre-fault"; NULL for an unknown one. Since: 0.1 */
GMEM_API const char *gmem_populate_method_name(enum gmem_populate_method method);

#ifdef __cplusplus
}
#endif
#endif
