/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every libgmem header shares: linkage, names of VM types and flags, the context.
 *
 * Conventions of the whole library
 *  - Functions return 0 (or a count where said) or a negative errno; objects come through **out.
 *  - The caller owns an object that it gets through **out, and frees it with the matching _free().
 *  - Sizes are bytes unless the name says _pages; offset, gpa and pfn are uint64_t.
 *  - After a failure gmem_explain() tells what was asked, who refused and what to do.
 *  - Different contexts may be used from different threads at once; objects made from one
 *    context may be used from several threads as long as each object stays in one of them.
 *    Choose a reader (gmem_reader_open()) before that. A context keeps only its last explanation:
 *    give each thread a context of its own where explanations matter. A context on a simulated
 *    kernel may be used from one thread only.
 *  - A callback that returns int goes on with 0. Any other value ends the call at once and is what
 *    the call returns: above 0 it means what the caller wants it to, below 0 it is an error, a
 *    negative errno. A callback that returns void ends nothing. Callbacks run in the thread of the
 *    call. They may not free an object that the call uses.
 *  - A struct begins with size_t size, its size in bytes, and grows at its end only. Whoever makes
 *    a struct sets size to sizeof(the struct): the caller in a struct that it hands in or has
 *    filled, the library in a struct that a callback gets or that a call returns a pointer to. The
 *    caller sets all other members to zero; GMEM_STRUCT() does both. 0 in a member means that it
 *    is not used, or not known.
 *  - When the library fills a caller's struct, it writes the members that it knows and that fit,
 *    zeroes those that it does not know, and leaves size as it is. Errors: EINVAL (size was not
 *    set), E2BIG (size is more than a page); then the struct is unchanged.
 *  - When the library reads a caller's struct, it takes missing members as 0. Errors: EINVAL (size
 *    was not set), E2BIG (size is more than a page, or a member that this library does not know is
 *    not 0). In an array all structs have the size of the first, and lie one directly behind the
 *    other.
 *  - What a callback gets is valid until the callback returns. Before a program reads a member that
 *    is newer than 0.1 in a struct that the library made, it asks GMEM_HAS() whether the library
 *    has that member. A program that copies such a struct sets size of the copy to
 *    sizeof(the struct).
 *  - Only struct gmem_cpu_set has no size: it is a pointer and its length, and never grows.
 */
#ifndef GMEM_BASE_H
#define GMEM_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GMEM_API __attribute__((visibility("default")))

/* Version of these headers; gmem_version() is that of the library. Since: 0.1 */
#define GMEM_VERSION_MAJOR 0
#define GMEM_VERSION_MINOR 1
#define GMEM_VERSION_PATCH 0

/* Whether these headers are of that version or a newer one; for use in #if. Since: 0.1 */
#define GMEM_VERSION_AT_LEAST(major, minor, patch)                                        \
	(GMEM_VERSION_MAJOR * 1000000 + GMEM_VERSION_MINOR * 1000 + GMEM_VERSION_PATCH >= \
	 (major)*1000000 + (minor)*1000 + (patch))

/*
 * Declares a struct of this library with size set and all else zero, padding included. After
 * GMEM_STRUCT(gmem_slot_options, slot); a program sets slot.gpa, for example. Works in C and C++.
 * Since: 0.1
 */
#define GMEM_STRUCT(type, name) \
	struct type name;       \
	gmem_struct_init(&(name), sizeof(name))

static inline void gmem_struct_init(void *object, size_t size)
{
	memset(object, 0, size);
	memcpy(object, &size, sizeof(size));
}

/*
 * Whether the struct that pointer leads to has this member: the library that made the struct may be
 * older than these headers. Since: 0.1
 */
#define GMEM_HAS(type, pointer, member) \
	((pointer)->size >= offsetof(struct type, member) + sizeof((pointer)->member))

struct gmem_ctx;

/*
 * VM types. Those of x86 have the numbers that KVM_CREATE_VM takes there (KVM_X86_*_VM in
 * arch/x86/include/uapi/asm/kvm.h) and stay below 16. Those of arm64 begin at 16, whatever
 * KVM_CREATE_VM takes there; GMEM_VM_DEFAULT is of both. All stay below 32, so that a mask can have
 * a bit for each. gmem_vm_type_at() tells which there are. Since: 0.1
 */
