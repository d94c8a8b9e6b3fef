/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Launching an SEV-SNP guest, as far as guest_memfd goes: KVM's commands (KVM_MEMORY_ENCRYPT_OP,
 * arch/x86/kvm/svm/sev.c, Linux 7.3) on a VM of type GMEM_VM_SNP.
 *
 * The order is: gmem_snp_init_vm() before the first vCPU, gmem_snp_launch_start(); memory, memslots
 * and gmem_convert() before gmem_snp_launch_update(); and at last gmem_snp_launch_finish(). In the
 * RMP a page becomes the guest's when the kernel maps it into the guest or when a launch adds it,
 * and the host's again when it leaves the file.
 *
 * Nothing here has run on SEV-SNP hardware: it was written from the kernel's source and tested on
 * a model of it.
 *
 * Every function gives EINVAL for a VM of another type, without asking KVM.
 */
#ifndef GMEM_SNP_H
#define GMEM_SNP_H

#include <gmem/base.h>
#include <gmem/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gmem_snp_init_options {
	size_t size;		/* sizeof(struct gmem_snp_init_options) */
	uint64_t vmsa_features; /* SEV_FEATURES of the VMSA that KVM offers, mostly 0 */
	uint16_t ghcb_version;	/* highest GHCB protocol; 0: KVM's default, else 2 or more */
};

/*
 * Makes the VM an SNP guest (KVM_SEV_INIT2): takes an ASID. options may be NULL for all defaults.
 * Errors: EINVAL (a vCPU exists, initialised already, features or version not offered), EBUSY (no
 * ASID free, or limit of the misc cgroup), ENOTTY (kernel or machine without SEV), EIO, ENOMEM.
 * Since: 0.1
 */
GMEM_API int gmem_snp_init_vm(struct gmem_vm *vm, const struct gmem_snp_init_options *options);

/* Bits of a guest policy (SNP firmware ABI, GUEST_POLICY). Since: 0.1 */
#define GMEM_SNP_POLICY_ALLOW_SMT (1ull << 16)
#define GMEM_SNP_POLICY_ALWAYS (1ull << 17) /* reserved, must be 1 */
#define GMEM_SNP_POLICY_ALLOW_DEBUG (1ull << 19)
#define GMEM_SNP_POLICY_ONE_SOCKET (1ull << 20)

struct gmem_snp_start_options {
	size_t size;	   /* sizeof(struct gmem_snp_start_options) */
	uint64_t policy;   /* GMEM_SNP_POLICY_ALWAYS is added; 0 means ALWAYS and ALLOW_SMT */
	uint8_t gosvw[16]; /* guest OS visible workarounds */
};

/*
 * Begins the launch (KVM_SEV_SNP_LAUNCH_START): a context in the firmware. This and what follows
 * it opens /dev/sev, through which KVM reaches the firmware, until vm is freed. options may be
 * NULL. Errors: EINVAL (begun already, or a policy bit that KVM does not take), ENOTTY (not
 * initialised, no /dev/sev, or the firmware gave no context), EIO. Since: 0.1
 */
GMEM_API int gmem_snp_launch_start(struct gmem_vm *vm,
				   const struct gmem_snp_start_options *options);

/* The type of a page of the launch (KVM_SEV_SNP_PAGE_TYPE_*). Since: 0.1 */
enum gmem_snp_page_type {
	GMEM_SNP_PAGE_NORMAL = 1, /* content, measured */
	GMEM_SNP_PAGE_ZERO = 3,	  /* zeroes, measured; no source */
	GMEM_SNP_PAGE_UNMEASURED = 4,
	GMEM_SNP_PAGE_SECRETS = 5, /* filled by the firmware */
	GMEM_SNP_PAGE_CPUID = 6,   /* checked by the firmware */
};

struct gmem_snp_region {
	size_t size; /* sizeof(struct gmem_snp_region) */
	/*
	 * Content, page aligned; NULL for zeroes. If the firmware refuses a CPUID page, KVM writes
	 * the values that it would accept into this content.
	 */
	void *source;
	uint64_t gpa;	/* page aligned; private, in a memslot with a guest_memfd */
	uint64_t pages; /* above 0 */
	enum gmem_snp_page_type type;
};

/*
 * Puts content into the guest (KVM_SEV_SNP_LAUNCH_UPDATE). The range may go over the end of a
 * memslot. *done, if not NULL, is the number of pages added, on failure too.
 *
 * The kernel copies every page with content through its direct map. If a page is not there, the
 * kernel oopses. So the call looks at the whole region first.
 *
 * Errors: EINVAL (no launch begun, unaligned, range without memslot, unknown type; size), E2BIG,
 * EIO for all that goes wrong with a page: not private, added before, source not readable, no
 * memory, a signal, or refused by the firmware; GMEM_EWOULDFAULT (paths snp-launch-update,
 * snp-launch-cpuid). Since: 0.1
 */
GMEM_API int gmem_snp_launch_update(struct gmem_vm *vm, const struct gmem_snp_region *region,
				    uint64_t *done);

struct gmem_snp_finish_options {
	size_t size; /* sizeof(struct gmem_snp_finish_options) */
	/* ID block (96 bytes) and its authentication (4096 bytes); both or neither. */
	const void *id_block;
	const void *id_auth;
	bool author_key;       /* id_auth has an author key too */
	bool vcek_disabled;    /* attestation reports are not to be signed by a VCEK */
	uint8_t host_data[32]; /* becomes part of attestation reports */
};

/*
 * Ends the launch (KVM_SEV_SNP_LAUNCH_FINISH): the guest can run and be pre-faulted. options may
 * be NULL. Errors: EINVAL (no launch begun), EIO (refused by the firmware), EFAULT. Since: 0.1
 */
GMEM_API int gmem_snp_launch_finish(struct gmem_vm *vm,
				    const struct gmem_snp_finish_options *options);

/*
 * Name of an error of the SEV firmware ("INVALID_PAGE_STATE"), as error of struct kvm_sev_cmd and
 * the kernel's log have it, or NULL for an unknown one. Static storage. Since: 0.1
 */
GMEM_API const char *gmem_snp_status_name(uint32_t status);

#ifdef __cplusplus
}
#endif
#endif
