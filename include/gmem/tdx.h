/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Launching a TD: KVM's TDX commands (KVM_MEMORY_ENCRYPT_OP, arch/x86/kvm/vmx/tdx.c, Linux 7.3)
 * on a VM of type GMEM_VM_TDX, one that gmem_vm_new() made or that gmem_vm_from_fd() wraps.
 *
 * The order is: gmem_tdx_split_irqchip(), gmem_tdx_init_vm(), vCPUs, gmem_tdx_init_vcpu() of each;
 * memory, memslots and gmem_convert() at any time before gmem_tdx_init_mem_region(); and at last
 * gmem_tdx_finalize(). gmem_tdx_launch() does all of that except the memory. Afterwards memory is
 * added with GMEM_POPULATE_PRE_FAULT, or by the running guest.
 *
 * Nothing here has run on TDX hardware: it was written from the kernel's source and tested on a
 * model of it.
 *
 * Every function gives EINVAL for a VM of another type, without asking KVM: there the same
 * numbers are commands of SEV.
 */
#ifndef GMEM_TDX_H
#define GMEM_TDX_H

#include <gmem/base.h>
#include <gmem/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kvm_cpuid2; /* of <linux/kvm.h> */

/* TD attributes (TDX_TD_ATTR_* in arch/x86/include/asm/shared/tdx.h). Since: 0.1 */
#define GMEM_TDX_DEBUG (1ull << 0)	      /* the host may look inside; KVM does not offer it */
#define GMEM_TDX_SEPT_VE_DISABLE (1ull << 28) /* no #VE on pages that are not accepted */

/* What KVM and the TDX module allow for a TD: KVM_TDX_CAPABILITIES. Since: 0.1 */
struct gmem_tdx_capabilities;

/*
 * Asks KVM; works in any state of the TD. Errors: EIO (KVM lacks a feature that the module makes
 * mandatory, or the VM is dead), ENOTTY (kernel without TDX), E2BIG, ENOMEM. Since: 0.1
 */
GMEM_API int gmem_tdx_capabilities_new(struct gmem_vm *vm, struct gmem_tdx_capabilities **out);

/* Frees what gmem_tdx_capabilities_new() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_tdx_capabilities_free(struct gmem_tdx_capabilities *capabilities);

/* Attributes that a TD may have. Since: 0.1 */
GMEM_API uint64_t gmem_tdx_attributes(const struct gmem_tdx_capabilities *capabilities);

/* Extended features (XCR0 and IA32_XSS bits) that a TD may have. Since: 0.1 */
GMEM_API uint64_t gmem_tdx_xfam(const struct gmem_tdx_capabilities *capabilities);

/* TDVMCALLs beyond the base set, as TDG.VP.VMCALL<GetTdVmCallInfo> leaf 1 tells. Since: 0.1 */
struct gmem_tdx_vmcalls {
	size_t size;	     /* sizeof(struct gmem_tdx_vmcalls) */
	uint64_t kernel_r11; /* handled by KVM */
	uint64_t kernel_r12;
	uint64_t user_r11; /* handled by the VMM, through KVM_EXIT_TDX */
	uint64_t user_r12;
};

/*
 * Which TDVMCALLs KVM and the VMM may offer; 0 on kernels that do not tell. Errors: EINVAL, E2BIG
 * (size). Since: 0.1
 */
GMEM_API int gmem_tdx_get_vmcalls(const struct gmem_tdx_capabilities *capabilities,
				  struct gmem_tdx_vmcalls *out);

/*
 * CPUID bits that may be chosen: a mask for each leaf. Leaf 0x80000008 has 0xff in EAX[23:16] for
 * the guest's address width. Entries have no flags, as KVM gives them: to KVM_TDX_INIT_VM an entry
 * without KVM_CPUID_FLAG_SIGNIFCANT_INDEX stands for all sub-leaves of its leaf. Owned by
 * capabilities. Since: 0.1
 */
GMEM_API const struct kvm_cpuid2 *
gmem_tdx_configurable_cpuid(const struct gmem_tdx_capabilities *capabilities);

/*
 * Leaves the PIC and IOAPIC to the VMM (KVM_CAP_SPLIT_IRQCHIP), with routes pins; 0 means
 * 24. A TD needs it before its first vCPU. Errors: EEXIST (there is an irqchip, or a vCPU), EINVAL
 * (too many routes), EIO. Since: 0.1
 */