enum gmem_vm_type {
	GMEM_VM_DEFAULT = 0,
	GMEM_VM_SW_PROTECTED = 1,
	GMEM_VM_SEV = 2,
	GMEM_VM_SEV_ES = 3,
	GMEM_VM_SNP = 4,
	GMEM_VM_TDX = 5,
	GMEM_VM_ARM_PROTECTED = 16, /* KVM_VM_TYPE_ARM_PROTECTED */
};

/*
 * guest_memfd creation flags (KVM_CREATE_GUEST_MEMFD). NO_DIRECT_MAP has the meaning of the
 * "Direct Map Removal Support for guest_memfd" series, posting v12 of 2026-04-10: it is in no
 * released kernel, and another series could still take the bit. Since: 0.1
 */
enum gmem_memory_flag {
	GMEM_MEMORY_MMAP = 1u << 0,
	GMEM_MEMORY_INIT_SHARED = 1u << 1,
	GMEM_MEMORY_NO_DIRECT_MAP = 1u << 2,
};

/*
 * Name of a VM type as the command line spells it ("default", "sw-protected", "sev", "sev-es",
 * "snp", "tdx", "protected"), or NULL for an unknown one. Static storage. Since: 0.1
 */
GMEM_API const char *gmem_vm_type_name(enum gmem_vm_type type);

/* The index-th VM type that libgmem knows, or -ENOENT past the last. Since: 0.1 */
GMEM_API int gmem_vm_type_at(size_t index);

/* The type of that name. Returns 0, or -EINVAL for an unknown name. Since: 0.1 */
GMEM_API int gmem_vm_type_from_name(const char *name, enum gmem_vm_type *type);

/*
 * Name of one creation flag bit ("mmap", "init-shared", "no-direct-map"), or NULL where the bit
 * has no known meaning. Static storage. Since: 0.1
 */
GMEM_API const char *gmem_memory_flag_name(unsigned int bit);

/* The flag of that name. Returns 0, or -EINVAL for an unknown name. Since: 0.1 */
GMEM_API int gmem_memory_flag_from_name(const char *name, uint64_t *flag);

/*
 * Opens a context on the running kernel. Touches nothing but /proc; kernel memory is opened by
 * the first call that needs it. Errors: ENOMEM. Since: 0.1
 */
GMEM_API int gmem_ctx_new(struct gmem_ctx **out);

/*
 * Opens a context on a simulated kernel, a model in this process. Models are listed by
 * gmem_model_name(). For tests of programs that use libgmem, words may follow the name, each after
 * a comma: "count" counts the calls that libgmem makes to the kernel (see gmem_ctx_calls()), and
 * "fail=KIND@N:ERRNO" makes the N-th call of a kind fail with that errno, "N+" all from the N-th
 * on. Kinds are named by gmem_model_call_name(); "kmem-request" is one range of kernel memory and
 * fails with EFAULT only.
 *
 * Descriptors of a simulated kernel are files of the model, not of the process. Their numbers begin
 * at 2147418112 (0x7fff0000), which the kernel gives to no descriptor. Only calls of libgmem on
 * this context take them: close(2), ioctl(2) or dup(2) on one fails with EBADF and changes nothing,
 * and poll(2) reports POLLNVAL. They cannot be passed to another process, and do not survive
 * execve(2). Never give one to FD_SET(), which would write past the fd_set.
 *
 * Errors: ENOMEM, EINVAL (gmem_model_check() says why). Since: 0.1
 */
GMEM_API int gmem_ctx_new_simulated(const char *model, struct gmem_ctx **out);

/*
 * Which kernel a context is on. If no member chooses one, it is the running kernel. Choose at most
 * one. Since: 0.1
 */
struct gmem_ctx_options {
	size_t size;	     /* sizeof(struct gmem_ctx_options) */
	const char *model;   /* a simulated kernel, as gmem_ctx_new_simulated() takes it; or NULL */
	const char *sysroot; /* the files of another host, see below; or NULL */
	char *why;	     /* why_size bytes, which get the reason of a failure in words; or
			      * NULL */
	size_t why_size;
	bool record;	  /* remember questions to the kernel and its answers, for
			   * gmem_ctx_save() */
	bool redact;	  /* with record: "-" stands for the names of processes */
	const char *core; /* the dump of a kernel, see below; or NULL */
};

