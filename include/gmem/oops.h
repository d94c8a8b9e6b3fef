/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a kernel log and tells what each page fault in it was, from the text alone. It asks nothing
 * of the running kernel and needs no privilege; the log may be of another machine.
 */
#ifndef GMEM_OOPS_H
#define GMEM_OOPS_H

#include <gmem/base.h>
#include <gmem/directmap.h>
#include <gmem/flush.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why the access faulted. Since: 0.1 */
enum gmem_oops_kind {
	GMEM_OOPS_UNKNOWN,     /* the text does not tell: it is cut off, or of another
				* architecture */
	GMEM_OOPS_NOT_PRESENT, /* the address was not mapped */
	GMEM_OOPS_PERMISSION,  /* mapped, but not for this access */
	GMEM_OOPS_RMP,	       /* mapped, but the RMP of SEV-SNP gives the page to a guest */
	GMEM_OOPS_PROTECTED,   /* mapped, but protected KVM on arm64 gave the page to a guest */
	GMEM_OOPS_RESERVED,    /* a reserved bit is set in a page table: the table is damaged */
	GMEM_OOPS_NULL,	       /* a NULL pointer, or a member of what it points to */
	GMEM_OOPS_USER,	       /* an address outside the kernel's half */
};

/* "unknown", "not-present", "permission", "rmp", "hypervisor-protected", "reserved-bit",
 * "null-pointer", "user-address". Since: 0.1 */
GMEM_API const char *gmem_oops_kind_name(enum gmem_oops_kind kind);

/* How the address was accessed. Since: 0.1 */
enum gmem_oops_access {
	GMEM_OOPS_ACCESS_UNKNOWN,
	GMEM_OOPS_ACCESS_READ,
	GMEM_OOPS_ACCESS_WRITE,
	GMEM_OOPS_ACCESS_EXECUTE,
	GMEM_OOPS_ACCESS_CACHE, /* clflush, or cache maintenance on arm64 */
};

/* NULL for unknown, "read", "write", "execute", "clflush". Since: 0.1 */
GMEM_API const char *gmem_oops_access_name(enum gmem_oops_access access);

/* Notes on an answer, a bit each: what it lacks, and what it is based on. Since: 0.1 */
enum gmem_oops_note {
	GMEM_OOPS_CUT_OFF = 1u << 0,	   /* the text begins late or ends early */
	GMEM_OOPS_INTERLEAVED = 1u << 1,   /* mixed with another oops, and no line tells which of
					    * them it belongs to */
	GMEM_OOPS_OTHER_MACHINE = 1u << 2, /* neither x86-64 nor arm64: nothing is decoded */
	GMEM_OOPS_NO_WALK = 1u << 3,	   /* no line has the page table entries */
	GMEM_OOPS_EMPTY_ENTRY = 1u << 4,   /* the entry is empty: it tells no page frame */
	GMEM_OOPS_NOT_DIRECT_MAP =
		1u << 5, /* address and page frame do not give the base of a direct map */
	GMEM_OOPS_MAPPED_AGAIN = 1u << 6, /* not present for the CPU, present when it was printed */
	GMEM_OOPS_CODE_DIFFERS = 1u << 7, /* two lines have different error codes, or accesses */
	GMEM_OOPS_ADDRESS_DIFFERS = 1u << 8, /* two lines have different addresses */
	GMEM_OOPS_PFN_DIFFERS = 1u << 9,     /* two lines have different page frames */
	GMEM_OOPS_UNRELIABLE =
		1u << 10, /* the unwinder calls all functions of the trace unreliable */
	GMEM_OOPS_LONG_TRACE = 1u << 11, /* the outer end of the trace was left out */
	GMEM_OOPS_BY_EARLIER = 1u << 12, /* the page frame was computed with the base that an
					  * earlier fault had */
	GMEM_OOPS_UNMAPPED_SINCE = 1u
				   << 13, /* mapped for the CPU, not present when it was printed */
};

/* What a note says, one line, or NULL where the bit means nothing. Static. Since: 0.1 */
GMEM_API const char *gmem_oops_note_text(unsigned int bit);

#define GMEM_OOPS_NAME_MAX 64