GMEM_API int gmem_tdx_split_irqchip(struct gmem_vm *vm, unsigned int routes);

struct gmem_tdx_init_options {
	size_t size;	     /* sizeof(struct gmem_tdx_init_options) */
	uint64_t attributes; /* GMEM_TDX_*, as far as gmem_tdx_attributes() has them */
	uint64_t xfam;	     /* 0: all of gmem_tdx_xfam() */
	/*
	 * Bits of a guest-physical address, 48 or 52; 0: 48. The highest one marks shared
	 * memory. 52 needs a CPU with 5-level paging.
	 */
	unsigned int address_width;
	/*
	 * The CPUID that the guest should see, for example KVM_GET_SUPPORTED_CPUID's answer; NULL:
	 * nothing is chosen, the module decides. Bits that cannot be chosen are left out by
	 * libgmem, as are TSX and WAITPKG, which KVM refuses in a TD.
	 */
	const struct kvm_cpuid2 *cpuid;
	/* SHA-384 values or anything else; they become part of the TD's attestation. */
	uint8_t mrconfigid[48];
	uint8_t mrowner[48];
	uint8_t mrownerconfig[48];
};

/*
 * Makes the VM a TD (KVM_TDX_INIT_VM): takes a KeyID, which it keeps until the VM fd, its vCPU
 * fds and all its guest_memfds are closed. options may be NULL for all defaults. A failure leaves
 * the VM as it was, so that the call can be repeated, except EIO. Errors: EINVAL (initialised
 * already; attributes, XFAM or address width not offered; refused by the module), ENOSPC (no
 * KeyID free), EBUSY (limit of the misc cgroup), EAGAIN (no entropy, after some attempts), EIO (a
 * SEAMCALL failed, the VM is dead; or a package has no online CPU), ENOMEM, EINTR. Since: 0.1
 */
GMEM_API int gmem_tdx_init_vm(struct gmem_vm *vm, const struct gmem_tdx_init_options *options);

struct gmem_tdx_vcpu_options {
	size_t size;  /* sizeof(struct gmem_tdx_vcpu_options) */
	uint64_t rcx; /* what the guest finds in RCX */
	/* What KVM gets by KVM_SET_CPUID2; NULL: what gmem_tdx_get_cpuid() finds. */
	const struct kvm_cpuid2 *cpuid;
};

/*
 * Initialises the index-th vCPU of vm, in the order they were added (KVM_SET_CPUID2, then
 * KVM_TDX_INIT_VCPU, which requires x2APIC in the CPUID: libgmem adds that bit). options may be
 * NULL. Errors: ENOENT (no such vCPU), EINVAL (initialised already, or the TD is finalised), EIO,
 * ENOMEM, EINTR. Since: 0.1
 */
GMEM_API int gmem_tdx_init_vcpu(struct gmem_vm *vm, unsigned int index,
				const struct gmem_tdx_vcpu_options *options);

/*
 * CPUID that the guest sees on that vCPU (KVM_TDX_GET_CPUID), ready for KVM_SET_CPUID2. Errors:
 * ENOENT (no such vCPU), EINVAL (the TD is finalised), EIO, E2BIG, ENOMEM, EINTR. Since: 0.1
 */
GMEM_API int gmem_tdx_get_cpuid(struct gmem_vm *vm, unsigned int index, struct kvm_cpuid2 **out);

/* Frees what gmem_tdx_get_cpuid() gave. NULL is allowed. Since: 0.1 */
GMEM_API void gmem_tdx_free_cpuid(struct kvm_cpuid2 *cpuid);

/* Memory that the guest begins with. Since: 0.1 */
struct gmem_tdx_region {
	size_t size; /* sizeof(struct gmem_tdx_region) */
	/*
	 * Content, page aligned. NULL on a kernel that converts in place, see gmem_convert(): the
	 * memory has it already.
	 */
	const void *source;
	uint64_t gpa;	/* page aligned; private, in a memslot with a guest_memfd */
	uint64_t pages; /* above 0 */
	uint64_t flags; /* GMEM_TDX_MEASURE, else 0 */
};

#define GMEM_TDX_MEASURE (1ull << 0) /* the content goes into MRTD, the TD's measurement */