/*
 * Calls return this, negated, on a context of another host's files or of a dump if these do not
 * have the answer: it was not looked for there, was left out, or takes a live kernel. It does not
 * mean that something is absent. Calls on other contexts do not return this errno.
 * Since: 0.1
 */
#define GMEM_ENOTRECORDED EREMOTE

/*
 * Opens a context as the options say.
 *
 * sysroot is a folder with proc/ and sys/ of another host, which are read and never written: a
 * folder that "gmemctl report" made, or an unpacked sosreport. Its file "index" lists what was
 * looked for on the host and was not there, and the machine; its file "kvm-answers" has what KVM
 * answered.
 * gmem_host_new(), gmem_caps_new(), gmem_keys_get(), gmem_frame_get(), gmem_flush_new() and calls
 * that only read /proc and /sys work on it. Everything that its files do not tell is
 * GMEM_ENOTRECORDED. You need not trust the folder: paths stay below it and in its file system,
 * only regular files are read, and only up to 16 MiB of each. A context on it is for one thread.
 *
 * core is the dump of a kernel that kdump, makedumpfile or QEMU wrote, with vmcoreinfo, of Linux
 * 6.0 or later: of x86-64 ELF or compressed, filtered or not; of arm64 ELF. Page tables are read,
 * and its own table of symbols and types, so that no other file is needed. gmem_directmap_walk(),
 * gmem_directmap_summarize(), gmem_frame_get(), gmem_flush_new(), gmem_owners_new() and calls that
 * build on them work on it; a call that needs a live kernel fails with GMEM_ENOTRECORDED. What was
 * left out of the dump is unknown, with a reason. You need not trust the dump. It is read as long
 * as the context lives, and must not change. A context on it is for one thread.
 *
 * Errors: ENOMEM; EINVAL (more than one kernel chosen, no such model, size not set); E2BIG (an
 * option that this library does not know). Of sysroot: those of opening a folder; EBADMSG (index or
 * kvm-answers is not understood), ENOTSUP (it is not a regular file), EFBIG; ENOSYS (the running
 * kernel has no openat2(2), Linux 5.6). Of core: those of opening the file; ENOTSUP (no regular
 * file, a dump of another machine, or libkdumpfile is not there), EBADMSG (no dump, or not
 * understood), ENODATA (it lacks what is needed), GMEM_ENOTRECORDED (that was left out), EIO
 * (truncated or damaged). Since: 0.1
 */
GMEM_API int gmem_ctx_open(const struct gmem_ctx_options *options, struct gmem_ctx **out);

/* Releases a context. Free every object made from it first. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_ctx_free(struct gmem_ctx *ctx);

/*
 * Ends a call that takes long, from another thread or a signal handler: sets *cancel to 1.
 *
 * The option structs of such calls have a member cancel, a const volatile int *: NULL, or the
 * address of an int of the caller's that is 0 until the call is to end. It then ends soon with
 * -ECANCELED; its own text says what it has done by then. A call that is already done returns as if
 * it was not cancelled. The library only reads the int, atomically (__atomic_load_n() with
 * __ATOMIC_ACQUIRE). So anything that stores an int in one piece can replace this function: in a
 * signal handler an assignment to a volatile sig_atomic_t, elsewhere __atomic_store_n(), in C++20
 * std::atomic_ref<int>. One int may be the cancel of many calls. Since: 0.1
 */
GMEM_API void gmem_cancel(volatile int *cancel);

/*
 * Lets libgmem use interfaces that are posted and in no released kernel; their numbers may still
 * change. Off by default. Today that is one, in-place conversion, see gmem_convert(). Since: 0.1
 */
GMEM_API void gmem_ctx_allow_unreleased(struct gmem_ctx *ctx, bool allow);

