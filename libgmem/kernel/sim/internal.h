/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a simulated kernel, and what its parts ask of each other. */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "kernel/sim/faults.h"
#include "kernel/sim/mm/layout.h"
#include "kernel/sim/model.h"
#include "kernel/kernel.h"
#include "kernel/uapi.h"

#define SIM_PAGE_SIZE_MAX 16384ull
#define SIM_GIB (1ull << 30)
#define SIM_MIB (1ull << 20)
#define SIM_FDS_MAX 4096u
/*
 * The number of the first descriptor. No real one can have it: a process's table up to there has
 * 16 GiB, and the kernel takes none above INT_MAX bytes, whatever fs.nr_open says (alloc_fdtable()
 * in fs/file.c since Linux 6.17, kvmalloc_node() since 5.15; before, a process needs these 16 GiB
 * and a limit 2000 times the usual one).
 */
#define SIM_FIRST_FD 0x7fff0000

/* Creation flags of a guest_memfd. */
#define SIM_GMEM_MMAP (1ull << 0)
#define SIM_GMEM_INIT_SHARED (1ull << 1)
#define SIM_GMEM_NO_DIRECT_MAP (1ull << 2)

struct gmem_sim;
struct sim_file;
struct sim_inode;
struct sim_vm;

/* ---- text.c: a string that grows ---- */

struct sim_text {
	char *bytes; /* NUL-ended, or NULL while empty */
	size_t length;
	size_t size;
	bool failed; /* out of memory: what follows is lost */
};