/* One page fault of the kernel, as the log has it. Since: 0.1 */
struct gmem_oops {
	size_t size;   /* sizeof(struct gmem_oops) */
	uint64_t line; /* of the log, from 1, where it begins */
	enum gmem_oops_kind kind;
	enum gmem_oops_access access;
	enum gmem_direct_map direct_map; /* whether the direct map had the address, at that
					  * instant */
	unsigned int notes;		 /* of enum gmem_oops_note */
	const char *machine; /* "x86-64", "arm64", another architecture's name, or NULL. Static */
	const char *level;   /* size of the hole or mapping, "4K"; or NULL. Static */
	const char *removed; /* what takes pages out so that the entry looks like this; or NULL.
				Static */
	const char *page;    /* what the page is: "guest_memfd", "memfd_secret", "TDX control page";
			      * or NULL. Static */
	const struct gmem_flush_path *path; /* which kernel path it was; NULL if no known path
					     * explains it */
	const char *step;		    /* the step of userspace that ran the path; or NULL.
					     * Static */
	uint64_t pfn;			    /* in units of page_size, if has_pfn */
	uint64_t page_size;		    /* bytes; 0 where not known */
	bool has_pfn;
	bool has_pid;
	bool has_cpu;
	int32_t pid;
	uint32_t cpu;
	char command[GMEM_OOPS_NAME_MAX];  /* the thread's name, any bytes; or "" */
	char release[GMEM_OOPS_NAME_MAX];  /* of the kernel, or "" */
	char function[GMEM_OOPS_NAME_MAX]; /* that took the fault, or "" */
	char witness[8]; /* a register that points to the struct page of pfn, or "" */
	/* Kernel addresses: show them only to users who may see the log. 0 where not known. */
	uint64_t address;
	uint64_t base;	  /* of the direct map */
	uint64_t vmemmap; /* by witness */
};

/*
 * Writes what the oops says, a sentence and one for each note, without a kernel address. Ends in
 * NUL when size > 0; returns the length of the whole text, as snprintf(3) does. Errors: EINVAL,
 * E2BIG (size of oops). Since: 0.1
 */
GMEM_API int gmem_oops_describe(const struct gmem_oops *oops, char *buffer, size_t size);

/* What to do about it; NULL where the size of oops is wrong. Static storage. Since: 0.1 */
GMEM_API const char *gmem_oops_advice(const struct gmem_oops *oops);

/* Called for each page fault when its text has ended. Since: 0.1 */
typedef int (*gmem_oops_fn)(const struct gmem_oops *oops, void *arg);

struct gmem_oops_log;

/*
 * Reads a log, of x86-64 or arm64, Linux 6.1 to 7.3: it skips the prefixes of dmesg, /dev/kmsg,
 * syslog, the journal, pstore and containers' logs. If each line is a JSON object, it reads the
 * message in that object ("MESSAGE" of journalctl, "log" of Docker). Oopses of several CPUs may be
 * interleaved if each line names its thread or CPU (CONFIG_PRINTK_CALLER). The memory that it takes
 * does not grow with the log. Errors: ENOMEM, EINVAL (no fn). Kernel source: arch/x86/mm/fault.c
 * show_fault_oops(), arch/arm64/mm/fault.c __do_kernel_fault(). Since: 0.1
 */
GMEM_API int gmem_oops_new(gmem_oops_fn fn, void *arg, struct gmem_oops_log **out);

/*
 * Takes the next piece of the log; pieces may be cut anywhere. Returns 0, or what fn returned.
 * Since: 0.1
 */
GMEM_API int gmem_oops_feed(struct gmem_oops_log *log, const void *text, size_t length);

/*
 * Tells that the log has ended: fn gets the faults that are still open. Returns 0, or what fn
 * returned. Since: 0.1
 */
GMEM_API int gmem_oops_end(struct gmem_oops_log *log);

/* Since: 0.1 */
struct gmem_oops_counts {
	size_t size; /* sizeof(struct gmem_oops_counts) */
	uint64_t lines;
	uint64_t faults;     /* page faults, all of which fn got */
	uint64_t others;     /* oopses that are no page faults: BUG, general protection … */
	uint64_t long_lines; /* longer than a kernel writes: only their beginning was read */
	uint64_t zeros;	     /* NUL bytes, which were passed over */
	/*
	 * Lines "RMPUPDATE failed for PFN ..." of an SEV-SNP host, which are no page faults: the
	 * kernel could not change the entry of that page frame in the RMP, and went on. Kernel
	 * source: arch/x86/virt/svm/sev.c rmpupdate().
	 */
	uint64_t rmp_failures;
	uint64_t rmp_line; /* the first of these lines, 0: there was no such line */
	uint64_t rmp_pfn;
};

/* Counts what was read until now. Errors: EINVAL, E2BIG (size). Since: 0.1 */
GMEM_API int gmem_oops_get_counts(const struct gmem_oops_log *log, struct gmem_oops_counts *out);

/* Frees what gmem_oops_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_oops_free(struct gmem_oops_log *log);

#ifdef __cplusplus
}
#endif
#endif