/*
 * Some calls let the kernel touch guest pages through its direct map. If a kernel path would take a
 * page fault on these pages, the kernel would oops; so the library does not go on, and the call
 * returns this, negated. It never returns this errno for another reason. gmem_explain() names the
 * path, the number of pages and the first PFN. These calls ask first: gmem_populate() (except for
 * GMEM_POPULATE_ALLOCATE), gmem_memory_punch(), gmem_convert() to shared, gmem_slot_delete(),
 * gmem_tdx_init_mem_region(), gmem_tdx_launch(), gmem_snp_launch_update() and gmem_launch_add().
 *
 * They look at the table of kernel paths. If no path of that VM type could fault, nothing else is
 * looked at and no reader is opened. Otherwise they look up the page frames of the range in the
 * direct map. If that is not possible (no permission, a kernel without BTF, gmem_reader_forbid()),
 * the call goes on, and the log function gets a message, once for each context; memory with
 * GMEM_MEMORY_NO_DIRECT_MAP of a TDX or SNP guest is refused even then. Paths by which the kernel
 * fills new pages (gmem-clear, gmem-user-clear) are looked at only with a reader that is open
 * already: the kernel takes no page out of the direct map before it is filled. Closing memory or a
 * VM is never refused. The answer is true for the moment of the look.
 *
 * Where the row of a path is unknown the call goes on too, with such a message. On arm64 it may be
 * unknown whether KVM cleans the data cache (stage2-map, stage2-unmap) of a CPU with CTR_EL0.DIC 0,
 * because KVM tells of Force Write-Back together with DIC only: then kernel memory is asked, and it
 * may not tell. Pages outside the direct map are then refused on their way into a guest
 * (stage2-map-exec), and not on their way out, which they also take when the memory is closed.
 * Since: 0.1
 */
#define GMEM_EWOULDFAULT ENOTRECOVERABLE

/*
 * Lets those calls go on without asking, for test kernels that may crash: off by default. On a
 * simulated kernel the call then fails, and gmem_ctx_kernel_log() has the oops. On a real kernel
 * the call does not return and its locks stay held, or the machine goes down. Since: 0.1
 */
GMEM_API void gmem_ctx_allow_faults(struct gmem_ctx *ctx, bool allow);

/* Name of the simulated model, or NULL on the running kernel. Owned by ctx. Since: 0.1 */
GMEM_API const char *gmem_ctx_model(const struct gmem_ctx *ctx);

/* Called for each file that was written, with its path below the folder, and its size in bytes. */
typedef void (*gmem_saved_fn)(const char *path, size_t bytes, void *arg);

/*
 * Writes what a context with record asked the kernel so far, and what the kernel answered, below
 * directory, an open folder that is empty. The form is that of sysroot: files of mode 0600 in
 * folders of mode 0700. It writes names of files, and the content of those that are about the host
 * as a whole. It writes nothing of other processes, no addresses except those of RAM, no serial
 * numbers, and of the kernel's command line only parameters of KVM, IOMMU and others that libgmem
 * looks at. Returns 0, or 1 if something was too large to be remembered and is missing. Errors:
 * EINVAL (not with record), ENOMEM, of making files; what was written by then stays. Since: 0.1
 */
GMEM_API int gmem_ctx_save(struct gmem_ctx *ctx, int directory, gmem_saved_fn fn, void *arg);

/* The folder of another host's files that ctx is on, or NULL. Owned by ctx. Since: 0.1 */
GMEM_API const char *gmem_ctx_sysroot(const struct gmem_ctx *ctx);

/* The dump that ctx is on, or NULL. Owned by ctx. Since: 0.1 */
GMEM_API const char *gmem_ctx_core(const struct gmem_ctx *ctx);

/*
 * Bytes of a base page of the kernel that ctx talks to: the unit of pages, of page frame numbers,
 * and of what has to be page aligned. See gmem_page_size_known(). Since: 0.1
 */
GMEM_API uint64_t gmem_page_size(const struct gmem_ctx *ctx);

/*
 * Whether gmem_page_size() is the kernel's page. It is not known if ctx is on the files of an arm64
 * host (sysroot) that has neither gmemctl's index nor its kernel's configuration in them: then
 * gmem_page_size() returns 4096, and physical addresses are no page frames. Since: 0.1
 */
GMEM_API bool gmem_page_size_known(const struct gmem_ctx *ctx);

/*
 * The machine of the kernel that ctx talks to, as uname -m prints it: "x86_64" or "aarch64". It
 * need not be the one that the caller was built for (a simulated kernel, a dump, the files of a
 * host). Owned by ctx. Since: 0.1
 */
GMEM_API const char *gmem_ctx_machine(const struct gmem_ctx *ctx);

/* Release of the kernel that ctx talks to, as uname -r prints it. Owned by ctx. Since: 0.1 */
GMEM_API const char *gmem_ctx_release(const struct gmem_ctx *ctx);