void sim_text_printf(struct sim_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_text_free(struct sim_text *text);

/* ---- physmem.c: page frames ---- */

/* What is known of a page frame. */
enum sim_page_flag {
	SIM_PAGE_UPTODATE = 1u << 0,
	SIM_PAGE_DIRTY = 1u << 1,
	SIM_PAGE_LRU = 1u << 2,
	SIM_PAGE_UNEVICTABLE = 1u << 3,
	SIM_PAGE_USER_MAPPED = 1u << 4,
	SIM_PAGE_HWPOISON = 1u << 5,
	SIM_PAGE_SLAB = 1u << 6,
	SIM_PAGE_TABLE = 1u << 7,
	SIM_PAGE_NO_DIRECT_MAP = 1u << 8,  /* KVM_GMEM_FOLIO_NO_DIRECT_MAP of its folio */
	SIM_PAGE_GUEST = 1u << 9,	   /* a leaf of the guest's page tables maps it */
	SIM_PAGE_GUEST_PRIVATE = 1u << 10, /* and that leaf is a private one */
	SIM_PAGE_RMP = 1u << 11,	   /* SNP: assigned to a guest in the RMP */
	SIM_PAGE_TD = 1u << 12,		   /* TDX: the PAMT has it as a guest's page */
	SIM_PAGE_TD_BLOCKED = 1u << 13,	   /* TDX: its mapping is blocked */
};

struct sim_page {
	uint64_t mapping; /* struct address_space, 0 where of no file */
	uint64_t index;
	uint32_t flags;
	uint32_t refs;
};

/* Page frames [first, last] of one node that the allocator hands out. */
struct sim_zone {
	uint64_t first;
	uint64_t pages;
	unsigned int node;
	uint64_t *used; /* a bit a page */
	uint64_t hint;	/* no free page in a word below */
};

struct sim_block;

struct sim_physmem {
	struct sim_zone zones[SIM_RAM_RANGES];
	unsigned int zone_count;
	unsigned int nodes;
	uint64_t max_pfn;
	struct sim_block **blocks; /* records of 512 page frames each, made when first needed */
	struct sim_block *made;	   /* the first of those that were */
	uint64_t in_use;
	uint64_t fail_after; /* the n-th allocation from now on fails; 0: none */
	unsigned int interleave;
};

/* Which nodes an allocation may take, and in which way. */
struct sim_policy {
	int mode; /* MPOL_* */
	unsigned long nodes;
};

int sim_physmem_init(struct gmem_sim *sim);
void sim_physmem_exit(struct gmem_sim *sim);
bool sim_pfn_is_ram(const struct gmem_sim *sim, uint64_t pfn);
bool sim_pfn_in_use(const struct gmem_sim *sim, uint64_t pfn);
/* Pages of a node that the allocator can still hand out, and all of them. */
uint64_t sim_node_free(const struct gmem_sim *sim, unsigned int node, uint64_t *total);
unsigned int sim_pfn_node(const struct gmem_sim *sim, uint64_t pfn);
/* The record, made if need be: NULL only without memory. */
struct sim_page *sim_page_get(struct gmem_sim *sim, uint64_t pfn);
/* The record, or NULL where nothing is known of the page frame. */
struct sim_page *sim_page_peek(const struct gmem_sim *sim, uint64_t pfn);
/* memory_failure() of a page frame. -EINVAL if it is not a page of a file. */
int sim_poison(struct gmem_sim *sim, uint64_t pfn);
int sim_page_alloc(struct gmem_sim *sim, const struct sim_policy *policy, uint64_t *pfn);
void sim_page_free(struct gmem_sim *sim, uint64_t pfn);

/* ---- kmem.c: the kernel's own memory ---- */

/* Objects up to a page come from slabs of their size, rounded up to this. */
#define SIM_SLAB_STEP 64u
#define SIM_SLABS (SIM_PAGE_SIZE_MAX / SIM_SLAB_STEP + 1)
#define SIM_RUNS 16u /* longest run of pages that is reused */

struct sim_kmem {
	uint8_t *bytes; /* content of page frames first .. first + pages */
	uint64_t first;
	uint64_t pages;
	uint64_t next;		  /* pages handed out so far */
	uint64_t slab[SIM_SLABS]; /* free objects, linked by their first word */
	uint64_t runs[SIM_RUNS + 1];
};

int sim_kmem_init(struct gmem_sim *sim);
void sim_kmem_exit(struct gmem_sim *sim);
/* A zeroed object at a direct-map address; 0 without memory. */
uint64_t sim_kalloc(struct gmem_sim *sim, size_t size);
void sim_kfree(struct gmem_sim *sim, uint64_t address, size_t size);
/* A zeroed page for page tables, by its physical address; 0 without memory. */
uint64_t sim_table_alloc(struct gmem_sim *sim);
/* The bytes behind a direct-map address of kernel memory. */
void *sim_kptr(struct gmem_sim *sim, uint64_t address);
void *sim_physical(struct gmem_sim *sim, uint64_t physical);
uint64_t sim_va(const struct gmem_sim *sim, uint64_t physical);
uint64_t sim_object(struct gmem_sim *sim, enum sim_type type);
void sim_object_free(struct gmem_sim *sim, enum sim_type type, uint64_t address);
void sim_set(struct gmem_sim *sim, uint64_t object, enum sim_field field, uint64_t value);
uint64_t sim_get(struct gmem_sim *sim, uint64_t object, enum sim_field field);
uint64_t sim_member(const struct gmem_sim *sim, uint64_t object, enum sim_field field);
/* struct list_head */
void sim_list_init(struct gmem_sim *sim, uint64_t head);
void sim_list_add(struct gmem_sim *sim, uint64_t entry, uint64_t head);
void sim_list_del(struct gmem_sim *sim, uint64_t entry);

/* ---- pagetable.c: the direct map ---- */

/* Levels of a leaf; a PTE maps a page. */
enum sim_level {
	SIM_LEVEL_NONE,
	SIM_LEVEL_PTE,
	SIM_LEVEL_PMD,
	SIM_LEVEL_PUD,
	SIM_LEVELS,
};

struct sim_pagetable {
	uint64_t root;		     /* physical address of swapper_pg_dir */
	uint64_t mapped[SIM_LEVELS]; /* leaves of the direct map: direct_pages_count[] */
	uint64_t splits[SIM_LEVELS]; /* direct_map_level2_splits, level3_splits */
};

struct sim_walk {
	uint64_t *entry;      /* where the walk ended */
	uint64_t value;	      /* of that entry */
	uint64_t physical;    /* address translated to, if present */
	bool present;	      /* at every level */
	bool writable;	      /* likewise */
	enum sim_level level; /* of the entry; NONE above PUD */
};

int sim_pagetable_init(struct gmem_sim *sim);
void sim_walk(struct gmem_sim *sim, uint64_t address, struct sim_walk *walk);
/* set_direct_map_invalid_noflush() and set_direct_map_default_noflush(). */
int sim_direct_map_remove(struct gmem_sim *sim, uint64_t pfn);
int sim_direct_map_restore(struct gmem_sim *sim, uint64_t pfn);
/* set_memory_4k() of one page. */
int sim_direct_map_split(struct gmem_sim *sim, uint64_t pfn);
/* set_memory_ro() of one page. */
int sim_direct_map_protect(struct gmem_sim *sim, uint64_t pfn);

/* ---- xarray.c ---- */

uint64_t sim_xa_load(struct gmem_sim *sim, uint64_t xa, uint64_t index);
/* The first entry at or after *index, up to last; 0 and *index untouched if there is no entry. */
uint64_t sim_xa_find(struct gmem_sim *sim, uint64_t xa, uint64_t *index, uint64_t last);
int sim_xa_store_range(struct gmem_sim *sim, uint64_t xa, uint64_t first, uint64_t last,
		       uint64_t entry);
void sim_xa_erase_range(struct gmem_sim *sim, uint64_t xa, uint64_t first, uint64_t last);

/* ---- log.c ---- */

enum sim_access {
	SIM_ACCESS_READ,  /* clflush counts as one */
	SIM_ACCESS_CACHE, /* arm64: cache maintenance, as a read */
	SIM_ACCESS_WRITE,
};

/* How the kernel came to touch a page: innermost function first, NULL-ended. */
typedef const char *const sim_call_chain[];

void sim_log(struct gmem_sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * The kernel touches a page frame through the direct map. 0, or -GMEM_KERNEL_OOPS where that
 * faults: then the log has the oops.
 */
int sim_touch_direct_map(struct gmem_sim *sim, uint64_t pfn, enum sim_access access,
			 const char *const *chain);

/* ---- user.c: memory of the calling process ---- */

/* KVM gets a user page by GUP: 0, -EFAULT, or an oops (mmap.c). */
int sim_user_access(struct gmem_sim *sim, uint64_t address);

int sim_copy_from_user(void *to, uint64_t from, size_t length);
int sim_copy_to_user(uint64_t to, const void *from, size_t length);

/* ---- inode.c, files.c: see inode.h and file.h ---- */

enum sim_fs {
	SIM_FS_PROC,
	SIM_FS_SYSFS,
	SIM_FS_DEV,
	SIM_FS_ANON,
	SIM_FS_TMPFS,
	SIM_FS_SECRETMEM,
	SIM_FS_GMEM,
	SIM_FS_COUNT,
};

struct sim_fd {
	struct sim_file *file;
	bool cloexec;
};

/* ---- paths.c: files by name ---- */

int sim_open_path(struct gmem_sim *sim, const char *path, int flags);
int sim_read_link(struct gmem_sim *sim, const char *path, char *buffer, size_t size);
int sim_list_directory(struct gmem_sim *sim, const char *path, gmem_directory_fn fn, void *arg);

/* ---- reader.c: kernel memory as the readers see it ---- */

int sim_read_kmem(struct gmem_sim *sim, struct gmem_kmem_request *requests, size_t n);

/* ---- boot.c: the kernel's image, vmcoreinfo, the current task ---- */

struct sim_boot {
	uint64_t swapper; /* symbols */
	uint64_t data;
	uint64_t voffset; /* from a physical address to that of the image */
	uint64_t note;	  /* physical address of vmcoreinfo's note */
	uint64_t note_size;
	uint64_t task;
	uint64_t mm;
	uint64_t files;
	uint64_t fdtable;
};

int sim_boot(struct gmem_sim *sim);
int sim_symbol(const struct gmem_sim *sim, const char *name, uint64_t *address);

/* ---- tdx_module.c: how the module was used, and one answer that a test asked for ---- */

struct sim_module {
	uint64_t calls[64]; /* by leaf */
	unsigned int fail_leaf;
	uint64_t fail_after; /* the n-th such call from now on; 0: none */
	uint64_t fail_status;
};

struct gmem_sim {
	struct gmem_kernel kernel; /* first: the port */
	struct gmem_kernel_ops ops;
	const struct sim_model *model;
	unsigned int page_shift;
	uint64_t page_size;
	uint64_t page_mask; /* of an offset in a page */
	struct sim_physmem ram;
	struct sim_kmem kmem;
	struct sim_pagetable tables;
	struct sim_boot boot;
	struct sim_fd fds[SIM_FDS_MAX];
	unsigned int fd_count;
	struct sim_file *files;
	struct sim_inode *inodes;
	struct sim_inode *shared[SIM_FS_COUNT];
	uint64_t superblocks[SIM_FS_COUNT];
	uint64_t next_ino;
	uint64_t clock; /* nanoseconds; every change of a file is a tick */
	struct sim_vma *vmas;
	struct sim_poison_mark *poison_marks; /* see mmap.c */
	struct sim_vm *vms;
	struct sim_text dmesg;
	enum gmem_reader reader;
	struct sim_faults faults;
	int reader_error[3];   /* by enum gmem_reader */
	unsigned int poisoned; /* pages */
	bool oopsed;
	bool signal_pending;
	uint64_t keyids_used; /* a bit a KeyID */
	unsigned int asids_used;
	struct sim_module module;
};

static inline struct gmem_sim *to_sim(const struct gmem_kernel *kernel)
{
	return (struct gmem_sim *)(uintptr_t)kernel;
}

#endif