/*
 * Copies content into the TD (KVM_TDX_INIT_MEM_REGION: TDH.MEM.PAGE.ADD for each page and, when
 * measured, TDH.MR.EXTEND for each 256 bytes; their order counts for MRTD). KVM takes the command
 * on any initialised vCPU; the index-th is used. *done, if not NULL, is the number of pages added,
 * on failure too: the caller can go on from there. An interrupted call is repeated a bounded number
 * of times.
 *
 * The kernel flushes every page through its direct map before it gives it to the TDX module. If a
 * page is not there, the kernel oopses. So the call looks at the whole region first.
 *
 * Errors: ENOENT (no such vCPU), EINVAL (vCPU not initialised, TD finalised, unaligned, range
 * empty, shared or without memslot; size), E2BIG, EFAULT (source not readable, or guest_memfd
 * closed), EIO (a page was added before, or a SEAMCALL failed and the VM is dead), EINTR, ENOMEM,
 * EPERM, EHWPOISON, GMEM_EWOULDFAULT (path tdx-page-add). Since: 0.1
 */
GMEM_API int gmem_tdx_init_mem_region(struct gmem_vm *vm, unsigned int index,
				      const struct gmem_tdx_region *region, uint64_t *done);

/*
 * Ends the launch (KVM_TDX_FINALIZE_VM): MRTD is fixed, the TD can run and be pre-faulted; no
 * further vCPU or region is taken. Errors: EINVAL (not initialised, or finalised already), EBUSY
 * (the module was busy, after some attempts), EIO (a SEAMCALL failed, the VM is dead), EINTR.
 * Since: 0.1
 */
GMEM_API int gmem_tdx_finalize(struct gmem_vm *vm);

/* Steps of a launch, in their order. Since: 0.1 */
enum gmem_tdx_stage {
	GMEM_TDX_STAGE_IRQCHIP,
	GMEM_TDX_STAGE_INIT_VM,
	GMEM_TDX_STAGE_INIT_VCPU,
	GMEM_TDX_STAGE_INIT_MEM_REGION,
	GMEM_TDX_STAGE_FINALIZE,
};

/* "irqchip", "init-vm", "init-vcpu", "init-mem-region", "finalize"; NULL for none. Since: 0.1 */
GMEM_API const char *gmem_tdx_stage_name(enum gmem_tdx_stage stage);

/*
 * Called as a launch goes on: done of total steps of that stage (vCPUs, pages, else 1) are
 * finished. Since: 0.1
 */
typedef int (*gmem_tdx_progress_fn)(enum gmem_tdx_stage stage, uint64_t done, uint64_t total,
				    void *arg);

struct gmem_tdx_launch_options {
	size_t size;				  /* sizeof(struct gmem_tdx_launch_options) */
	const struct gmem_tdx_init_options *init; /* NULL: all defaults */
	const struct gmem_tdx_vcpu_options *vcpu; /* for every vCPU; NULL: all defaults */
	unsigned int vcpus; /* created with ids from 0 up if vm has none yet; 0: one */
	const struct gmem_tdx_region *regions; /* region_count of them, each of the same size */
	size_t region_count;
	gmem_tdx_progress_fn progress; /* or NULL */
	void *progress_arg;
};

/*
 * The whole launch in one call. Memory, its memslots and its conversion to private come before:
 * gmem_memory_new(), gmem_slot_set(), gmem_convert(). An irqchip that is split already is used as
 * it is. If the launch fails on the way, what was done stays done, and the single steps can go on
 * from there. Regions with pages that would fault are refused before the launch begins. Errors:
 * those of the steps, or what progress returned. Since: 0.1
 */
GMEM_API int gmem_tdx_launch(struct gmem_vm *vm, const struct gmem_tdx_launch_options *options);

/*
 * Name of a SEAMCALL status ("TDX_OPERAND_BUSY"), as hw_error of struct kvm_tdx_cmd and the
 * kernel's log have it, or NULL for an unknown one. Static storage. Since: 0.1
 */
GMEM_API const char *gmem_tdx_status_name(uint64_t status);

/*
 * Writes what a SEAMCALL status says: its name, the operand it is about and what that means.
 * Always ends in NUL when size > 0. Returns the length of the whole text, as snprintf(3) does.
 * Since: 0.1
 */
GMEM_API int gmem_tdx_explain_status(uint64_t status, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