/* The index-th simulated model, or NULL past the last. Static storage. Since: 0.1 */
GMEM_API const char *gmem_model_name(size_t index);

/* One line on what that model is, or NULL past the last. Static storage. Since: 0.1 */
GMEM_API const char *gmem_model_summary(size_t index);

/*
 * Whether gmem_ctx_new_simulated() takes that model. Returns 0; -ENOENT if no model has that name;
 * or -EINVAL if the text after the name is wrong. Then why, size bytes, gets the reason in words.
 * Since: 0.1
 */
GMEM_API int gmem_model_check(const char *model, char *why, size_t size);

/* The index-th kind of call ("ioctl", "any"), or NULL past the last. Static. Since: 0.1 */
GMEM_API const char *gmem_model_call_name(size_t index);

/*
 * Calls of the index-th kind that libgmem made so far. Errors: ENOENT past the last, and where the
 * model's name did not ask for "count". Since: 0.1
 */
GMEM_API int gmem_ctx_calls(const struct gmem_ctx *ctx, size_t index, uint64_t *calls);

/*
 * The log of the simulated kernel so far, as its dmesg would print it (an oops stands here), or
 * "" on the running kernel. Owned by ctx, valid until the next call on it. Since: 0.1
 */
GMEM_API const char *gmem_ctx_kernel_log(const struct gmem_ctx *ctx);

/*
 * Copies the explanation of the last call on ctx, or on an object of ctx, if that call failed: what
 * was asked of the kernel, the errno, which argument or missing feature is to blame, and the next
 * step. The next call that can fail clears it. It is "" if the last call did not fail, or has no
 * explanation. Always ends in NUL when size > 0. Returns the length of the whole explanation, as
 * snprintf(3) does.
 * Since: 0.1
 */
GMEM_API int gmem_explain(const struct gmem_ctx *ctx, char *buffer, size_t size);

/*
 * The same for a call that failed with error, the negative errno that it returned (or 0, for calls
 * that explain that answer too). If the explanation belongs to another errno, for example of a step
 * that the call made up for, or if there is no explanation, this gives the words of the errno
 * itself.
 * Since: 0.1
 */
GMEM_API int gmem_explain_error(const struct gmem_ctx *ctx, int error, char *buffer, size_t size);

/*
 * A negative errno of this library in words. The library gives a meaning of its own to some codes
 * that no system call fails with, such as GMEM_ENOTRECORDED; for these the words differ from those
 * of the C library. Valid until the thread's next call. Since: 0.1
 */
GMEM_API const char *gmem_error_words(int error);

/*
 * The words for the next step in an explanation, for example "call gmem_convert() first". fn gets a
 * name of gmem_advice_name() and returns words for it, which stay valid as long as ctx, or NULL for
 * the library's own words, which name the function to call.
 */
typedef const char *(*gmem_advice_fn)(const char *name, void *arg);

/* Takes the words from fn; NULL (the default) for the library's own. Since: 0.1 */
GMEM_API void gmem_ctx_set_advice(struct gmem_ctx *ctx, gmem_advice_fn fn, void *arg);

/*
 * The index-th next step that an explanation can name ("add-vcpu"), or NULL past the last. Static.
 * Since: 0.1
 */
GMEM_API const char *gmem_advice_name(size_t index);

enum gmem_log_level {
	GMEM_LOG_WARNING, /* something is not as it should be, and the call goes on */
	GMEM_LOG_INFO,	/* which reader was tried, why one was refused, how the direct map was found
			 */
	GMEM_LOG_DEBUG, /* each ioctl of KVM with its result, each retry of a walk */
};

typedef void (*gmem_log_fn)(enum gmem_log_level level, const char *message, void *arg);

/*
 * Sends messages to fn, one line each, without a newline; NULL (the default) keeps the library
 * silent. A message is valid until fn returns. It never has a kernel address in it. Threads that
 * share ctx may call fn at once. Since: 0.1
 */
GMEM_API void gmem_ctx_set_log(struct gmem_ctx *ctx, gmem_log_fn fn, void *arg);

/* Version of the library, "MAJOR.MINOR.PATCH". Static storage. Since: 0.1 */
GMEM_API const char *gmem_version(void);

#ifdef __cplusplus
}
#endif
#endif
