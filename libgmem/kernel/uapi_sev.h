/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SEV-SNP part of KVM's uAPI, newer than the build machine's headers: arch/x86/include/uapi/
 * asm/kvm.h, Linux 7.3. All of it goes through KVM_MEMORY_ENCRYPT_OP on the VM fd.
 */
#ifndef GMEM_UAPI_SEV_H
#define GMEM_UAPI_SEV_H

#include <linux/types.h>
#include <stddef.h>

/* id of struct gmem_kvm_sev_cmd */
#define GMEM_KVM_SEV_INIT2 22u
#define GMEM_KVM_SEV_SNP_LAUNCH_START 100u
#define GMEM_KVM_SEV_SNP_LAUNCH_UPDATE 101u
#define GMEM_KVM_SEV_SNP_LAUNCH_FINISH 102u

/* type of GMEM_KVM_SEV_SNP_LAUNCH_UPDATE */
#define GMEM_KVM_SEV_SNP_PAGE_TYPE_NORMAL 1u
#define GMEM_KVM_SEV_SNP_PAGE_TYPE_ZERO 3u
#define GMEM_KVM_SEV_SNP_PAGE_TYPE_UNMEASURED 4u
#define GMEM_KVM_SEV_SNP_PAGE_TYPE_SECRETS 5u
#define GMEM_KVM_SEV_SNP_PAGE_TYPE_CPUID 6u

/* Bits of the guest policy: one that must be 1, and those that KVM takes. */
#define GMEM_SNP_POLICY_RESERVED_ONE (1ull << 17)
#define GMEM_SNP_POLICY_SMT (1ull << 16)
#define GMEM_SNP_POLICY_DEBUG (1ull << 19)
#define GMEM_SNP_POLICY_SINGLE_SOCKET (1ull << 20)

struct gmem_kvm_sev_cmd {
	__u32 id;
	__u32 pad0;
	__u64 data;
	__u32 error; /* out: firmware error */
	__u32 sev_fd;
};

struct gmem_kvm_sev_init {
	__u64 vmsa_features;
	__u32 flags;
	__u16 ghcb_version;
	__u16 pad1;
	__u32 pad2[8];
};

struct gmem_kvm_sev_snp_launch_start {
	__u64 policy;
	__u8 gosvw[16];
	__u16 flags;
	__u8 pad0[6];
	__u64 pad1[4];
};

struct gmem_kvm_sev_snp_launch_update {
	__u64 gfn_start;
	__u64 uaddr;
	__u64 len;
	__u8 type;
	__u8 pad0;
	__u16 flags;
	__u32 pad1;
	__u64 pad2[4];
};

struct gmem_kvm_sev_snp_launch_finish {
	__u64 id_block_uaddr;
	__u64 id_auth_uaddr;
	__u8 id_block_en;
	__u8 auth_key_en;
	__u8 vcek_disabled;
	__u8 host_data[32];
	__u8 pad0[3];
	__u16 flags;
	__u64 pad1[4];
};

_Static_assert(sizeof(struct gmem_kvm_sev_cmd) == 24, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_cmd, data) == 8, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_cmd, error) == 16, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_cmd, sev_fd) == 20, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_sev_init) == 48, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_init, ghcb_version) == 12, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_sev_snp_launch_start) == 64, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_snp_launch_start, flags) == 24, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_sev_snp_launch_update) == 64, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_snp_launch_update, type) == 24, "uAPI layout");
_Static_assert(offsetof(struct gmem_kvm_sev_snp_launch_update, flags) == 26, "uAPI layout");
_Static_assert(sizeof(struct gmem_kvm_sev_snp_launch_finish) == 88, "uAPI layout");

#endif
